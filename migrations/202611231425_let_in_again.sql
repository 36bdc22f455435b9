-- When a person was last let in again after having been disabled: a sign of life.
ALTER TABLE users ADD COLUMN enabled_at BIGINT;
