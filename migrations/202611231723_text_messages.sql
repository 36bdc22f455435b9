-- Text messages are counted by number and altogether, since each costs money: `target` is a hash of where one went.
ALTER TABLE sent_codes ADD COLUMN target BYTEA;
CREATE INDEX sent_codes_by_target ON sent_codes (target, sent_at) WHERE target IS NOT NULL;
CREATE INDEX sent_codes_by_kind ON sent_codes (kind, sent_at);
