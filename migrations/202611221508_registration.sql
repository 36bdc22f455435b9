-- Initial access tokens (RFC 7591 §3): who may register clients by the protocol, how many and which. `organization_id` NULL:
-- clients of the whole server. `policy` is JSON.
CREATE TABLE registration_tokens (
  id TEXT PRIMARY KEY NOT NULL,
  hash BYTEA NOT NULL,
  organization_id TEXT REFERENCES organizations (id),
  policy TEXT NOT NULL,
  uses BIGINT NOT NULL,
  used BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX registration_tokens_by_hash ON registration_tokens (hash);

-- Clients that registered themselves and may read, replace and remove what they registered (RFC 7592), each with a token.
CREATE TABLE registered_clients (
  client_id TEXT PRIMARY KEY NOT NULL REFERENCES clients (id),
  hash BYTEA NOT NULL,
  policy TEXT NOT NULL,
  software_statement TEXT,
  registered_by TEXT
);
