-- When the person was told by mail that this request waits, so that many requests are no flood of mails.
ALTER TABLE deferred_requests ADD COLUMN mailed_at BIGINT;
CREATE INDEX deferred_requests_by_letter ON deferred_requests (user_id, mailed_at) WHERE mailed_at IS NOT NULL;
