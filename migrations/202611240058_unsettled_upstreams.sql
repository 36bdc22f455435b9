-- `version`: counts changes of what an upstream is told by, so that a reading that began before says nothing of it. `unsettled`:
-- a reading wrote people and did not come to its end: groups are followed anew.
ALTER TABLE upstreams ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE upstreams ADD COLUMN unsettled BIGINT NOT NULL DEFAULT 0;

-- What is tried again.
DROP INDEX upstream_entries_troubled;
CREATE INDEX upstream_entries_troubled ON upstream_entries (upstream_id, failed_at) WHERE trouble IS NOT NULL AND gone_at IS NULL;
