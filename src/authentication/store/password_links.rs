//! Links to a new password: mailed, good for an hour and for one use.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    id::UserId,
    secret::TokenHash,
    storage::{Result, Tx, sql},
};

/// How long a link is good.
const LIFE: Duration = Duration::from_secs(3600);

/// Queries of links.
pub struct PasswordLinks<'t>(&'t mut Tx);

impl Tx {
    /// Links to a new password.
    pub fn password_links(&mut self) -> PasswordLinks<'_> {
        PasswordLinks(self)
    }
}

impl PasswordLinks<'_> {
    /// Adds a link; earlier ones of the same person are void.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, user: &UserId, token: TokenHash, now: Timestamp) -> Result<()> {
        self.void(user, now).await?;
        sql("INSERT INTO mailed_links (token_hash, user_id, purpose, created_at, expires_at) \
             VALUES ($1, $2, 'password', $3, $4)")
        .bind(token.to_vec())
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .bind(now.plus(LIFE).0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Whose link it is, while it is good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, token: TokenHash, now: Timestamp) -> Result<Option<UserId>> {
        let row = sql("SELECT user_id FROM mailed_links \
             WHERE token_hash = $1 AND purpose = 'password' AND used_at IS NULL AND expires_at > $2")
        .bind(token.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(UserId::from_stored(row.try_get("user_id")?))).transpose()
    }

    /// Uses a link up; of two at once, one gets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn redeem(&mut self, token: TokenHash, now: Timestamp) -> Result<Option<UserId>> {
        let row = sql("UPDATE mailed_links SET used_at = $2, redeemed_at = $2 \
             WHERE token_hash = $1 AND purpose = 'password' AND used_at IS NULL AND expires_at > $2 \
             RETURNING user_id")
        .bind(token.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(UserId::from_stored(row.try_get("user_id")?))).transpose()
    }

    /// Whether a person has chosen a password by a link since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_redeemed_since(&mut self, user: &UserId, since: Timestamp) -> Result<bool> {
        let row = sql("SELECT user_id FROM mailed_links \
             WHERE user_id = $1 AND purpose = 'password' AND redeemed_at > $2 LIMIT 1")
        .bind(user.as_str().to_owned())
        .bind(since.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Makes every link of a person void.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn void(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE mailed_links SET used_at = $2 WHERE user_id = $1 AND purpose = 'password' AND used_at IS NULL")
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
