-- Apps that Lanyard pushes people and groups of an organization to by SCIM. `settings`: JSON (mapping, leavers, brake).
-- `features`: JSON, what the app can do (NULL: not asked yet). `seal` and `server_seal`: how far the audit log of the
-- organization and that of the server were read; `looked_at`: up to when memberships that begin or end by themselves were
-- looked for. `due_at`: when there is something to do next. `braked`: so many people are to leave that somebody has to say
-- that it is meant (NULL: none); `confirmed_at`: when somebody said so last.
CREATE TABLE scim_targets (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  sealed_token BYTEA NOT NULL,
  settings TEXT NOT NULL,
  features TEXT,
  seal BIGINT NOT NULL,
  server_seal BIGINT NOT NULL,
  looked_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  reconciled_at BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  trouble TEXT,
  detail TEXT,
  failed_at BIGINT,
  braked BIGINT,
  confirmed_at BIGINT NOT NULL,
  leased_by TEXT,
  leased_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  paused_at BIGINT,
  removed_at BIGINT
);
CREATE UNIQUE INDEX scim_targets_by_name ON scim_targets (organization_id, name) WHERE removed_at IS NULL;
CREATE INDEX scim_targets_live ON scim_targets (due_at) WHERE paused_at IS NULL AND removed_at IS NULL;

-- Groups that such an app is about: `people`, whose members it is for (none: everybody), and `groups`, which are pushed.
CREATE TABLE scim_target_groups (
  target_id TEXT NOT NULL REFERENCES scim_targets (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('people', 'groups')),
  group_id TEXT NOT NULL REFERENCES groups (id),
  PRIMARY KEY (target_id, purpose, group_id)
);

-- What each app has of each membership (`id` mem_…) and group (grp_…), as far as it was written down. `digest`: of the last
-- document that it took (NULL: it has to be sent again); `sent`: the paths in it. `due_at` NULL: as it should be. `rank`:
-- leavers (0) before people (1) before groups (2). `tried_at`: it was sent to be created, and the answer is not known.
CREATE TABLE scim_pushed (
  target_id TEXT NOT NULL REFERENCES scim_targets (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('user', 'group')),
  remote_id TEXT,
  digest TEXT,
  sent TEXT NOT NULL,
  is_live BIGINT NOT NULL CHECK (is_live IN (0, 1)),
  left_at BIGINT,
  due_at BIGINT,
  rank BIGINT NOT NULL,
  tried_at BIGINT,
  attempts BIGINT NOT NULL,
  trouble TEXT,
  detail TEXT,
  failed_at BIGINT,
  seen_at BIGINT,
  PRIMARY KEY (target_id, id)
);
CREATE INDEX scim_pushed_due ON scim_pushed (target_id, rank, due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX scim_pushed_by_remote ON scim_pushed (target_id, kind, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX scim_pushed_left ON scim_pushed (target_id, left_at) WHERE left_at IS NOT NULL;
CREATE INDEX scim_pushed_troubled ON scim_pushed (target_id, failed_at) WHERE trouble IS NOT NULL;

-- Who is in each of these groups over there.
CREATE TABLE scim_pushed_members (
  target_id TEXT NOT NULL REFERENCES scim_targets (id),
  group_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  PRIMARY KEY (target_id, group_id, membership_id)
);

-- Memberships that begin or end by themselves.
CREATE INDEX memberships_to_begin ON memberships (organization_id, valid_from) WHERE valid_from IS NOT NULL;
CREATE INDEX memberships_to_end ON memberships (organization_id, valid_until) WHERE valid_until IS NOT NULL;
