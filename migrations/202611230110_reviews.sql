-- When a member last signed in to an app of an organization.
CREATE TABLE member_uses (
  user_id TEXT NOT NULL REFERENCES users (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  last_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, organization_id)
);
INSERT INTO member_uses (user_id, organization_id, last_at)
SELECT sessions.user_id, session_organizations.organization_id, MAX(session_organizations.created_at)
FROM session_organizations
JOIN sessions ON sessions.id = session_organizations.session_id
GROUP BY sessions.user_id, session_organizations.organization_id;

-- When an outside source last named a member without saying anything new, to the day.
ALTER TABLE memberships ADD COLUMN repeated_at BIGINT;
