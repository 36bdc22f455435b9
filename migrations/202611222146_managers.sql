-- The member whom a member reports to, in the same organization.
ALTER TABLE memberships ADD COLUMN manager_id TEXT;
CREATE INDEX memberships_by_manager ON memberships (manager_id) WHERE manager_id IS NOT NULL;
