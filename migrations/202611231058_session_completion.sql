-- When all that is asked of whoever signs in was proved: a session without it stands at the second factor, and its person is
-- not signed in.
ALTER TABLE sessions ADD COLUMN completed_at BIGINT;
UPDATE sessions SET completed_at = auth_time;
