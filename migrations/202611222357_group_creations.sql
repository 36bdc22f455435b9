-- Who made each group is looked for by the next step: without this, in all groups' creations for each of them.
CREATE INDEX audit_group_creations ON audit_events (chain, resource) WHERE action = 'group-creation';
