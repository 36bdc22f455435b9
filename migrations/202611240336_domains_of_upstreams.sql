-- `domains`: those of the organization whose people are sent there to sign in, with spaces between them (empty: all of them).
ALTER TABLE upstreams ADD COLUMN domains TEXT NOT NULL DEFAULT '';
CREATE INDEX upstreams_to_sign_in ON upstreams (organization_id) WHERE kind <> 'ldap' AND paused_at IS NULL AND removed_at IS NULL;
