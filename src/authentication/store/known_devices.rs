//! Browsers in which people have completed a sign-in.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    id::UserId,
    secret::TokenHash,
    session::Session,
    storage::{Result, Tx, sql},
};

/// A device is known again by its next sign-in; so many of a person are kept, those that were used last.
const MOST: i64 = 30;
/// A use is written down this often at most.
const GRAIN: Duration = Duration::from_mins(1);

/// Queries of known devices.
pub struct KnownDevices<'t>(&'t mut Tx);

impl Tx {
    /// Browsers in which people have completed a sign-in.
    pub fn known_devices(&mut self) -> KnownDevices<'_> {
        KnownDevices(self)
    }
}

impl KnownDevices<'_> {
    /// Whether the person has signed in there before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_known(&mut self, user: &UserId, browser: TokenHash) -> Result<bool> {
        let row =
            sql("SELECT first_at FROM known_devices WHERE user_id = $1 AND browser_hash = $2 AND forgotten_at IS NULL")
                .bind(user.as_str().to_owned())
                .bind(browser.to_vec())
                .fetch_optional(self.0.connection())
                .await?;
        Ok(row.is_some())
    }

    /// Those in which the person is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn browsers(&mut self, user: &UserId) -> Result<Vec<TokenHash>> {
        let rows = sql("SELECT browser_hash FROM known_devices WHERE user_id = $1 AND forgotten_at IS NULL LIMIT $2")
            .bind(user.as_str().to_owned())
            .bind(MOST)
            .fetch_all(self.0.connection())
            .await?;
        let hashes: Result<Vec<Vec<u8>>> = rows.iter().map(|row| row.try_get("browser_hash")).collect();
        Ok(hashes?.iter().filter_map(|hash| TokenHash::from_stored(hash)).collect())
    }

    /// Whether the person is not known there, and has signed in in others: also in those that were forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_strange(&mut self, user: &UserId, browser: TokenHash) -> Result<bool> {
        if self.is_known(user, browser).await? {
            return Ok(false);
        }
        let row = sql("SELECT first_at FROM known_devices WHERE user_id = $1 LIMIT 1")
            .bind(user.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// The person has signed in there; whether that is new, though they are known elsewhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&mut self, of: &Session, browser: TokenHash, now: Timestamp) -> Result<bool> {
        let row = sql("INSERT INTO known_devices (user_id, browser_hash, user_agent, factors, first_at, last_at) \
             VALUES ($1, $2, $3, $4, $5, $5) \
             ON CONFLICT (user_id, browser_hash) DO UPDATE SET \
             first_at = CASE WHEN known_devices.forgotten_at IS NULL THEN known_devices.first_at ELSE excluded.first_at END, \
             last_at = excluded.last_at, user_agent = excluded.user_agent, factors = excluded.factors, forgotten_at = NULL \
             WHERE known_devices.last_at < $6 OR known_devices.last_at > excluded.last_at \
             OR known_devices.forgotten_at IS NOT NULL \
             RETURNING first_at")
        .bind(of.user.as_str().to_owned())
        .bind(browser.to_vec())
        .bind(of.user_agent.clone())
        .bind(of.amr.join(" "))
        .bind(now.0)
        .bind(now.minus(GRAIN).0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(false) };
        if row.try_get::<i64>("first_at")? != now.0 {
            return Ok(false);
        }
        self.forget_oldest(&of.user).await?;
        let other = sql("SELECT first_at FROM known_devices WHERE user_id = $1 AND browser_hash <> $2 LIMIT 1")
            .bind(of.user.as_str().to_owned())
            .bind(browser.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(other.is_some())
    }

    /// The person is not asked for a second factor there again, from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember(&mut self, user: &UserId, browser: TokenHash, now: Timestamp) -> Result<()> {
        sql("UPDATE known_devices SET remembered_at = $3 WHERE user_id = $1 AND browser_hash = $2")
            .bind(user.as_str().to_owned())
            .bind(browser.to_vec())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Since when the person is not asked for a second factor there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remembered_at(&mut self, user: &UserId, browser: TokenHash) -> Result<Option<Timestamp>> {
        let row = sql("SELECT remembered_at FROM known_devices WHERE user_id = $1 AND browser_hash = $2")
            .bind(user.as_str().to_owned())
            .bind(browser.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(row.try_get::<Option<i64>>("remembered_at")?.map(Timestamp))
    }

    /// In how many browsers the person is not asked since `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remembered(&mut self, user: &UserId, since: Timestamp) -> Result<usize> {
        let rows = sql("SELECT remembered_at FROM known_devices WHERE user_id = $1 AND remembered_at > $2 LIMIT $3")
            .bind(user.as_str().to_owned())
            .bind(since.0)
            .bind(MOST)
            .fetch_all(self.0.connection())
            .await?;
        Ok(rows.len())
    }

    /// The person is asked everywhere again; how many browsers that changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_again(&mut self, user: &UserId) -> Result<u64> {
        sql("UPDATE known_devices SET remembered_at = NULL WHERE user_id = $1 AND remembered_at IS NOT NULL")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await
    }

    /// The person is known in none of them any more but in `here`, if they are: whoever has used others may not be the
    /// person. They are asked for a second factor everywhere again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&mut self, user: &UserId, here: Option<TokenHash>, now: Timestamp) -> Result<()> {
        sql("UPDATE known_devices SET remembered_at = NULL, \
             forgotten_at = CASE WHEN browser_hash = $2 THEN forgotten_at ELSE $3 END WHERE user_id = $1")
        .bind(user.as_str().to_owned())
        .bind(here.map(TokenHash::to_vec).unwrap_or_default())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    async fn forget_oldest(&mut self, user: &UserId) -> Result<()> {
        sql("DELETE FROM known_devices WHERE user_id = $1 AND browser_hash NOT IN \
             (SELECT browser_hash FROM known_devices WHERE user_id = $1 ORDER BY last_at DESC, browser_hash LIMIT $2)")
        .bind(user.as_str().to_owned())
        .bind(MOST)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}
