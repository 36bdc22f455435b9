-- From when until when a person can sign in at all: at the end they are disabled. What ends with a membership's last day is seen
-- to once, so that sessions end and apps are told though nobody comes.

ALTER TABLE users ADD COLUMN account_from BIGINT;
ALTER TABLE users ADD COLUMN account_until BIGINT;
ALTER TABLE memberships ADD COLUMN expiry_seen_at BIGINT;

CREATE INDEX users_to_end ON users (account_until)
  WHERE account_until IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX users_to_begin ON users (account_from) WHERE account_from IS NOT NULL;
CREATE INDEX memberships_to_close ON memberships (valid_until)
  WHERE valid_until IS NOT NULL AND expiry_seen_at IS NULL AND removed_at IS NULL;
