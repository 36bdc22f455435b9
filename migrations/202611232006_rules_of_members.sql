-- A rule may be for one member alone: the table as it was, with one kind of subject more.
CREATE TABLE policy_rules_of_all_kinds (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  subject_kind TEXT NOT NULL
    CHECK (subject_kind IN ('organization', 'role', 'group', 'client', 'location', 'member')),
  subject_id TEXT NOT NULL,
  setting TEXT NOT NULL,
  value TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (organization_id, subject_kind, subject_id, setting)
);
INSERT INTO policy_rules_of_all_kinds (organization_id, subject_kind, subject_id, setting, value, set_at, set_by)
  SELECT organization_id, subject_kind, subject_id, setting, value, set_at, set_by FROM policy_rules;
DROP TABLE policy_rules;
ALTER TABLE policy_rules_of_all_kinds RENAME TO policy_rules;
CREATE INDEX policy_rules_by_subject ON policy_rules (subject_id) WHERE subject_id <> '';
CREATE INDEX policy_trials_by_subject ON policy_trials (subject_id) WHERE subject_id <> '';
