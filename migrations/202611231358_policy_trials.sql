-- Changes of rules that are tried for a while: what the rule was before (null: there was none), and when it is so again.
CREATE TABLE policy_trials (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  setting TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  former TEXT,
  ends_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, subject_kind, subject_id, setting)
);
CREATE INDEX policy_trials_by_end ON policy_trials (ends_at);
