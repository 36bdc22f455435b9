//! Tasks that one node does for all: held for a while, taken over when the holder dies.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    id::NodeId,
    storage::{Result, Tx, sql},
};

/// Named leases.
pub struct Leases<'t>(&'t mut Tx);

impl Tx {
    /// Tasks that one node does for all.
    pub fn leases(&mut self) -> Leases<'_> {
        Leases(self)
    }
}

impl Leases<'_> {
    /// Takes or keeps the lease `name` for `node`; answers whether it has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&mut self, name: &'static str, node: &NodeId, now: Timestamp, length: Duration) -> Result<bool> {
        let row = sql("INSERT INTO leases (name, holder, until) \
             VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
             WHERE leases.holder = excluded.holder OR leases.until <= $4 \
             RETURNING name")
        .bind(name)
        .bind(node.as_str().to_owned())
        .bind(now.plus(length).0)
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Gives back every lease of `node`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&mut self, node: &NodeId) -> Result<()> {
        sql("DELETE FROM leases WHERE holder = $1").bind(node.as_str().to_owned()).execute(self.0.connection()).await?;
        Ok(())
    }
}
