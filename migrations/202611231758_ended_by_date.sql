-- Since when a person is disabled because their last day has come: a later one lets them in again, and nobody whom an
-- administrator disabled.
ALTER TABLE users ADD COLUMN ended_by_date_at BIGINT;
