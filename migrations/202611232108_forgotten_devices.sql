-- A browser that is known no more, but was: whoever has had others is new in each.
ALTER TABLE known_devices ADD COLUMN forgotten_at BIGINT;
