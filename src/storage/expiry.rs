//! What is removed when its time has passed: tables with the column that says when, and how long rows are kept after it.
//!
//! A code or token is kept for a while after its end, so that its replay is still seen for what it is.

use std::time::Duration;

use super::{Result, Tx};
use crate::clock::Timestamp;

/// A table whose rows expire.
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    delete: &'static str,
    kept: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);
const MONTH: Duration = Duration::from_secs(30 * 86_400);

macro_rules! expiring {
    ($($table:literal by $key:literal at $column:literal kept $kept:expr;)*) => {
        /// Every table whose rows expire; those that others refer to come last.
        pub const ALL: &[Expiring] = &[$(Expiring {
            delete: concat!(
                "DELETE FROM ", $table, " WHERE ", $key, " IN (SELECT ", $key, " FROM ", $table,
                " WHERE ", $column, " < $1 LIMIT 500)"
            ),
            kept: $kept,
        },)*];
    };
}

expiring! {
    "stored_requests" by "token_hash" at "expires_at" kept DAY;
    "revoked_tokens" by "jti" at "expires_at" kept DAY;
    "access_tokens" by "hash" at "expires_at" kept DAY;
    "authorization_codes" by "hash" at "expires_at" kept DAY;
    "refresh_tokens" by "hash" at "expires_at" kept DAY;
    "mailed_links" by "token_hash" at "expires_at" kept MONTH;
    "throttles" by "key" at "last_at" kept DAY;
}

impl Tx {
    /// Removes up to 500 rows whose time has passed; answers whether there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_expired(&mut self, what: Expiring, now: Timestamp) -> Result<bool> {
        let done = sqlx::query(what.delete).bind(now.minus(what.kept).0).execute(self.connection()).await?;
        Ok(done.rows_affected() >= 500)
    }
}
