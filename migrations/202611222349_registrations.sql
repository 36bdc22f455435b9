-- Until when a member's registration holds, and when somebody compared it with the register, and who.
ALTER TABLE memberships ADD COLUMN registration_expires_at BIGINT;
ALTER TABLE memberships ADD COLUMN registration_verified_at BIGINT;
ALTER TABLE memberships ADD COLUMN registration_verified_by TEXT;

-- Whether what a system says of that counts.
ALTER TABLE scim_connections ADD COLUMN may_verify BIGINT NOT NULL DEFAULT 0 CHECK (may_verify IN (0, 1));
