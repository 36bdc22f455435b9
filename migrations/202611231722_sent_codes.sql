-- Codes that were sent to somebody who has to type them: in one session, once, for ten minutes. What is sealed is a hash of the
-- code, and where it went. Rows stay for an hour, since what was sent is counted.
CREATE TABLE sent_codes (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  purpose TEXT NOT NULL,
  sealed_code BYTEA NOT NULL,
  tries BIGINT NOT NULL DEFAULT 0,
  sent_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX sent_codes_by_user ON sent_codes (user_id, sent_at);
CREATE INDEX sent_codes_by_age ON sent_codes (sent_at);

-- When a link to a new password set one: a link that was replaced is used up too.
ALTER TABLE mailed_links ADD COLUMN redeemed_at BIGINT;
