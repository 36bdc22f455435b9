-- When the letter with the link of an invitation was last sent; a newer invitation to the address takes the link over.
ALTER TABLE invitations ADD COLUMN mailed_at BIGINT;
UPDATE invitations SET mailed_at = created_at;
CREATE INDEX invitations_mailed ON invitations (organization_id, email, mailed_at) WHERE mailed_at IS NOT NULL;
