-- What people prove themselves with beside a password. A one-time code is taken once: `last_step` is the half minute of the
-- last one (RFC 6238 §5.2). One that was not confirmed yet counts for nothing.
CREATE TABLE factors (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('totp')),
  name TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  last_step BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  last_used_at BIGINT
);
CREATE INDEX factors_by_user ON factors (user_id, id);

-- Ten codes for whoever has lost all other factors; each is good once.
CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id),
  code_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (user_id, code_hash)
);
