-- Counters by which nodes learn that a cache is out of date.
CREATE TABLE revisions (
  name TEXT PRIMARY KEY NOT NULL,
  value BIGINT NOT NULL
);
INSERT INTO revisions (name, value)
VALUES ('clients', 0), ('keys', 0), ('policies', 0), ('revocations', 0);

-- What happened, once and unchanged; `seal` is the chain link that covers the event, NULL for up to a second.
CREATE TABLE audit_events (
  id TEXT PRIMARY KEY NOT NULL,
  chain TEXT NOT NULL,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
  actor_kind TEXT NOT NULL,
  actor_id TEXT,
  person_id TEXT,
  client_id TEXT,
  resource TEXT,
  request_id TEXT,
  address TEXT,
  detail TEXT NOT NULL,
  seal BIGINT
);
CREATE INDEX audit_events_by_chain ON audit_events (chain, id);
CREATE INDEX audit_events_by_person ON audit_events (person_id, id);
CREATE INDEX audit_events_by_action ON audit_events (chain, action, id);
CREATE INDEX audit_events_by_seal ON audit_events (chain, seal);
CREATE INDEX audit_events_unsealed ON audit_events (id) WHERE seal IS NULL;

CREATE TABLE audit_seals (
  chain TEXT NOT NULL,
  seal BIGINT NOT NULL,
  events BIGINT NOT NULL,
  at BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  mac BYTEA NOT NULL,
  PRIMARY KEY (chain, seal)
);

-- Work to be done later, written in the transaction of the change that asks for it.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  payload BYTEA NOT NULL,
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  leased_until BIGINT,
  leased_by TEXT,
  failed_at BIGINT,
  last_error TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE failed_at IS NULL;

-- Tasks that one node does for all.
CREATE TABLE leases (
  name TEXT PRIMARY KEY NOT NULL,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);

-- Keys that all nodes share (audit heads, forms), sealed with the master key and kept when that is replaced.
CREATE TABLE shared_keys (
  name TEXT PRIMARY KEY NOT NULL,
  sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
