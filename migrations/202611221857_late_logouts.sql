-- When it was said that an app was not told for too long.
ALTER TABLE logouts ADD COLUMN alerted_at BIGINT;

-- Those that wait: first the ones of which that was not said yet, oldest first.
CREATE INDEX logouts_waiting ON logouts (alerted_at, created_at) WHERE delivered_at IS NULL AND failed_at IS NULL;
