-- Failures are counted too, and lock: `locked_until` is null where an administrator has to unlock.
ALTER TABLE throttles ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE throttles ADD COLUMN locked_at BIGINT;
ALTER TABLE throttles ADD COLUMN locked_until BIGINT;

-- Browsers in which a person has completed a sign-in: each has a count of failures of its own, so that no stranger keeps its
-- person out. `browser_hash` is of the browser's cookie.
CREATE TABLE known_devices (
  user_id TEXT NOT NULL REFERENCES users (id),
  browser_hash BYTEA NOT NULL,
  user_agent TEXT NOT NULL,
  factors TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, browser_hash)
);
CREATE INDEX known_devices_by_age ON known_devices (last_at);
