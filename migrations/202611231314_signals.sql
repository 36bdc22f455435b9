-- The countries in which people have signed in, with the place of the last time where a file knows it (thousandths of a
-- degree): a sign-in from another one is told to somebody.
CREATE TABLE sign_in_places (
  user_id TEXT NOT NULL REFERENCES users (id),
  country TEXT NOT NULL,
  latitude BIGINT,
  longitude BIGINT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, country)
);
CREATE INDEX sign_in_places_by_age ON sign_in_places (last_at);

-- Accounts to which sign-ins failed, by the network that they came from: one password tried on many is seen by it. `user_id`
-- is null for names that nobody has.
CREATE TABLE failed_accounts (
  network TEXT NOT NULL,
  account BYTEA NOT NULL,
  user_id TEXT,
  failed_at BIGINT NOT NULL,
  PRIMARY KEY (network, account)
);
CREATE INDEX failed_accounts_by_age ON failed_accounts (failed_at);

-- What was unexpected about a sign-in, words with blanks between them.
ALTER TABLE sessions ADD COLUMN signals TEXT NOT NULL DEFAULT '';
