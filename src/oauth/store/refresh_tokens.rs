//! Refresh tokens: each is used once and has one successor (RFC 9700 §4.14.2).

use std::time::Duration;

use super::families::{Family, family, select_with_family, take_once, taken};
use crate::{
    clock::Timestamp,
    id::FamilyId,
    secret::TokenHash,
    storage::{Result, Tx, Value, batch::Table, sql},
};

/// A refresh token with the authorization it continues.
#[derive(Debug, Clone)]
pub struct StoredRefreshToken {
    /// The hash of the token.
    pub hash: TokenHash,
    /// What it continues.
    pub family: Family,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When it was used a second time, by a client that lost the answer.
    pub repeated_at: Option<Timestamp>,
}

/// Queries of refresh tokens.
pub struct RefreshTokens<'t>(&'t mut Tx);

impl Tx {
    /// Refresh tokens.
    pub fn refresh_tokens(&mut self) -> RefreshTokens<'_> {
        RefreshTokens(self)
    }
}

static REFRESH_TOKENS: Table =
    Table { name: "refresh_tokens", columns: &["hash", "family_id", "created_at", "expires_at"], suffix: "" };

impl RefreshTokens<'_> {
    /// Writes the first token of a family.
    pub fn insert_first(&mut self, hash: TokenHash, family: &FamilyId, now: Timestamp, expires_at: Timestamp) {
        let values = vec![Value::Bytes(hash.to_vec()), family.as_str().into(), now.0.into(), expires_at.0.into()];
        self.0.append(&REFRESH_TOKENS, values);
    }

    /// Writes the successor of `parent`. At once, not with the commit: a repetition of the parent in the same commit has
    /// to find it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_successor(
        &mut self,
        hash: TokenHash,
        parent: &StoredRefreshToken,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        sql("INSERT INTO refresh_tokens (hash, family_id, parent_hash, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)")
        .bind(hash.to_vec())
        .bind(parent.family.id.as_str().to_owned())
        .bind(parent.hash.to_vec())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// A token, used or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_hash(&mut self, hash: TokenHash) -> Result<Option<StoredRefreshToken>> {
        let row = sql(select_with_family!(
            "refresh_tokens AS own JOIN families AS f ON f.id = own.family_id",
            "own.created_at, own.expires_at, own.used_at, own.repeated_at",
            "own.hash = $1"
        ))
        .bind(hash.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StoredRefreshToken {
            hash,
            family: family(&row)?,
            created_at: Timestamp(row.try_get("created_at")?),
            expires_at: Timestamp(row.try_get("expires_at")?),
            used_at: row.try_get::<Option<i64>>("used_at")?.map(Timestamp),
            repeated_at: row.try_get::<Option<i64>>("repeated_at")?.map(Timestamp),
        }))
    }

    /// Marks the token used; `false` for all but one of those that try, however many try at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, hash: TokenHash, now: Timestamp) -> Result<bool> {
        taken(self.0, take_once!("refresh_tokens"), hash, now).await
    }

    /// Lets a client that lost the answer use the token again: once, within `window` of its use, while no successor was
    /// used. The successor it never got is dead from now on: whoever shows it holds a stolen one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repeat(&mut self, hash: TokenHash, now: Timestamp, window: Duration) -> Result<bool> {
        let repeated = sql(
            "UPDATE refresh_tokens SET repeated_at = $2 \
             WHERE hash = $1 AND repeated_at IS NULL AND used_at >= $3 AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL) \
             AND NOT EXISTS (SELECT 1 FROM refresh_tokens n WHERE n.family_id = refresh_tokens.family_id AND n.parent_hash = $1 AND n.used_at IS NOT NULL) \
             RETURNING family_id",
        )
        .bind(hash.to_vec())
        .bind(now.0)
        .bind(now.minus(window).0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = repeated else { return Ok(false) };
        // Another transaction may have used the successor since the condition above was evaluated: then none is left to
        // kill, and two branches would live.
        let killed = sql("UPDATE refresh_tokens SET used_at = $3, repeated_at = $3 \
             WHERE family_id = $2 AND parent_hash = $1 AND used_at IS NULL")
        .bind(hash.to_vec())
        .bind(row.try_get::<String>("family_id")?)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(killed == 1)
    }
}
