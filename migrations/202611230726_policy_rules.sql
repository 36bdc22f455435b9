-- What an organization set, and for whom: the organization itself (subject_id ''), a role, group, client or location.
CREATE TABLE policy_rules (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  subject_kind TEXT NOT NULL CHECK (subject_kind IN ('organization', 'role', 'group', 'client', 'location')),
  subject_id TEXT NOT NULL,
  setting TEXT NOT NULL,
  value TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (organization_id, subject_kind, subject_id, setting)
);
CREATE INDEX policy_rules_by_subject ON policy_rules (subject_id) WHERE subject_id <> '';

-- Who is signed in to an organization now, to be signed out when its rules say so.
CREATE INDEX session_organizations_to_end ON session_organizations (organization_id, sid) WHERE ended_at IS NULL;
