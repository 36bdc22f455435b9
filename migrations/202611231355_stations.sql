-- Shared workstations of an organization: browsers in which one person after the other works. `link_hash` is of the link by which
-- a browser becomes one, `browser_hash` of the browser's cookie.
CREATE TABLE stations (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  link_hash BYTEA,
  link_expires_at BIGINT,
  browser_hash BYTEA,
  created_at BIGINT NOT NULL,
  registered_at BIGINT,
  removed_at BIGINT
);
CREATE UNIQUE INDEX stations_by_slug ON stations (organization_id, slug) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX stations_by_link ON stations (link_hash);
CREATE UNIQUE INDEX stations_by_browser ON stations (browser_hash);
ALTER TABLE sessions ADD COLUMN station_id TEXT REFERENCES stations (id);
CREATE INDEX sessions_at_stations ON sessions (station_id) WHERE station_id IS NOT NULL AND ended_at IS NULL;
