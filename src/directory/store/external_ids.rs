//! What outside sources call members and groups: each source has ids of its own, and gives one to one member or group.

use crate::{
    directory::origin::Origin,
    id::OrganizationId,
    storage::{Result, Tx, sql},
};

/// Queries of external ids.
pub struct ExternalIds<'t>(&'t mut Tx);

impl Tx {
    /// External ids.
    pub(in crate::directory) fn external_ids(&mut self) -> ExternalIds<'_> {
        ExternalIds(self)
    }
}

/// What is called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::directory) enum Kind {
    Member,
    Group,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Group => "group",
        }
    }
}

impl ExternalIds<'_> {
    /// Sets or takes away what a source calls a resource; `false` when it calls another one so.
    pub(in crate::directory) async fn set(
        &mut self,
        (organization, source): (&OrganizationId, &Origin),
        (kind, resource): (Kind, &str),
        id: Option<&str>,
    ) -> Result<bool> {
        // Anew, so that an id that is taken is no failed statement.
        sql("DELETE FROM external_ids WHERE resource_id = $1 AND source = $2")
            .bind(resource.to_owned())
            .bind(source.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        match id {
            Some(id) => self.add((organization, source), (kind, resource), id).await,
            None => Ok(true),
        }
    }

    /// The same for a resource that the source has not called anything.
    pub(in crate::directory) async fn add(
        &mut self,
        (organization, source): (&OrganizationId, &Origin),
        (kind, resource): (Kind, &str),
        id: &str,
    ) -> Result<bool> {
        let written = sql("INSERT INTO external_ids (resource_id, source, kind, external_id, organization_id) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING")
        .bind(resource.to_owned())
        .bind(source.as_str().to_owned())
        .bind(kind.as_str())
        .bind(id.to_owned())
        .bind(organization.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(written == 1)
    }
}
