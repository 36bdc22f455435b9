-- What outside sources (SCIM, LDAP, an upstream) wrote of a member, as one organization sees it. A member without a row, and
-- an attribute that is not in it, are seen as the person and the membership say.
CREATE TABLE member_records (
  membership_id TEXT PRIMARY KEY NOT NULL REFERENCES memberships (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  -- Folded.
  user_name TEXT NOT NULL,
  external_id TEXT,
  -- JSON: attributes by their names in RFC 7643; null for one that was taken away.
  attributes TEXT NOT NULL,
  -- JSON: attribute -> the source that wrote it.
  sources TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX member_records_by_user_name ON member_records (organization_id, user_name);
CREATE INDEX member_records_by_external_id ON member_records (organization_id, external_id)
WHERE external_id IS NOT NULL;

-- The addresses in these records, folded.
CREATE TABLE member_addresses (
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  email TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  PRIMARY KEY (membership_id, email)
);
CREATE INDEX member_addresses_by_email ON member_addresses (organization_id, email);

-- Since when a person stands for somebody who has not joined yet: without a login, until an account accepts.
ALTER TABLE users ADD COLUMN placeholder_since BIGINT;

-- The membership that waits for the answer to an invitation.
ALTER TABLE invitations ADD COLUMN membership_id TEXT;
CREATE INDEX invitations_by_membership ON invitations (membership_id) WHERE membership_id IS NOT NULL;

-- What outside sources know a group by. `version` counts its changes, those of its members among them.
ALTER TABLE groups ADD COLUMN external_id TEXT;
ALTER TABLE groups ADD COLUMN folded_name TEXT;
ALTER TABLE groups ADD COLUMN updated_at BIGINT;
ALTER TABLE groups ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
UPDATE groups SET folded_name = lower(name);
CREATE INDEX groups_by_name ON groups (organization_id, folded_name);
CREATE INDEX groups_by_external_id ON groups (organization_id, external_id)
WHERE external_id IS NOT NULL;
