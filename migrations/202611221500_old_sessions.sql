-- Sessions that are too old under the limits of today, and whose apps were not told yet.
CREATE INDEX sessions_to_age ON sessions (created_at) WHERE ended_at IS NULL;
