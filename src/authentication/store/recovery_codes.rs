//! Recovery codes of people.

use crate::{
    clock::Timestamp,
    id::UserId,
    secret::TokenHash,
    storage::{
        Result, Tx,
        batch::{self, Rows, Table},
        sql,
    },
};

static RECOVERY_CODES: Table =
    Table { name: "recovery_codes", columns: &["user_id", "code_hash", "created_at"], suffix: "" };

/// Queries of recovery codes.
pub struct RecoveryCodes<'t>(&'t mut Tx);

impl Tx {
    /// Recovery codes of people.
    pub fn recovery_codes(&mut self) -> RecoveryCodes<'_> {
        RecoveryCodes(self)
    }
}

impl RecoveryCodes<'_> {
    /// Puts new ones in the place of all that the person had.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(&mut self, user: &UserId, codes: &[TokenHash], now: Timestamp) -> Result<()> {
        sql("DELETE FROM recovery_codes WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        let row = |code: &TokenHash| vec![user.as_str().into(), code.to_vec().into(), now.0.into()];
        let rows = Rows { table: &RECOVERY_CODES, values: codes.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    /// Uses a code up; of two at once, one gets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, user: &UserId, code: TokenHash, now: Timestamp) -> Result<bool> {
        let taken =
            sql("UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL")
                .bind(user.as_str().to_owned())
                .bind(code.to_vec())
                .bind(now.0)
                .execute(self.0.connection())
                .await?;
        Ok(taken == 1)
    }

    /// Whether one was used at this instant: a session that was proved then was proved by it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_used_at(&mut self, user: &UserId, at: Timestamp) -> Result<bool> {
        let row = sql("SELECT user_id FROM recovery_codes WHERE user_id = $1 AND used_at = $2 LIMIT 1")
            .bind(user.as_str().to_owned())
            .bind(at.0)
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// How many are left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn left(&mut self, user: &UserId) -> Result<usize> {
        let row = sql("SELECT COUNT(*) AS count FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL")
            .bind(user.as_str().to_owned())
            .fetch_one(self.0.connection())
            .await?;
        Ok(usize::try_from(row.try_get::<i64>("count")?).unwrap_or(0))
    }
}
