-- Groups whose members follow from what is known of them. `condition` is empty while a rule is being taken back. `reached` is
-- the member up to whom it was gone through since it was set ('' for none yet), NULL once it holds for all.
CREATE TABLE group_rules (
  group_id TEXT PRIMARY KEY NOT NULL REFERENCES groups (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  condition TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  reached TEXT
);
CREATE INDEX group_rules_by_organization ON group_rules (organization_id);
CREATE INDEX group_rules_to_go_through ON group_rules (group_id) WHERE reached IS NOT NULL;

-- Assignments that begin or end by themselves.
CREATE INDEX assignments_to_begin ON assignments (organization_id, valid_from) WHERE valid_from IS NOT NULL AND ended_at IS NULL;
CREATE INDEX assignments_to_end ON assignments (organization_id, valid_until) WHERE valid_until IS NOT NULL AND ended_at IS NULL;
