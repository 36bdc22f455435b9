-- Clients whose id is the address of a document about them (draft-ietf-oauth-client-id-metadata-document): which one was read
-- there last, and when.
CREATE TABLE client_documents (
  client_id TEXT PRIMARY KEY NOT NULL REFERENCES clients (id),
  digest BYTEA NOT NULL,
  read_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
