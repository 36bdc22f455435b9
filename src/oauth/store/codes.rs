//! Authorization codes: used once.

use super::families::{Family, family, select_with_family, take_once, taken};
use crate::{
    clock::Timestamp,
    id::FamilyId,
    oauth::pkce::CodeChallenge,
    secret::TokenHash,
    storage::{Result, Tx, Value, batch::Table, sql},
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
        let row = sql(select_with_family!(
            "authorization_codes AS own JOIN families AS f ON f.id = own.family_id",
            "own.redirect_uri, own.code_challenge, own.nonce, own.expires_at, own.used_at",
            "own.hash = $1"
        ))
        .bind(hash.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StoredCode {
            hash,
            family: family(&row)?,
            redirect_uri: row.try_get("redirect_uri")?,
            challenge: row.try_get::<Option<String>>("code_challenge")?.map(CodeChallenge::from_stored),
            nonce: row.try_get("nonce")?,
            expires_at: Timestamp(row.try_get("expires_at")?),
            used_at: row.try_get::<Option<i64>>("used_at")?.map(Timestamp),
        }))
    }

    /// Marks the code used; `false` for all but one of those that try, however many try at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, hash: TokenHash, now: Timestamp) -> Result<bool> {
        taken(self.0, take_once!("authorization_codes"), hash, now).await
    }

    /// The family of a code, if it was used: what a replay revokes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn family_if_used(&mut self, hash: TokenHash) -> Result<Option<FamilyId>> {
        let row = sql("SELECT family_id FROM authorization_codes WHERE hash = $1 AND used_at IS NOT NULL")
            .bind(hash.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| row.try_get("family_id")).transpose()?.map(FamilyId::from_stored))
    }
}
