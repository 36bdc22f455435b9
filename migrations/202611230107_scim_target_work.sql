-- How far a run has come that gave its turn to another app: in reading the app (`crawl`), and in looking at everybody here
-- (`survey`). JSON; NULL: nothing of it is to be done.
ALTER TABLE scim_targets ADD COLUMN crawl TEXT;
ALTER TABLE scim_targets ADD COLUMN survey TEXT;
