//! Authorization codes: used once.

use sqlx::Row as _;

use super::families::{Family, family};
use crate::{
    clock::Timestamp,
    id::FamilyId,
    oauth::pkce::CodeChallenge,
    secret::TokenHash,
    storage::{
        Result, Tx,
        batch::{Table, Value},
    },
};

/// A code with the authorization it stands for.
#[derive(Debug, Clone)]
pub struct StoredCode {
    /// The hash of the code.
    pub hash: TokenHash,
    /// What it stands for.
    pub family: Family,
    /// Where it was sent, exactly as requested.
    pub redirect_uri: String,
    /// RFC 7636.
    pub challenge: Option<CodeChallenge>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Queries of codes.
pub struct AuthorizationCodes<'t>(&'t mut Tx);

impl Tx {
    /// Authorization codes.
    pub fn authorization_codes(&mut self) -> AuthorizationCodes<'_> {
        AuthorizationCodes(self)
    }
}

static CODES: Table = Table {
    name: "authorization_codes",
    columns: &["hash", "family_id", "redirect_uri", "code_challenge", "nonce", "created_at", "expires_at"],
    suffix: "",
};

impl AuthorizationCodes<'_> {
    /// Writes a new code; its family is written before it.
    pub fn insert(&mut self, code: &StoredCode) {
        self.0.append(
            &CODES,
            vec![
                Value::Bytes(code.hash.to_vec()),
                code.family.id.as_str().into(),
                code.redirect_uri.as_str().into(),
                Value::OptionalText(code.challenge.as_ref().map(|challenge| challenge.as_str().to_owned())),
                Value::OptionalText(code.nonce.clone()),
                code.family.created_at.0.into(),
                code.expires_at.0.into(),
            ],
        );
    }

    /// A code, used or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_hash(&mut self, hash: TokenHash) -> Result<Option<StoredCode>> {
        let row = sqlx::query(
            "SELECT c.redirect_uri, c.code_challenge, c.nonce, c.expires_at, c.used_at, \
             f.id, f.client_id, f.user_id, f.organization_id, f.session_id, f.sid, f.offline, f.scope, f.resources, \
             f.auth_time, f.acr, f.amr, f.created_at AS family_created_at, f.expires_at AS family_expires_at, f.revoked_at, \
             s.expires_at AS session_expires_at, s.ended_at AS session_ended_at \
             FROM authorization_codes c \
             JOIN families f ON f.id = c.family_id \
             LEFT JOIN sessions s ON s.id = f.session_id \
             WHERE c.hash = $1",
        )
        .bind(hash.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StoredCode {
            hash,
            family: family(&row)?,
            redirect_uri: row.try_get("redirect_uri")?,
            challenge: row.try_get::<Option<String>, _>("code_challenge")?.map(CodeChallenge::from_stored),
            nonce: row.try_get("nonce")?,
            expires_at: Timestamp(row.try_get("expires_at")?),
            used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp),
        }))
    }

    /// Marks the code used; `false` for all but one of those that try, however many try at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, hash: TokenHash, now: Timestamp) -> Result<bool> {
        let taken = sqlx::query(
            "UPDATE authorization_codes SET used_at = $2 \
             WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL) \
             RETURNING family_id",
        )
        .bind(hash.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(taken.is_some())
    }

    /// The family of a code, if it was used: what a replay revokes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn family_if_used(&mut self, hash: TokenHash) -> Result<Option<FamilyId>> {
        let row = sqlx::query("SELECT family_id FROM authorization_codes WHERE hash = $1 AND used_at IS NOT NULL")
            .bind(hash.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| row.try_get("family_id")).transpose()?.map(FamilyId::from_stored))
    }
}
