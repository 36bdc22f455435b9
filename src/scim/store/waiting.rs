//! Connections whose unmapped values have to be looked at again.

use super::connections::{Connections, connection};
use crate::{
    id::{ConnectionId, OrganizationId},
    scim::connection::Connection,
    storage::{Result, Row, sql},
};

impl Connections<'_> {
    /// Those of which members have not been looked at yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn to_map(&mut self) -> Result<Vec<(ConnectionId, OrganizationId)>> {
        let rows = sql("SELECT id, organization_id FROM scim_connections \
             WHERE mapped_up_to IS NOT NULL AND removed_at IS NULL \
             ORDER BY id")
        .fetch_all(self.0.connection())
        .await?;
        let pair = |row: &Row| {
            let organization = OrganizationId::from_stored(row.try_get("organization_id")?);
            Ok((ConnectionId::from_stored(row.try_get("id")?), organization))
        };
        rows.iter().map(pair).collect()
    }

    /// One of them, kept as it is until the commit, with the member up to whom it came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held_to_map(&mut self, id: &ConnectionId) -> Result<Option<(Connection, String)>> {
        let row = sql("UPDATE scim_connections SET mapped_up_to = mapped_up_to \
             WHERE id = $1 AND mapped_up_to IS NOT NULL AND removed_at IS NULL \
             RETURNING id, organization_id, name, resources, may_write, networks, roles, token_life, precedence, \
             permissions, may_verify, created_at, removed_at, mapped_up_to")
        .bind(id.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok((connection(&row)?, row.try_get("mapped_up_to")?))).transpose()
    }

    /// Keeps up to which member it came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_mapped_up_to(&mut self, id: &ConnectionId, reached: Option<&str>) -> Result<()> {
        sql("UPDATE scim_connections SET mapped_up_to = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(reached.map(str::to_owned))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
