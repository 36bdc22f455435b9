-- An event without a person, or without its seal, is not in the index of those: less is written when it is added, and when
-- it is sealed.
DROP INDEX audit_events_by_person;
CREATE INDEX audit_events_by_person ON audit_events (person_id, id) WHERE person_id IS NOT NULL;
DROP INDEX audit_events_by_seal;
CREATE INDEX audit_events_by_seal ON audit_events (chain, seal) WHERE seal IS NOT NULL;
