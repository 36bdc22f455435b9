-- Links that were mailed to an address as it was then, so that its owner gets the account back from whoever changed it. They
-- outlast a change of address, which voids every other link. Single use.
CREATE TABLE safety_links (
  token_hash BYTEA PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  purpose TEXT NOT NULL,
  email TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX safety_links_by_user ON safety_links (user_id);
