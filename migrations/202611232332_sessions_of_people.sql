-- The latest sessions of a person, ended ones with them: where owners came from, when none of them is signed in now.
CREATE INDEX sessions_of_people ON sessions (user_id, id) WHERE completed_at IS NOT NULL;
