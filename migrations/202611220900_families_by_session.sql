-- Finds the last authorization of an app in a session without reading all of them.
DROP INDEX families_by_session;
CREATE INDEX families_by_session ON families (session_id, client_id, id);
