-- How many members and groups an organization has, so that nobody has to count them. A number is in parts, so that those who
-- change it at the same time do not wait for each other: the whole is their sum.
CREATE TABLE tallies (
  -- 'members' or 'groups'.
  what TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  part BIGINT NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (what, organization_id, part)
);
INSERT INTO tallies (what, organization_id, part, number)
SELECT 'members', organization_id, 0, COUNT(*)
FROM memberships
WHERE removed_at IS NULL
GROUP BY organization_id;
INSERT INTO tallies (what, organization_id, part, number)
SELECT 'groups', organization_id, 0, COUNT(*)
FROM groups
WHERE removed_at IS NULL
GROUP BY organization_id;
