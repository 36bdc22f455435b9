-- Why an organization keeps the record of a person from being erased, and until when; several may last at once.
CREATE TABLE retention_holds (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  reason TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  until_at BIGINT,
  ended_at BIGINT,
  ended_by TEXT
);
CREATE INDEX retention_holds_by_organization ON retention_holds (organization_id, id);
CREATE INDEX retention_holds_by_user ON retention_holds (user_id);
CREATE INDEX retention_holds_to_end ON retention_holds (until_at) WHERE until_at IS NOT NULL AND ended_at IS NULL;

-- What was known of a member whose membership ended while the organization held the record: JSON.
CREATE TABLE kept_members (
  membership_id TEXT PRIMARY KEY NOT NULL REFERENCES memberships (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  kept_at BIGINT NOT NULL,
  content TEXT NOT NULL
);
CREATE INDEX kept_members_by_user ON kept_members (user_id);

-- Who is to be erased as soon as nobody holds the record.
CREATE TABLE asked_erasures (
  user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
  asked_at BIGINT NOT NULL,
  asked_by TEXT NOT NULL
);
