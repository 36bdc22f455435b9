-- Outside systems that push people and groups into an organization by SCIM. `resources`: `users`, `groups` or both, separated
-- by a space; `networks` and `roles` are JSON lists: addresses it may call from (none: any), and slugs of roles that it may
-- assign. `token_life`: how long its tokens live, in milliseconds (NULL: until they are revoked).
CREATE TABLE scim_connections (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  resources TEXT NOT NULL,
  may_write BIGINT NOT NULL CHECK (may_write IN (0, 1)),
  networks TEXT NOT NULL,
  roles TEXT NOT NULL,
  token_life BIGINT,
  created_at BIGINT NOT NULL,
  removed_at BIGINT
);
CREATE UNIQUE INDEX scim_connections_by_name ON scim_connections (organization_id, name) WHERE removed_at IS NULL;

-- What such a system authenticates with: at most two that count at a time. `expires_at` NULL: it never expires.
CREATE TABLE scim_tokens (
  id TEXT PRIMARY KEY NOT NULL,
  connection_id TEXT NOT NULL REFERENCES scim_connections (id),
  token_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX scim_tokens_by_hash ON scim_tokens (token_hash);
CREATE INDEX scim_tokens_by_connection ON scim_tokens (connection_id);

-- How often each was used and when last: written by every node once a minute, apart from the tokens, so that counting makes
-- nobody read these again.
CREATE TABLE scim_token_uses (
  token_id TEXT PRIMARY KEY NOT NULL,
  uses BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL
);
