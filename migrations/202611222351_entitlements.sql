-- Permissions that a system may grant: a JSON list.
ALTER TABLE scim_connections ADD COLUMN permissions TEXT NOT NULL DEFAULT '[]';

-- Direct grants and denials, each with the outside source that gave it ('' for people here): a source takes away its own
-- alone, and a denial by people stands beside what a source grants.
ALTER TABLE membership_permissions RENAME TO membership_permissions_before;
CREATE TABLE membership_permissions (
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  permission TEXT NOT NULL,
  source TEXT NOT NULL,
  effect TEXT NOT NULL CHECK (effect IN ('grant', 'deny')),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (membership_id, permission, source)
);
INSERT INTO membership_permissions (membership_id, permission, source, effect, created_at)
SELECT membership_id, permission, '', effect, created_at FROM membership_permissions_before;
DROP TABLE membership_permissions_before;
