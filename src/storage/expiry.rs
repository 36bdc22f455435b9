//! What is removed when its time has passed: tables with the column that says when, and how long rows are kept after it.
//!
//! A code or token is kept for a while after its end, so that its replay is still seen for what it is. What others refer
//! to goes last, and only when nothing refers to it any more.

use std::time::Duration;

use super::{Result, Tx, sql};
use crate::clock::Timestamp;

/// A table whose rows expire.
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    delete: &'static str,
    kept: Duration,
}

/// What was sent counts for so long.
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// Browsers keep cookies for 400 days at most.
const YEAR: Duration = Duration::from_secs(400 * 86_400);
const QUARTER: Duration = Duration::from_secs(90 * 86_400);
const MONTH: Duration = Duration::from_secs(30 * 86_400);

macro_rules! expiring {
    ($($table:literal by $key:literal when $condition:literal kept $kept:expr $(, unless $($referring:literal on $reference:literal),+)?;)*) => {
        /// Every table whose rows expire; those that others refer to come last. `$1` is the end of what is not kept.
        pub const ALL: &[Expiring] = &[$(Expiring {
            delete: concat!(
                "DELETE FROM ", $table, " WHERE (", $key, ") IN (SELECT ", $key, " FROM ", $table, " WHERE ", $condition,
                $($(" AND NOT EXISTS (SELECT 1 FROM ", $referring, " WHERE ", $reference, ")",)+)?
                " LIMIT 500)"
            ),
            kept: $kept,
        },)*];
    };
}

expiring! {
    "upstream_requests" by "hash" when "expires_at < $1" kept Duration::ZERO;
    "stored_requests" by "token_hash" when "expires_at < $1" kept Duration::ZERO;
    "pushed_requests" by "hash" when "expires_at < $1" kept Duration::ZERO;
    "saml_requests" by "hash" when "expires_at < $1" kept Duration::ZERO;
    "replays" by "hash" when "expires_at < $1" kept Duration::ZERO;
    "revoked_tokens" by "jti" when "expires_at < $1" kept DAY;
    "access_tokens" by "hash" when "expires_at < $1" kept DAY;
    "authorization_codes" by "hash" when "expires_at < $1" kept DAY;
    "refresh_tokens" by "hash" when "expires_at < $1" kept DAY;
    "deferred_requests" by "id" when "expires_at < $1" kept DAY;
    "mailed_links" by "token_hash" when "expires_at < $1" kept MONTH;
    "safety_links" by "token_hash" when "expires_at < $1" kept MONTH;
    "recoveries" by "id" when "expires_at < $1" kept MONTH;
    "sent_codes" by "id" when "sent_at < $1" kept HOUR;
    "factors" by "id" when "confirmed_at IS NULL AND created_at < $1" kept DAY;
    "jobs" by "id" when "failed_at < $1" kept MONTH;
    "registration_tokens" by "id" when "expires_at < $1" kept MONTH;
    "logouts" by "id" when "created_at < $1" kept MONTH;
    "throttles" by "key" when "clear_at < $1 AND (locked_at IS NULL OR locked_until < $1)" kept Duration::ZERO;
    "sign_in_places" by "user_id, country" when "last_at < $1" kept YEAR;
    "failed_accounts" by "network, account" when "failed_at < $1" kept DAY;
    "known_devices" by "user_id, browser_hash" when "last_at < $1" kept YEAR;
    "upstream_runs" by "id" when "begun_at < $1" kept QUARTER;
    "families" by "id" when "expires_at < $1" kept MONTH, unless
        "refresh_tokens" on "family_id = families.id",
        "authorization_codes" on "family_id = families.id",
        "access_tokens" on "family_id = families.id";
    "session_organizations" by "sid" when "session_id IN (SELECT id FROM sessions WHERE expires_at < $1)" kept MONTH, unless
        "families" on "session_id = session_organizations.session_id";
    "sessions" by "id" when "expires_at < $1" kept MONTH, unless
        "families" on "session_id = sessions.id",
        "session_organizations" on "session_id = sessions.id";
}

impl Tx {
    /// Removes up to 500 rows whose time has passed; answers whether there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_expired(&mut self, what: Expiring, now: Timestamp) -> Result<bool> {
        let done = sql(what.delete).bind(now.minus(what.kept).0).execute(self.connection()).await?;
        Ok(done >= 500)
    }
}
