-- Identity providers and directories that an organization trusts to say who its people are. `settings`: TOML, as the
-- administrator wrote it. `sealed_secret`: what lets us in. `place`: how far changes there were followed, in the words of the
-- kind (NULL: all is read next). `due_at`: when it is read next; `whole_at`: when all of it was read last. `braked`: so many
-- people are to be shut out that somebody has to say that it is meant (NULL: none); `confirmed_at`: when somebody said so last.
CREATE TABLE upstreams (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('ldap', 'saml', 'oidc')),
  settings TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  precedence BIGINT NOT NULL,
  place TEXT,
  due_at BIGINT NOT NULL,
  whole_at BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  trouble TEXT,
  failed_at BIGINT,
  braked BIGINT,
  confirmed_at BIGINT NOT NULL,
  leased_by TEXT,
  leased_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  paused_at BIGINT,
  paused_by TEXT,
  removed_at BIGINT
);
CREATE UNIQUE INDEX upstreams_by_name ON upstreams (organization_id, name) WHERE removed_at IS NULL;
CREATE INDEX upstreams_due ON upstreams (due_at) WHERE kind = 'ldap' AND paused_at IS NULL AND removed_at IS NULL;

-- Who and what an upstream knows. `anchor`: what it never changes of them; `dn`: what it calls them now, in lower case;
-- `thing_id`: the membership or group here. `digest`: of all that was said last (NULL: it has to be looked at again).
-- `account`: what groups call a person that name no entries. `number`: of a group its own, of a person that of their first
-- group. `given`: JSON, the groups that a person was put into by rule, or the roles that a group was given. `ends_at`: when the
-- account ends by itself. `gone_at`: since when they are not there any more, or shut out there. `trouble`: why the last word was
-- not followed.
CREATE TABLE upstream_entries (
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  anchor TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('person', 'group')),
  dn TEXT NOT NULL,
  thing_id TEXT,
  digest TEXT,
  account TEXT,
  number BIGINT,
  given TEXT NOT NULL,
  ends_at BIGINT,
  gone_at BIGINT,
  trouble TEXT,
  failed_at BIGINT,
  PRIMARY KEY (upstream_id, anchor)
);
CREATE INDEX upstream_entries_by_dn ON upstream_entries (upstream_id, dn);
CREATE INDEX upstream_entries_by_account ON upstream_entries (upstream_id, account) WHERE account IS NOT NULL;
CREATE INDEX upstream_entries_by_number ON upstream_entries (upstream_id, kind, number) WHERE number IS NOT NULL;
CREATE INDEX upstream_entries_by_thing ON upstream_entries (thing_id) WHERE thing_id IS NOT NULL;
CREATE INDEX upstream_entries_to_end ON upstream_entries (upstream_id, ends_at) WHERE ends_at IS NOT NULL AND gone_at IS NULL;
CREATE INDEX upstream_entries_gone ON upstream_entries (upstream_id, gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX upstream_entries_troubled ON upstream_entries (upstream_id, failed_at) WHERE trouble IS NOT NULL;

-- What came of reading an upstream, where anything did. `kind`: of changes, or of all. `problem`: why it ended early;
-- `faults`: JSON, the first entries that could not be followed.
CREATE TABLE upstream_runs (
  id TEXT PRIMARY KEY NOT NULL,
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  kind TEXT NOT NULL CHECK (kind IN ('changes', 'whole')),
  asked_by TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  was_read BIGINT NOT NULL,
  added BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  departed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  braked BIGINT,
  problem TEXT,
  faults TEXT NOT NULL
);
CREATE INDEX upstream_runs_by_upstream ON upstream_runs (upstream_id, begun_at);
CREATE INDEX upstream_runs_by_age ON upstream_runs (begun_at);
