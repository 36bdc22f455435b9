-- Passkeys are factors too: a factor of any kind has its secret (of a passkey: what was registered, sealed against change), and
-- a passkey is found by what its device calls it. `last_step` of a passkey is its counter.
CREATE TABLE factors_of_all_kinds (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  credential_id BYTEA,
  last_step BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  last_used_at BIGINT
);
INSERT INTO factors_of_all_kinds
  (id, user_id, kind, name, sealed_secret, last_step, created_at, confirmed_at, last_used_at)
  SELECT id, user_id, kind, name, sealed_secret, last_step, created_at, confirmed_at, last_used_at FROM factors;
DROP TABLE factors;
ALTER TABLE factors_of_all_kinds RENAME TO factors;
CREATE INDEX factors_by_user ON factors (user_id, id);
CREATE UNIQUE INDEX factors_by_credential ON factors (credential_id);
