-- OAuth clients. `organization_id` NULL: server-wide. Lists are JSON arrays.
CREATE TABLE clients (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id TEXT REFERENCES organizations (id),
  name TEXT NOT NULL,
  authentication_method TEXT NOT NULL CHECK (authentication_method IN ('none', 'client_secret_basic', 'client_secret_post')),
  first_party BIGINT NOT NULL,
  grant_types TEXT NOT NULL,
  scopes TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,
  post_logout_redirect_uris TEXT NOT NULL,
  backchannel_logout_uri TEXT,
  audience TEXT,
  resources TEXT NOT NULL,
  id_token_signed_response_alg TEXT NOT NULL,
  access_token_signing_alg TEXT NOT NULL,
  access_token_format TEXT NOT NULL CHECK (access_token_format IN ('jwt', 'opaque')),
  access_token_seconds BIGINT,
  pkce_waived BIGINT NOT NULL,
  introspects TEXT NOT NULL CHECK (introspects IN ('none', 'own', 'all')),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  disabled_at BIGINT
);
CREATE INDEX clients_by_organization ON clients (organization_id);

CREATE TABLE client_secrets (
  id TEXT PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL REFERENCES clients (id),
  hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id);

-- Which organization uses which app, and what the app asks of a member: JSON {"roles": [], "groups": [], "locations": []}.
CREATE TABLE activations (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  client_id TEXT NOT NULL REFERENCES clients (id),
  requires TEXT NOT NULL,
  activated_at BIGINT NOT NULL,
  PRIMARY KEY (organization_id, client_id)
);

-- What an app declares: its permissions (`app:resource:action`) and role templates (JSON list of permissions).
CREATE TABLE app_permissions (
  client_id TEXT NOT NULL REFERENCES clients (id),
  permission TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (client_id, permission)
);
CREATE TABLE app_role_templates (
  client_id TEXT NOT NULL REFERENCES clients (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  PRIMARY KEY (client_id, slug)
);

-- Roles of a service client in the organization that owns it.
CREATE TABLE client_roles (
  client_id TEXT NOT NULL REFERENCES clients (id),
  role_id TEXT NOT NULL REFERENCES roles (id),
  location_id TEXT NOT NULL,
  PRIMARY KEY (client_id, role_id, location_id)
);

-- What a person allowed an app in an organization ('' when none was asked for).
CREATE TABLE consents (
  user_id TEXT NOT NULL REFERENCES users (id),
  client_id TEXT NOT NULL REFERENCES clients (id),
  organization_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client_id, organization_id)
);

-- Authorization requests that came by POST and wait for the browser to come back by GET.
CREATE TABLE stored_requests (
  token_hash BYTEA PRIMARY KEY NOT NULL,
  parameters TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX stored_requests_by_expiry ON stored_requests (expires_at);

-- One authorization and all tokens that descend from it; `offline` ones outlive their session.
CREATE TABLE families (
  id TEXT PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL REFERENCES clients (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  organization_id TEXT REFERENCES organizations (id),
  session_id TEXT NOT NULL,
  sid TEXT,
  offline BIGINT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  acr TEXT NOT NULL,
  amr TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX families_by_user ON families (user_id, client_id) WHERE revoked_at IS NULL;
CREATE INDEX families_by_session ON families (session_id);
CREATE INDEX families_by_expiry ON families (expires_at);

CREATE TABLE authorization_codes (
  hash BYTEA PRIMARY KEY NOT NULL,
  family_id TEXT NOT NULL REFERENCES families (id),
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT,
  nonce TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX authorization_codes_by_family ON authorization_codes (family_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

-- `parent_hash` NULL: the first of its family. A token is used once, and once more (`repeated_at`) by a client that lost the
-- answer.
CREATE TABLE refresh_tokens (
  hash BYTEA PRIMARY KEY NOT NULL,
  family_id TEXT NOT NULL REFERENCES families (id),
  parent_hash BYTEA,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  repeated_at BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id, parent_hash);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Opaque access tokens with their claims (JSON). `family_id` NULL: client credentials.
CREATE TABLE access_tokens (
  hash BYTEA PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL REFERENCES clients (id),
  family_id TEXT,
  claims TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- JWTs that were revoked before their end, by `jti`.
CREATE TABLE revoked_tokens (
  jti TEXT PRIMARY KEY NOT NULL,
  revoked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
