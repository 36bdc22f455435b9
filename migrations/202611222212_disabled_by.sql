-- Who suspended a member, so that no other source lets a leaver in again.
ALTER TABLE memberships ADD COLUMN disabled_by TEXT;
