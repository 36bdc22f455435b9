//! What outside sources call members and groups: each source has ids of its own, and gives one to one member or group.

use crate::{
    directory::origin::Origin,
    id::OrganizationId,
    storage::{
        Result, Tx,
        batch::{self, Rows, Table},
        sql,
    },
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

static EXTERNAL_IDS: Table = Table {
    name: "external_ids",
    columns: &["resource_id", "source", "kind", "external_id", "organization_id"],
    suffix: "ON CONFLICT DO NOTHING",
};

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
            Some(id) => self.add((organization, source), kind, &[(resource, id)]).await,
            None => Ok(true),
        }
    }

    /// The same for resources that the source has not called anything.
    pub(in crate::directory) async fn add(
        &mut self,
        (organization, source): (&OrganizationId, &Origin),
        kind: Kind,
        all: &[(&str, &str)],
    ) -> Result<bool> {
        let row = |(resource, id): &(&str, &str)| {
            let (source, organization) = (source.as_str(), organization.as_str());
            vec![(*resource).into(), source.into(), kind.as_str().into(), (*id).into(), organization.into()]
        };
        let rows = Rows { table: &EXTERNAL_IDS, values: all.iter().map(row).collect() };
        Ok(batch::insert(self.0.connection(), &rows).await? == all.len() as u64)
    }
}
