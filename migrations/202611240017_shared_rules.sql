-- Rules that are not for one member alone: whoever looks for those of somebody reads none of others, however many there are.
CREATE INDEX policy_rules_shared ON policy_rules (organization_id) WHERE subject_kind <> 'member';
