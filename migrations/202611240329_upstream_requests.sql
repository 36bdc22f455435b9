-- Browsers that were sent to an identity provider: `hash` of the state, `content` says where they go on to.
CREATE TABLE upstream_requests (
  hash BYTEA PRIMARY KEY,
  browser_hash BYTEA NOT NULL,
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  content TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX upstream_requests_to_expire ON upstream_requests (expires_at);
