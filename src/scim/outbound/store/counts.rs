//! How many people and groups an app has.

use super::PushedRows;
use crate::{
    clock::Timestamp,
    storage::{Result, sql},
};

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// People who are active in the app.
    pub people: i64,
    /// People who are there and not active.
    pub left: i64,
    /// Groups that are there.
    pub groups: i64,
    /// What waits to be sent.
    pub waiting: i64,
    /// What was refused.
    pub troubled: i64,
}

impl PushedRows<'_> {
    /// How many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&mut self) -> Result<Counts> {
        let row = sql("SELECT \
               COUNT(CASE WHEN kind = 'user' AND remote_id IS NOT NULL AND is_live = 1 THEN 1 END) AS people, \
               COUNT(CASE WHEN kind = 'user' AND remote_id IS NOT NULL AND is_live = 0 THEN 1 END) AS gone, \
               COUNT(CASE WHEN kind = 'group' AND remote_id IS NOT NULL THEN 1 END) AS groups_there, \
               COUNT(due_at) AS waiting, COUNT(trouble) AS troubled \
             FROM scim_pushed WHERE target_id = $1")
        .bind(self.target.as_str())
        .fetch_one(self.tx.connection())
        .await?;
        Ok(Counts {
            people: row.try_get("people")?,
            left: row.try_get("gone")?,
            groups: row.try_get("groups_there")?,
            waiting: row.try_get("waiting")?,
            troubled: row.try_get("troubled")?,
        })
    }

    /// People who are active in the app, and those who left since `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn crowd(&mut self, since: Timestamp) -> Result<(u64, u64)> {
        let row = sql("SELECT \
               (SELECT COUNT(*) FROM scim_pushed WHERE target_id = $1 AND kind = 'user' AND is_live = 1) AS live, \
               (SELECT COUNT(*) FROM scim_pushed WHERE target_id = $1 AND left_at > $2 AND is_live = 0) AS gone")
        .bind(self.target.as_str())
        .bind(since.0)
        .fetch_one(self.tx.connection())
        .await?;
        let count = |column: &str| row.try_get::<i64>(column).map(|many| u64::try_from(many).unwrap_or(0));
        Ok((count("live")?, count("gone")?))
    }
}
