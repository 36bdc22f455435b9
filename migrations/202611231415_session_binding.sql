-- Sessions that are bound to a device: their cookie gets another secret every few minutes. `successor_used_at` is when the
-- present secret first came back: from then on the former one is a copy's.
ALTER TABLE sessions ADD COLUMN former_token_hash BYTEA;
ALTER TABLE sessions ADD COLUMN rotated_at BIGINT;
ALTER TABLE sessions ADD COLUMN successor_used_at BIGINT;
CREATE INDEX sessions_by_former_token ON sessions (former_token_hash) WHERE former_token_hash IS NOT NULL;
