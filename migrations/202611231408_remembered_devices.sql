-- Since when a browser is not asked for a second factor again, while a rule lets it; void once the password is changed, and once
-- factors are.
ALTER TABLE known_devices ADD COLUMN remembered_at BIGINT;
