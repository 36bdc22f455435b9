-- What an outside source calls a member or a group: its own id, which it alone sees and gives to one of each.
CREATE TABLE external_ids (
  resource_id TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('member', 'group')),
  external_id TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  PRIMARY KEY (resource_id, source)
);
CREATE UNIQUE INDEX external_ids_once ON external_ids (organization_id, source, kind, external_id);

-- Who made a group, who named it, and who put a group into another one; NULL where nobody knows.
ALTER TABLE groups ADD COLUMN origin TEXT;
ALTER TABLE groups ADD COLUMN named_by TEXT;
ALTER TABLE group_parents ADD COLUMN origin TEXT;
UPDATE groups
SET origin = (
  SELECT CASE actor_kind WHEN 'connection' THEN 'scim' ELSE actor_kind END || COALESCE(':' || actor_id, '')
  FROM audit_events
  WHERE chain = groups.organization_id AND action = 'group-creation' AND resource = groups.id
  LIMIT 1
);
UPDATE groups SET named_by = origin;

-- Ids that were given before are those of whoever brought the resource, or of the only system of the organization.
INSERT INTO external_ids (resource_id, source, kind, external_id, organization_id)
SELECT id, source, kind, external_id, organization_id
FROM (
  SELECT known.id, known.kind, known.external_id, known.organization_id,
    CASE
      WHEN substr(known.origin, 1, 5) = 'scim:' OR substr(known.origin, 1, 7) = 'client:' THEN known.origin
      WHEN (SELECT COUNT(*) FROM scim_connections AS c WHERE c.organization_id = known.organization_id) = 1
        THEN (SELECT 'scim:' || MIN(c.id) FROM scim_connections AS c WHERE c.organization_id = known.organization_id)
    END AS source
  FROM (
    SELECT memberships.id, 'member' AS kind, member_records.external_id, memberships.organization_id, memberships.origin
    FROM member_records
    JOIN memberships ON memberships.id = member_records.membership_id
    WHERE memberships.removed_at IS NULL
    UNION ALL
    SELECT id, 'group', external_id, organization_id, origin
    FROM groups
    WHERE removed_at IS NULL
  ) AS known
  WHERE known.external_id IS NOT NULL
) AS given
WHERE source IS NOT NULL
ORDER BY id
ON CONFLICT DO NOTHING;
