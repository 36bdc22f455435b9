//! What happened since a moment: what a restore from backup has undone.

use std::collections::BTreeMap;

use super::{
    Audit,
    events::{COLUMNS, recorded},
};
use crate::{
    audit::{Chain, Recorded},
    clock::Timestamp,
    storage::{Result, batch::in_list, sql},
};

impl Audit<'_> {
    /// Events of these actions at or after `from`, oldest first; at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn since(&mut self, from: Timestamp, actions: &[&'static str], limit: i64) -> Result<Vec<Recorded>> {
        let text =
            format!("{COLUMNS} WHERE at >= $1 AND action IN ({}) ORDER BY id LIMIT $2", in_list(3, actions.len()));
        let query = sql(text).bind(from.0).bind(limit);
        let query = actions.iter().fold(query, |query, action| query.bind(*action));
        query.fetch_all(self.0.connection()).await?.iter().map(recorded).collect()
    }

    /// When the oldest event happened that waits for its seal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn oldest_unsealed(&mut self) -> Result<Option<Timestamp>> {
        let row = sql("SELECT at FROM audit_events WHERE seal IS NULL ORDER BY id LIMIT 1")
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| Ok(Timestamp(row.try_get("at")?))).transpose()
    }

    /// The number of the last link of every chain.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_seals(&mut self) -> Result<BTreeMap<Chain, i64>> {
        let rows = sql("SELECT chain, MAX(seal) AS seal FROM audit_seals GROUP BY chain")
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok((Chain::from_stored(row.try_get("chain")?), row.try_get("seal")?))).collect()
    }

    /// The number of the last link of a chain; zero of an empty one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_seal(&mut self, chain: &Chain) -> Result<i64> {
        let row = sql("SELECT COALESCE(MAX(seal), 0) AS seal FROM audit_seals WHERE chain = $1")
            .bind(chain.as_str())
            .fetch_one(self.0.connection())
            .await?;
        row.try_get("seal")
    }

    /// Events of these actions that the links of a chain cover after the first number, up to the second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_seals(
        &mut self,
        chain: &Chain,
        (after, upto): (i64, i64),
        actions: &[&'static str],
    ) -> Result<Vec<Recorded>> {
        if upto <= after {
            return Ok(vec![]);
        }
        let text = format!(
            "{COLUMNS} WHERE chain = $1 AND seal > $2 AND seal <= $3 AND action IN ({}) ORDER BY seal, id",
            in_list(4, actions.len())
        );
        let query = sql(text).bind(chain.as_str()).bind(after).bind(upto).bind_all(actions.iter().copied());
        query.fetch_all(self.0.connection()).await?.iter().map(recorded).collect()
    }

    /// When the newest event happened.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest(&mut self) -> Result<Option<Timestamp>> {
        let row =
            sql("SELECT at FROM audit_events ORDER BY id DESC LIMIT 1").fetch_optional(self.0.connection()).await?;
        row.map(|row| Ok(Timestamp(row.try_get("at")?))).transpose()
    }
}
