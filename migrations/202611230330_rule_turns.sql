-- When what rules of groups look at changes by itself next for a member: an assignment begins or ends. Written by whoever looked
-- at the member last, as seen from that instant; of everybody who was not looked at since this table exists at once.
CREATE TABLE rule_turns (
  membership_id TEXT PRIMARY KEY NOT NULL REFERENCES memberships (id),
  at BIGINT NOT NULL
);
CREATE INDEX rule_turns_by_time ON rule_turns (at);
INSERT INTO rule_turns (membership_id, at)
SELECT DISTINCT membership_id, 0
FROM assignments
WHERE ended_at IS NULL
  AND (valid_from IS NOT NULL OR valid_until IS NOT NULL)
  AND organization_id IN (SELECT organization_id FROM group_rules);
DROP INDEX assignments_to_begin;
DROP INDEX assignments_to_end;

-- Since when, and why, a rule cannot be gone through; NULL while it can.
ALTER TABLE group_rules ADD COLUMN failed_at BIGINT;
ALTER TABLE group_rules ADD COLUMN failure TEXT;

-- Tells units of work that were settled by rules which are others by now.
INSERT INTO revisions (name, value)
VALUES ('rules', 0);
