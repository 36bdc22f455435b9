//! The outside sources of an organization, as far as they may still speak, and who goes before whom.

use super::text;
use crate::{
    directory::{
        origin::Origin,
        provisioning::{Ranking, Source},
    },
    id::OrganizationId,
    storage::{Result, Tx, sql},
};

/// Queries of sources.
pub struct OutsideSources<'t>(&'t mut Tx);

impl Tx {
    /// Outside sources.
    pub fn sources(&mut self) -> OutsideSources<'_> {
        OutsideSources(self)
    }
}

impl OutsideSources<'_> {
    /// Those of an organization, by name. A connection speaks until it is removed, whatever its tokens do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ranking(&mut self, organization: &OrganizationId) -> Result<Ranking> {
        let rows = sql("SELECT 'scim:' || id AS origin, name, precedence FROM scim_connections \
               WHERE organization_id = $1 AND removed_at IS NULL \
             UNION ALL \
             SELECT 'upstream:' || id AS origin, name, precedence FROM upstreams \
               WHERE organization_id = $1 AND removed_at IS NULL \
             UNION ALL \
             SELECT 'client:' || id AS origin, id AS name, CAST(0 AS BIGINT) AS precedence FROM clients \
               WHERE organization_id = $1 AND disabled_at IS NULL \
             ORDER BY name, origin")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let sources = rows.iter().map(|row| {
            let origin = Origin::from_stored(text(row, "origin")?);
            Ok(Source { origin, name: text(row, "name")?, precedence: row.try_get("precedence")? })
        });
        let sources = sources.collect::<Result<_>>()?;
        let row = sql("SELECT own_precedence FROM organizations WHERE id = $1")
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        let own = row.map(|row| row.try_get("own_precedence")).transpose()?.flatten();
        Ok(Ranking { sources, own, rules: self.0.attribute_rules().of(organization).await? })
    }

    /// Lets the unmapped values of an organization be looked at again.
    pub(in crate::directory) async fn map_again(&mut self, organization: &OrganizationId) -> Result<()> {
        sql("UPDATE scim_connections SET mapped_up_to = '' \
             WHERE organization_id = $1 AND removed_at IS NULL \
             AND EXISTS (SELECT 1 FROM member_records WHERE organization_id = $1 AND has_unmapped = 1)")
        .bind(organization.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Sets the precedence of what people change in Lanyard; `false` for an unknown organization.
    pub(in crate::directory) async fn set_own_precedence(
        &mut self,
        organization: &OrganizationId,
        precedence: Option<i64>,
    ) -> Result<bool> {
        let done = sql("UPDATE organizations SET own_precedence = $2 WHERE id = $1")
            .bind(organization.as_str().to_owned())
            .bind(precedence)
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }
}
