-- One browser or device signed in; the cookie holds the token whose hash is kept here.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  token_hash BYTEA NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  auth_time BIGINT NOT NULL,
  acr TEXT NOT NULL,
  amr TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  user_agent TEXT NOT NULL,
  address TEXT NOT NULL,
  ended_at BIGINT,
  end_reason TEXT
);
CREATE UNIQUE INDEX sessions_by_token ON sessions (token_hash);
CREATE INDEX sessions_by_user ON sessions (user_id, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A session in one organization: the `sid` of tokens.
CREATE TABLE session_organizations (
  sid TEXT PRIMARY KEY NOT NULL,
  session_id TEXT NOT NULL REFERENCES sessions (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX session_organizations_live ON session_organizations (session_id, organization_id) WHERE ended_at IS NULL;
CREATE INDEX session_organizations_by_session ON session_organizations (session_id);

-- Failed sign-ins by account, as every node counts them: when all of them will be forgotten, and the last one. The key is
-- a hash of the login name, whether there is such an account or not.
CREATE TABLE throttles (
  key BYTEA PRIMARY KEY NOT NULL,
  clear_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL
);
CREATE INDEX throttles_by_age ON throttles (clear_at);
