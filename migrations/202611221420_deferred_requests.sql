-- Requests that a person decides about elsewhere while the client asks again and again: device codes (`user_code`) and
-- backchannel authentication (`user_id`). `hash` is that of the device code or `auth_req_id`. `family_id` says that it was
-- allowed; the family outlives the row.
CREATE TABLE deferred_requests (
  id TEXT PRIMARY KEY NOT NULL,
  hash BYTEA NOT NULL,
  client_id TEXT NOT NULL REFERENCES clients (id),
  user_code TEXT,
  user_id TEXT REFERENCES users (id),
  organization TEXT,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  binding_message TEXT,
  notification_token BYTEA,
  interval_seconds BIGINT NOT NULL,
  polled_at BIGINT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  family_id TEXT,
  refused_at BIGINT,
  used_at BIGINT
);
CREATE UNIQUE INDEX deferred_requests_by_hash ON deferred_requests (hash);
CREATE UNIQUE INDEX deferred_requests_by_user_code ON deferred_requests (user_code) WHERE user_code IS NOT NULL;
CREATE INDEX deferred_requests_open ON deferred_requests (user_id, expires_at) WHERE user_id IS NOT NULL AND family_id IS NULL AND refused_at IS NULL;
CREATE INDEX deferred_requests_by_expiry ON deferred_requests (expires_at);
