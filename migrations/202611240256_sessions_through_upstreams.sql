-- A sign-in that an upstream vouched for holds in the organization of that upstream alone. `upstream_session`: what the upstream
-- calls its own session, by which it ends ours.
ALTER TABLE sessions ADD COLUMN upstream_id TEXT;
ALTER TABLE sessions ADD COLUMN upstream_organization_id TEXT;
ALTER TABLE sessions ADD COLUMN upstream_session TEXT;
CREATE INDEX sessions_by_upstream ON sessions (upstream_id, upstream_session) WHERE upstream_id IS NOT NULL AND ended_at IS NULL;
