-- Whom the end of a session is told to: one app that got tokens in it (OpenID Connect Back-Channel Logout). The id is that of
-- the job which does it; what became of it stays for a month.
CREATE TABLE logouts (
  id TEXT PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  delivered_at BIGINT,
  failed_at BIGINT,
  failure TEXT
);
CREATE INDEX logouts_by_client ON logouts (client_id, id);
CREATE INDEX logouts_by_user ON logouts (user_id, id);
CREATE INDEX logouts_by_age ON logouts (created_at);

-- Sessions whose time is over and whose apps were not told yet.
CREATE INDEX sessions_to_expire ON sessions (expires_at) WHERE ended_at IS NULL;
