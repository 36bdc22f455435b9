//! Factors whose codes are sent to the person.

use super::factors::{Factors, counted};
use crate::{
    authentication::factor::{Factor, Kind},
    clock::Timestamp,
    id::{FactorId, UserId},
    storage::{Result, sql},
};

impl Factors<'_> {
    /// Adds a factor whose codes are sent, which counts at once; `sealed` is where they go, where that is a secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_sent(&mut self, factor: &Factor, sealed: Vec<u8>) -> Result<()> {
        sql("INSERT INTO factors (id, user_id, kind, name, sealed_secret, created_at, confirmed_at, last_used_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $6)")
        .bind(factor.id.as_str().to_owned())
        .bind(factor.user.as_str().to_owned())
        .bind(factor.kind.as_str())
        .bind(factor.name.clone())
        .bind(sealed)
        .bind(factor.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Where codes of a factor are sent to, sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent_to(&mut self, id: &FactorId) -> Result<Option<Vec<u8>>> {
        let row = sql("SELECT sealed_secret FROM factors WHERE id = $1 AND kind = 'sms'")
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| row.try_get("sealed_secret")).transpose()
    }

    /// A code that was sent was taken; `false` where the factor is gone or closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_sent(&mut self, id: &FactorId, now: Timestamp) -> Result<bool> {
        let used = sql("UPDATE factors SET last_used_at = $2 WHERE id = $1 AND closed_at IS NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(used == 1)
    }

    /// Codes are mailed to another address from now on, which was proved.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_mail(&mut self, user: &UserId, email: &str, now: Timestamp) -> Result<()> {
        sql("UPDATE factors SET name = $2, confirmed_at = $3 \
             WHERE user_id = $1 AND kind = 'email' AND confirmed_at IS NOT NULL AND closed_at IS NULL")
        .bind(user.as_str().to_owned())
        .bind(email.to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Closes those of a kind for good, and says which were open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_kind(&mut self, user: &UserId, kind: Kind, now: Timestamp) -> Result<Vec<FactorId>> {
        let rows = sql("UPDATE factors SET closed_at = $3 \
             WHERE user_id = $1 AND kind = $2 AND confirmed_at IS NOT NULL AND closed_at IS NULL \
             RETURNING id, confirmed_at")
        .bind(user.as_str().to_owned())
        .bind(kind.as_str())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        counted(&rows)
    }

    /// Removes those of a kind, and says which counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_kind(&mut self, user: &UserId, kind: Kind) -> Result<Vec<FactorId>> {
        let rows = sql("DELETE FROM factors WHERE user_id = $1 AND kind = $2 RETURNING id, confirmed_at")
            .bind(user.as_str().to_owned())
            .bind(kind.as_str())
            .fetch_all(self.0.connection())
            .await?;
        counted(&rows)
    }
}
