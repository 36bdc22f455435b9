//! Removing what has expired, in bounded batches, so that nobody waits long behind it.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    storage::{Result, Tx},
};

/// Rows of one statement.
const BATCH: i64 = 500;

/// How long an expired code is kept: until then its replay is recognized and not merely unknown.
const REPLAY_MEMORY: Duration = Duration::from_hours(24);

/// Whether there is more to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleaned {
    /// Run it again soon.
    More,
    /// Nothing is left.
    All,
}

/// Removal of expired rows.
pub struct Cleanup<'t>(&'t mut Tx);

impl Tx {
    /// Removes what has expired in OAuth.
    pub fn oauth_cleanup(&mut self) -> Cleanup<'_> {
        Cleanup(self)
    }
}

/// Children before parents; a family goes when nothing refers to it.
const STATEMENTS: [(&str, Duration); 6] = [
    (
        "DELETE FROM stored_requests WHERE token_hash IN \
         (SELECT token_hash FROM stored_requests WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        Duration::ZERO,
    ),
    (
        "DELETE FROM revoked_tokens WHERE jti IN \
         (SELECT jti FROM revoked_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        Duration::from_mins(5),
    ),
    (
        "DELETE FROM access_tokens WHERE hash IN \
         (SELECT hash FROM access_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        Duration::ZERO,
    ),
    (
        "DELETE FROM authorization_codes WHERE hash IN \
         (SELECT hash FROM authorization_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        REPLAY_MEMORY,
    ),
    (
        "DELETE FROM refresh_tokens WHERE hash IN \
         (SELECT hash FROM refresh_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        REPLAY_MEMORY,
    ),
    (
        "DELETE FROM families WHERE id IN \
         (SELECT id FROM families f WHERE f.expires_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM authorization_codes c WHERE c.family_id = f.id) \
         AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.family_id = f.id) \
         ORDER BY f.expires_at LIMIT $2)",
        REPLAY_MEMORY,
    ),
];

impl Cleanup<'_> {
    /// Removes one batch of each kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&mut self, now: Timestamp) -> Result<Cleaned> {
        let mut left = Cleaned::All;
        for (statement, memory) in STATEMENTS {
            let removed =
                sqlx::query(statement).bind(now.minus(memory).0).bind(BATCH).execute(self.0.connection()).await?;
            if removed.rows_affected() >= BATCH.unsigned_abs() {
                left = Cleaned::More;
            }
        }
        Ok(left)
    }
}
