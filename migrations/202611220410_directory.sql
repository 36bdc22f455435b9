-- A practice: the tenant. Slugs never change.
CREATE TABLE organizations (
  id TEXT PRIMARY KEY NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  logo_uri TEXT,
  accent TEXT,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT,
  -- Incremented first by every unit that must see the others' changes (last owner, cycles): the portable row lock.
  version BIGINT NOT NULL
);

-- One person, one login across all organizations. A deleted person leaves a tombstone: the id and nothing else.
CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  given_name TEXT,
  family_name TEXT,
  email TEXT,
  email_verified_at BIGINT,
  phone TEXT,
  postal_address TEXT,
  locale TEXT,
  picture TEXT,
  default_organization_id TEXT REFERENCES organizations (id),
  password_hash TEXT,
  password_changed_at BIGINT,
  password_must_change_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  disabled_at BIGINT,
  deleted_at BIGINT
);

-- What a person types to sign in. A name that was given up stays here, retired, as history.
CREATE TABLE login_names (
  name TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('email', 'username')),
  created_at BIGINT NOT NULL,
  retired_at BIGINT
);
CREATE UNIQUE INDEX login_names_live ON login_names (name) WHERE retired_at IS NULL;
CREATE INDEX login_names_by_user ON login_names (user_id);

-- Kinds of membership of an organization, with the roles that a new member of that kind gets.
CREATE TABLE membership_kinds (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  default_roles TEXT NOT NULL,
  PRIMARY KEY (organization_id, slug)
);

-- A user in an organization.
CREATE TABLE memberships (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  profession TEXT,
  registration_number TEXT,
  registration_body TEXT,
  specialty TEXT,
  title TEXT,
  origin TEXT NOT NULL,
  valid_from BIGINT,
  valid_until BIGINT,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT,
  removed_at BIGINT
);
CREATE UNIQUE INDEX memberships_live ON memberships (organization_id, user_id) WHERE removed_at IS NULL;
CREATE INDEX memberships_by_user ON memberships (user_id);
CREATE INDEX memberships_by_organization ON memberships (organization_id, id);

-- Who may change which attribute of a profile: 'person', 'administrator', 'both' or 'nobody'.
CREATE TABLE attribute_rules (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  attribute TEXT NOT NULL,
  editable_by TEXT NOT NULL CHECK (editable_by IN ('person', 'administrator', 'both', 'nobody')),
  PRIMARY KEY (organization_id, attribute)
);

-- A tree of sites.
CREATE TABLE locations (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  parent_id TEXT REFERENCES locations (id),
  created_at BIGINT NOT NULL,
  closed_at BIGINT,
  UNIQUE (organization_id, slug)
);

-- Typed identifiers of a site, and of a member at a site (a provider number); membership_id '' means the site itself.
CREATE TABLE identifiers (
  location_id TEXT NOT NULL REFERENCES locations (id),
  membership_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (location_id, membership_id, kind)
);
CREATE INDEX identifiers_by_membership ON identifiers (membership_id);

-- Bundles of permissions, from a template or of the organization's own. Slugs never change.
CREATE TABLE roles (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  template TEXT,
  created_at BIGINT NOT NULL,
  removed_at BIGINT,
  UNIQUE (organization_id, slug)
);
CREATE TABLE role_parents (
  role_id TEXT NOT NULL REFERENCES roles (id),
  parent_id TEXT NOT NULL REFERENCES roles (id),
  PRIMARY KEY (role_id, parent_id)
);
CREATE TABLE role_permissions (
  role_id TEXT NOT NULL REFERENCES roles (id),
  permission TEXT NOT NULL,
  PRIMARY KEY (role_id, permission)
);

-- Membership × role × location (NULL: the whole organization), for a time.
CREATE TABLE assignments (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  role_id TEXT NOT NULL REFERENCES roles (id),
  location_id TEXT REFERENCES locations (id),
  valid_from BIGINT,
  valid_until BIGINT,
  origin TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX assignments_live ON assignments (membership_id, role_id, COALESCE(location_id, '')) WHERE ended_at IS NULL;
CREATE INDEX assignments_by_role ON assignments (role_id) WHERE ended_at IS NULL;

-- Direct grants and denials of single permissions; deny wins.
CREATE TABLE membership_permissions (
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  permission TEXT NOT NULL,
  effect TEXT NOT NULL CHECK (effect IN ('grant', 'deny')),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (membership_id, permission)
);

-- Sets of members; a group may hold groups and carry roles. Slugs never change.
CREATE TABLE groups (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  removed_at BIGINT,
  UNIQUE (organization_id, slug)
);
CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups (id),
  membership_id TEXT NOT NULL REFERENCES memberships (id),
  origin TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (group_id, membership_id)
);
CREATE INDEX group_members_by_membership ON group_members (membership_id);
CREATE TABLE group_parents (
  group_id TEXT NOT NULL REFERENCES groups (id),
  parent_id TEXT NOT NULL REFERENCES groups (id),
  PRIMARY KEY (group_id, parent_id)
);
CREATE TABLE group_roles (
  group_id TEXT NOT NULL REFERENCES groups (id),
  role_id TEXT NOT NULL REFERENCES roles (id),
  location_id TEXT NOT NULL,
  PRIMARY KEY (group_id, role_id, location_id)
);

-- Offers of membership. `roles` is JSON: [{"role": slug, "location": slug or null}].
CREATE TABLE invitations (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  email TEXT NOT NULL,
  token_hash BYTEA NOT NULL,
  kind TEXT NOT NULL,
  roles TEXT NOT NULL,
  invited_by TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  accepted_at BIGINT,
  rejected_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX invitations_by_token ON invitations (token_hash);
CREATE INDEX invitations_by_organization ON invitations (organization_id, id);
CREATE INDEX invitations_open ON invitations (email) WHERE accepted_at IS NULL AND rejected_at IS NULL AND revoked_at IS NULL;
CREATE UNIQUE INDEX invitations_one_open ON invitations (organization_id, email)
WHERE accepted_at IS NULL AND rejected_at IS NULL AND revoked_at IS NULL;

-- E-mail domains of an organization, proved by a DNS TXT record or by the server's administrator.
CREATE TABLE domains (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  proof TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  verified_at BIGINT,
  verified_by TEXT,
  UNIQUE (organization_id, name)
);
CREATE UNIQUE INDEX domains_verified ON domains (name) WHERE verified_at IS NOT NULL;

-- Links that were mailed to a person: a new password, a new address. Single use.
CREATE TABLE mailed_links (
  token_hash BYTEA PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('password', 'email')),
  email TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX mailed_links_by_user ON mailed_links (user_id);

-- Which version of which text a person has accepted.
CREATE TABLE acceptances (
  user_id TEXT NOT NULL REFERENCES users (id),
  document TEXT NOT NULL,
  version TEXT NOT NULL,
  accepted_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, document, version)
);

-- Pictures of organizations by the hash of their content; `logo_uri` is the path of one.
CREATE TABLE logos (
  name TEXT PRIMARY KEY NOT NULL,
  bytes BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
