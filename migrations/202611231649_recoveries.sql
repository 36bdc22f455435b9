-- Somebody who has lost every factor is to be let in once without. `organization_id` is that of the administrators who ask and
-- agree, and empty where the host asks; `requested_by` is empty for the host too. `link_hash` is of the link that stands in for
-- the factor, `stop_hash` of the one that ends the request. Neither is good once `ended_at` is set, nor after `expires_at`.
-- `due_at` is when the host's request is agreed to by itself, `printed_at` when its link was shown on the host. `email` is the
-- person's when it was made.
CREATE TABLE recoveries (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  organization_id TEXT REFERENCES organizations (id),
  email TEXT,
  reason TEXT NOT NULL,
  requested_by TEXT REFERENCES users (id),
  stop_hash BYTEA NOT NULL,
  link_hash BYTEA,
  created_at BIGINT NOT NULL,
  due_at BIGINT,
  approved_at BIGINT,
  printed_at BIGINT,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX recoveries_by_user ON recoveries (user_id, created_at);
CREATE INDEX recoveries_by_organization ON recoveries (organization_id, expires_at) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX recoveries_by_stop ON recoveries (stop_hash);
CREATE UNIQUE INDEX recoveries_by_link ON recoveries (link_hash);
CREATE INDEX recoveries_by_due ON recoveries (due_at) WHERE due_at IS NOT NULL AND approved_at IS NULL AND ended_at IS NULL;
