//! The one look per second: is there anything to do?

use crate::{
    clock::Timestamp,
    storage::{Result, Tx, sql},
};

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Events wait for their seal.
    pub unsealed: bool,
    /// Jobs are due.
    pub due: bool,
    /// Jobs wait, due or not.
    pub waiting: bool,
}

impl Tx {
    /// Looks, in one statement, for work that any node may do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pulse(&mut self, now: Timestamp) -> Result<Pulse> {
        let row = sql("SELECT \
               (SELECT COUNT(*) FROM (SELECT id FROM audit_events WHERE seal IS NULL LIMIT 1) AS a) AS unsealed, \
               (SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE failed_at IS NULL AND run_at <= $1 \
                 AND COALESCE(leased_until, 0) <= $1 LIMIT 1) AS j) AS due, \
               (SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE failed_at IS NULL LIMIT 1) AS w) AS waiting")
        .bind(now.0)
        .fetch_one(self.connection())
        .await?;
        let any = |column: &str| row.try_get::<i64>(column).map(|count| count > 0);
        Ok(Pulse { unsealed: any("unsealed")?, due: any("due")?, waiting: any("waiting")? })
    }
}
