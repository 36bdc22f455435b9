-- When a passkey was closed for good, because it counted back: there may be a copy of it. It signs nobody in any more, and its
-- person goes on having a second factor until they remove it.
ALTER TABLE factors ADD COLUMN closed_at BIGINT;
