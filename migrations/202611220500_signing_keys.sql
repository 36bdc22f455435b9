-- Keys that sign tokens: next (not activated), current (activated, not retired), retiring, gone (removed).
-- A row is never deleted, so that no kid can come twice.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY NOT NULL,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  -- PKCS #8, sealed; NULL as soon as the key signs no longer.
  sealed_private BYTEA,
  published_at BIGINT NOT NULL,
  activated_at BIGINT,
  retired_at BIGINT,
  removed_at BIGINT,
  -- Set together with removed_at when somebody else may have the key.
  revoked_at BIGINT
);
-- Nodes that start or rotate at once agree on one key.
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (algorithm)
WHERE activated_at IS NULL AND removed_at IS NULL;
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (algorithm)
WHERE activated_at IS NOT NULL AND retired_at IS NULL AND removed_at IS NULL;
