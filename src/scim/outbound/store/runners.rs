//! Which apps have something to do, and which node works on each.

use std::time::Duration;

use super::Targets;
use crate::{
    clock::Timestamp,
    id::{NodeId, TargetId},
    storage::{Result, sql},
};

impl Targets<'_> {
    /// Targets that have something to do and that nobody works on: something was due or retried, or the audit log of the
    /// organization or the server went on. An app that is out of reach has its pauses.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<TargetId>> {
        let rows = sql("SELECT t.id FROM scim_targets t \
             WHERE t.paused_at IS NULL AND t.removed_at IS NULL AND t.leased_until <= $1 \
               AND (t.due_at <= $1 OR (t.failures = 0 AND ( \
                 t.seal < (SELECT MAX(s.seal) FROM audit_seals s WHERE s.chain = t.organization_id) \
                 OR t.server_seal < (SELECT MAX(s.seal) FROM audit_seals s WHERE s.chain = 'server')))) \
             ORDER BY t.due_at, t.id LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(TargetId::from_stored(row.try_get("id")?))).collect()
    }

    /// Takes or keeps a target for this node; whether it has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease(&mut self, id: &TargetId, node: &NodeId, now: Timestamp, length: Duration) -> Result<bool> {
        let row = sql("UPDATE scim_targets SET leased_by = $2, leased_until = $3 \
             WHERE id = $1 AND removed_at IS NULL AND (leased_by = $2 OR leased_until <= $4) \
             RETURNING id")
        .bind(id.as_str())
        .bind(node.as_str())
        .bind(now.plus(length).0)
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Gives a target back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(&mut self, id: &TargetId, node: &NodeId) -> Result<()> {
        sql("UPDATE scim_targets SET leased_by = NULL, leased_until = 0 WHERE id = $1 AND leased_by = $2")
            .bind(id.as_str())
            .bind(node.as_str())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Gives back all that a node has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&mut self, node: &NodeId) -> Result<()> {
        sql("UPDATE scim_targets SET leased_by = NULL, leased_until = 0 WHERE leased_by = $1")
            .bind(node.as_str())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
