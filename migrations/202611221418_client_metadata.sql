-- How a client proves who it is, by any registered method, and the rest of what it registered (RFC 7591 §2) as JSON.
ALTER TABLE clients ADD COLUMN token_endpoint_auth_method TEXT NOT NULL DEFAULT 'none';
UPDATE clients SET token_endpoint_auth_method = authentication_method;
ALTER TABLE clients DROP COLUMN authentication_method;
ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';

-- What few authorizations say beyond scope and resources, as JSON; NULL: nothing.
ALTER TABLE families ADD COLUMN particulars TEXT;

-- What may be used once and was: identifiers of assertions and proofs of others, by their hash.
CREATE TABLE replays (
  hash BYTEA PRIMARY KEY NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX replays_by_expiry ON replays (expires_at);
