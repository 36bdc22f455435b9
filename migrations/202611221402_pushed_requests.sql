-- Authorization requests that clients pushed (RFC 9126), by the hash of their reference; a row goes with its code.
CREATE TABLE pushed_requests (
  hash BYTEA PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL,
  parameters TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
