-- What was issued before this instant counts no more: set when an organization, a membership or a client is enabled again.
ALTER TABLE organizations ADD COLUMN tokens_void_before BIGINT;
ALTER TABLE memberships ADD COLUMN tokens_void_before BIGINT;
ALTER TABLE clients ADD COLUMN tokens_void_before BIGINT;
