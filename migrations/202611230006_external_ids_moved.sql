-- They are in a table of their own.
DROP INDEX member_records_by_external_id;
ALTER TABLE member_records DROP COLUMN external_id;
DROP INDEX groups_by_external_id;
ALTER TABLE groups DROP COLUMN external_id;
