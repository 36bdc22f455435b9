//! Failed sign-ins by account: the count that survives a restart and is shared by all nodes.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    secret::TokenHash,
    storage::{Result, Tx, sql},
};

/// Queries of failed sign-ins. A key is the hash of a folded login name.
pub struct Throttles<'t>(&'t mut Tx);

impl Tx {
    /// Failed sign-ins.
    pub fn throttles(&mut self) -> Throttles<'_> {
        Throttles(self)
    }
}

impl Throttles<'_> {
    /// When all failures will be forgotten, and the last one; `None` without any.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, key: TokenHash) -> Result<Option<(Timestamp, Timestamp)>> {
        let row = sql("SELECT clear_at, last_at FROM throttles WHERE key = $1")
            .bind(key.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| Ok((Timestamp(row.try_get("clear_at")?), Timestamp(row.try_get("last_at")?)))).transpose()
    }

    /// The same, kept so until the commit: of attempts at once, on whatever node, each sees what the one before it counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&mut self, key: TokenHash) -> Result<(Timestamp, Timestamp)> {
        let row = sql("INSERT INTO throttles (key, clear_at, last_at) VALUES ($1, 0, 0) \
             ON CONFLICT (key) DO UPDATE SET last_at = throttles.last_at \
             RETURNING clear_at, last_at")
        .bind(key.to_vec())
        .fetch_one(self.0.connection())
        .await?;
        Ok((Timestamp(row.try_get("clear_at")?), Timestamp(row.try_get("last_at")?)))
    }

    /// Counts a failure, which is forgotten after `recovery`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail(&mut self, key: TokenHash, recovery: Duration, now: Timestamp) -> Result<()> {
        sql("INSERT INTO throttles (key, clear_at, last_at) \
             VALUES ($1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, clear_at = excluded.clear_at \
             + CASE WHEN throttles.clear_at > excluded.last_at THEN throttles.clear_at - excluded.last_at ELSE 0 END")
        .bind(key.to_vec())
        .bind(now.plus(recovery).0)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Forgets the failures of an account that signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive(&mut self, key: TokenHash) -> Result<()> {
        sql("DELETE FROM throttles WHERE key = $1").bind(key.to_vec()).execute(self.0.connection()).await?;
        Ok(())
    }
}
