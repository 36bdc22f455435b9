-- An authorization in another organization that was exchanged for a token of this one: it ends with it.
ALTER TABLE families ADD COLUMN parent_id TEXT;
CREATE INDEX families_by_parent ON families (parent_id) WHERE parent_id IS NOT NULL;
