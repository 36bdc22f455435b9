//! Targets of all organizations, for whoever looks after the server.

use std::collections::BTreeMap;

use super::targets::{Targets, select};
use crate::{
    id::{OrganizationId, TargetId},
    scim::outbound::target::Target,
    storage::{Result, Row, sql},
    text::Slug,
};

impl Targets<'_> {
    /// Those that are pushed to and do not go well, oldest trouble first, with the organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn troubled(&mut self, limit: u32) -> Result<Vec<(Slug, Target)>> {
        let rows = sql(select!(
            "WHERE t.paused_at IS NULL AND t.removed_at IS NULL AND (t.trouble IS NOT NULL OR t.braked IS NOT NULL \
               OR EXISTS (SELECT 1 FROM scim_pushed p WHERE p.target_id = t.id AND p.trouble IS NOT NULL)) \
             ORDER BY t.failed_at, t.id LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(self.0.connection())
        .await?;
        self.with_organizations(&rows).await
    }

    /// Those that were pushed to before and are not now, by a person or by a restore: whoever leaves stays in them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn abandoned(&mut self, limit: u32) -> Result<Vec<(Slug, Target)>> {
        let rows = sql(select!(
            "WHERE t.paused_at IS NOT NULL AND t.removed_at IS NULL AND t.paused_at > t.created_at \
             ORDER BY t.paused_at, t.id LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(self.0.connection())
        .await?;
        self.with_organizations(&rows).await
    }

    /// Those that are pushed to, with their organizations.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live(&mut self) -> Result<Vec<(OrganizationId, TargetId)>> {
        let rows = sql("SELECT id, organization_id FROM scim_targets WHERE paused_at IS NULL AND removed_at IS NULL")
            .fetch_all(self.0.connection())
            .await?;
        rows.iter()
            .map(|row| {
                let organization = OrganizationId::from_stored(row.try_get("organization_id")?);
                Ok((organization, TargetId::from_stored(row.try_get("id")?)))
            })
            .collect()
    }

    async fn with_organizations(&mut self, rows: &[Row]) -> Result<Vec<(Slug, Target)>> {
        let slugs: BTreeMap<OrganizationId, Slug> =
            self.0.organizations().list().await?.into_iter().map(|one| (one.id, one.slug)).collect();
        let with_slug = |target: Target| Some((slugs.get(&target.organization)?.clone(), target));
        Ok(self.with_groups(rows).await?.into_iter().filter_map(with_slug).collect())
    }
}
