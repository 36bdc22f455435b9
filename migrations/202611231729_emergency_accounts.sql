-- Emergency accounts: people without a mailbox and a password who own one organization, and sign in once by a security key. What
-- counts or shows members leaves out whoever has `emergency_for`.
ALTER TABLE users ADD COLUMN emergency_for TEXT REFERENCES organizations (id);
CREATE TABLE emergency_accounts (
  user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  slug TEXT NOT NULL,
  link_hash BYTEA,
  link_expires_at BIGINT,
  set_up_at BIGINT,
  spent_at BIGINT,
  created_at BIGINT NOT NULL,
  removed_at BIGINT
);
CREATE UNIQUE INDEX emergency_accounts_by_slug ON emergency_accounts (organization_id, slug) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX emergency_accounts_by_link ON emergency_accounts (link_hash);
