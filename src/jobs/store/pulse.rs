//! The one look per second: is there anything to do?

use std::time::Duration;

use crate::{
    clock::Timestamp,
    storage::{Result, Tx, sql},
};

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub struct Pulse {
    /// Events wait for their seal.
    pub unsealed: bool,
    /// Jobs are due.
    pub due: bool,
    /// Jobs wait, due or not.
    pub waiting: bool,
    /// An app was not told for too long that a session has ended, and nobody said so.
    pub late: bool,
    /// People and groups are pushed to some app: of that, what is due comes without a write.
    pub pushing: bool,
    /// Whether there are directories that are read.
    pub reading: bool,
}

/// An app that was not told of the end of a session for so long is a matter for people.
pub const TOO_LATE: Duration = Duration::from_mins(5);

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
               (SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE failed_at IS NULL LIMIT 1) AS w) AS waiting, \
               (SELECT COUNT(*) FROM (SELECT id FROM logouts WHERE delivered_at IS NULL AND failed_at IS NULL \
                 AND alerted_at IS NULL AND created_at <= $2 LIMIT 1) AS l) AS late, \
               (SELECT COUNT(*) FROM (SELECT id FROM scim_targets WHERE paused_at IS NULL AND removed_at IS NULL \
                 LIMIT 1) AS t) AS pushing, \
               (SELECT COUNT(*) FROM (SELECT id FROM upstreams WHERE kind = 'ldap' AND paused_at IS NULL \
                 AND removed_at IS NULL LIMIT 1) AS u) AS reading")
        .bind(now.0)
        .bind(now.minus(TOO_LATE).0)
        .fetch_one(self.connection())
        .await?;
        let any = |column: &str| row.try_get::<i64>(column).map(|count| count > 0);
        Ok(Pulse {
            unsealed: any("unsealed")?,
            due: any("due")?,
            waiting: any("waiting")?,
            late: any("late")?,
            pushing: any("pushing")?,
            reading: any("reading")?,
        })
    }
}
