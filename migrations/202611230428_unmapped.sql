-- Whether a source said values of a member that mean nothing here: such members are looked at again once they may.
ALTER TABLE member_records ADD COLUMN has_unmapped BIGINT NOT NULL DEFAULT 0 CHECK (has_unmapped IN (0, 1));
UPDATE member_records SET has_unmapped = 1 WHERE REPLACE(attributes, '"unmapped":', '') <> attributes;
CREATE INDEX member_records_unmapped ON member_records (organization_id, membership_id) WHERE has_unmapped = 1;

-- Up to which member a connection's unmapped values were looked at since more of them may mean something ('' for none yet),
-- NULL once all were.
ALTER TABLE scim_connections ADD COLUMN mapped_up_to TEXT;
UPDATE scim_connections SET mapped_up_to = '' WHERE removed_at IS NULL;
CREATE INDEX scim_connections_to_map ON scim_connections (id) WHERE mapped_up_to IS NOT NULL;
