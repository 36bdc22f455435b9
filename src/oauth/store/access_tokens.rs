//! Opaque access tokens, and signed ones that were revoked before their end.

use crate::{
    clock::Timestamp,
    id::{FamilyId, OrganizationId},
    oauth::token::TokenId,
    secret::TokenHash,
    storage::{Additions, Result, Revision, Tx, Value, batch::Table, sql},
};

/// An opaque access token.
#[derive(Debug, Clone)]
pub struct OpaqueToken {
    /// The client it was issued to.
    pub client_id: String,
    /// The family of a person's token.
    pub family: Option<FamilyId>,
    /// What introspection tells of it: the claims of an access token, as JSON.
    pub claims: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Queries of access tokens.
pub struct AccessTokens<'t>(&'t mut Tx);

impl Tx {
    /// Access tokens.
    pub fn access_tokens(&mut self) -> AccessTokens<'_> {
        AccessTokens(self)
    }
}

static ACCESS_TOKENS: Table =
    Table { name: "access_tokens", columns: &["hash", "client_id", "family_id", "claims", "expires_at"], suffix: "" };
static REVOKED_TOKENS: Table =
    Table { name: "revoked_tokens", columns: &["jti", "revoked_at", "expires_at"], suffix: "ON CONFLICT DO NOTHING" };

impl Additions {
    /// Adds an opaque token.
    pub fn access_token(&mut self, hash: TokenHash, token: &OpaqueToken) {
        self.append(
            &ACCESS_TOKENS,
            vec![
                Value::Bytes(hash.to_vec()),
                token.client_id.as_str().into(),
                Value::OptionalText(token.family.as_ref().map(|family| family.as_str().to_owned())),
                token.claims.as_str().into(),
                token.expires_at.0.into(),
            ],
        );
    }
}

impl AccessTokens<'_> {
    /// An opaque token that counts: not expired, not revoked, nor its family.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live(&mut self, hash: TokenHash, now: Timestamp) -> Result<Option<OpaqueToken>> {
        let row = sql("SELECT a.client_id, a.family_id, a.claims, a.expires_at \
             FROM access_tokens a \
             LEFT JOIN families f ON f.id = a.family_id \
             WHERE a.hash = $1 AND a.revoked_at IS NULL AND a.expires_at > $2 AND f.revoked_at IS NULL")
        .bind(hash.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(OpaqueToken {
            client_id: row.try_get("client_id")?,
            family: row.try_get::<Option<String>>("family_id")?.map(FamilyId::from_stored),
            claims: row.try_get("claims")?,
            expires_at: Timestamp(row.try_get("expires_at")?),
        }))
    }

    /// Whether a token that has not expired counts: neither it nor its family was revoked, and its organization is active
    /// and was not disabled since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&mut self, id: &TokenId, organization: &OrganizationId) -> Result<bool> {
        let row = sql("SELECT id FROM organizations \
             WHERE id = $1 AND disabled_at IS NULL AND COALESCE(tokens_void_before, 0) <= $4 \
             AND NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = $2) \
             AND NOT EXISTS (SELECT 1 FROM families WHERE id = $3 AND revoked_at IS NOT NULL)")
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .bind(id.family().map_or_else(String::new, String::from))
        .bind(id.began_at().0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Revokes an opaque token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_opaque(&mut self, hash: TokenHash, now: Timestamp) -> Result<()> {
        sql("UPDATE access_tokens SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL")
            .bind(hash.to_vec())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        self.0.bump(Revision::Revocations);
        Ok(())
    }

    /// Revokes a signed token.
    pub fn revoke_signed(&mut self, id: &TokenId, now: Timestamp, expires_at: Timestamp) {
        self.0.append(&REVOKED_TOKENS, vec![id.as_str().into(), now.0.into(), expires_at.0.into()]);
        self.0.bump(Revision::Revocations);
    }
}
