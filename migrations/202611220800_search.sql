-- What a person is found by: name, login names and address, folded, one a line. Written in the unit that changes them.
CREATE TABLE search_texts (
  user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
  text TEXT NOT NULL
);

-- The trigrams of these texts: three characters of 21 bits each.
CREATE TABLE search_trigrams (
  trigram BIGINT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (trigram, user_id)
);

-- People from before these tables; a running server takes them in, some at a time.
CREATE TABLE search_backlog (
  user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id)
);
INSERT INTO search_backlog (user_id)
SELECT id FROM users
WHERE deleted_at IS NULL;
