//! What was seen in an app when it was last read as a whole.

use super::{
    PushedRows,
    pushed::{Pushed, pushed, select, stored},
};
use crate::{
    clock::Timestamp,
    scim::ResourceType,
    storage::{
        Result,
        batch::{in_list, padded},
        sql,
    },
};

impl PushedRows<'_> {
    /// Notes that these were seen in the app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seen(&mut self, ids: &[String], now: Timestamp) -> Result<()> {
        for list in padded(ids) {
            let statement = format!(
                "UPDATE scim_pushed SET seen_at = $2 WHERE target_id = $1 AND id IN ({})",
                in_list(3, list.len())
            );
            let query = sql(statement).bind(self.target.as_str()).bind(now.0).bind_all(list);
            query.execute(self.tx.connection()).await?;
        }
        Ok(())
    }

    /// Those that were not seen in the app since `since`, though they should be there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unseen(&mut self, kind: ResourceType, since: Timestamp, limit: u32) -> Result<Vec<Pushed>> {
        let rows = sql(select!(
            "AND kind = $2 AND remote_id IS NOT NULL AND (seen_at IS NULL OR seen_at < $3) ORDER BY id LIMIT $4"
        ))
        .bind(self.target.as_str())
        .bind(stored(kind))
        .bind(since.0)
        .bind(i64::from(limit))
        .fetch_all(self.tx.connection())
        .await?;
        rows.iter().map(pushed).collect()
    }
}
