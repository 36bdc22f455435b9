-- Our keys for SAML, each with its certificate. `turn`: the order in which they were made. `used_at`: since when it signs; the
-- latest of those does (NULL: it is announced). All of them are in our metadata, and open what was encrypted to us.
CREATE TABLE saml_keys (
  id TEXT PRIMARY KEY NOT NULL,
  turn BIGINT NOT NULL UNIQUE,
  certificate BYTEA NOT NULL,
  sealed_private BYTEA NOT NULL,
  ends_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);

-- What was asked of identity providers, and what was answered. `hash`: of the ID of the request, or of something that nobody
-- knows where nobody asked. `browser`: whose it is (NULL: nobody asked). `way_back`: sealed, for that browser. `fresh_after`: whoever
-- signed in there before has to do so again (NULL: need not). `version`: of the upstream, when it was asked. `ticket`: hash of what leads to the `answer`, which is JSON.
CREATE TABLE saml_requests (
  hash BYTEA PRIMARY KEY NOT NULL,
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  version BIGINT NOT NULL,
  browser BYTEA,
  way_back TEXT,
  fresh_after BIGINT,
  ticket BYTEA UNIQUE,
  answer TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX saml_requests_by_expiry ON saml_requests (expires_at);

-- Metadata of identity providers as they were fetched last.
CREATE TABLE saml_metadata (
  upstream_id TEXT PRIMARY KEY NOT NULL REFERENCES upstreams (id),
  url TEXT NOT NULL,
  document TEXT NOT NULL,
  fetched_at BIGINT NOT NULL
);
