//! Kinds of membership.

use super::{slugs, text};
use crate::{
    directory::kind::Kind,
    id::OrganizationId,
    storage::{
        Result, Row, Tx,
        batch::{self, Rows, Table},
        sql,
    },
    text::{Name, Slug},
};

static KINDS: Table = Table {
    name: "membership_kinds",
    columns: &["organization_id", "slug", "name", "default_roles"],
    suffix: "ON CONFLICT (organization_id, slug) DO UPDATE SET name = excluded.name, default_roles = excluded.default_roles",
};

/// Queries of kinds of membership.
pub struct Kinds<'t>(&'t mut Tx);

impl Tx {
    /// Kinds of membership.
    pub fn kinds(&mut self) -> Kinds<'_> {
        Kinds(self)
    }
}

impl Kinds<'_> {
    /// Those of an organization.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Kind>> {
        let rows = sql("SELECT slug, name, default_roles \
             FROM membership_kinds \
             WHERE organization_id = $1 \
             ORDER BY slug")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(kind).collect()
    }

    /// One by its slug.
    pub async fn by_slug(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<Option<Kind>> {
        let row = sql("SELECT slug, name, default_roles \
             FROM membership_kinds \
             WHERE organization_id = $1 AND slug = $2")
        .bind(organization.as_str().to_owned())
        .bind(slug.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(kind).transpose()
    }

    pub(in crate::directory) async fn insert_all(
        &mut self,
        organization: &OrganizationId,
        kinds: &[Kind],
    ) -> Result<()> {
        let values = kinds.iter().map(|kind| {
            let roles = serde_json::to_string(&kind.default_roles).expect("slugs are texts");
            vec![organization.as_str().into(), kind.slug.as_str().into(), kind.name.as_str().into(), roles.into()]
        });
        let rows = Rows { table: &KINDS, values: values.collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    pub(in crate::directory) async fn save(&mut self, organization: &OrganizationId, kind: &Kind) -> Result<()> {
        self.insert_all(organization, std::slice::from_ref(kind)).await
    }
}

fn kind(row: &Row) -> Result<Kind> {
    Ok(Kind {
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        default_roles: slugs(row, "default_roles")?,
    })
}
