//! Locations, and identifiers at them.

use super::{maybe_moment, maybe_text, millis, moment, text};
use crate::{
    directory::{identifier::Identifier, location::Location},
    id::{LocationId, MembershipId, OrganizationId},
    storage::{Result, Row, Tx, sql},
    text::{Name, Slug},
};

/// Queries of locations.
pub struct Locations<'t>(&'t mut Tx);

/// Queries of identifiers.
pub struct Identifiers<'t>(&'t mut Tx);

impl Tx {
    /// Locations.
    pub fn locations(&mut self) -> Locations<'_> {
        Locations(self)
    }

    /// Identifiers of locations, and of members at locations.
    pub fn identifiers(&mut self) -> Identifiers<'_> {
        Identifiers(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, organization_id, slug, name, parent_id, created_at, closed_at FROM locations ", $rest)
    };
}

impl Locations<'_> {
    /// One of this organization.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &LocationId) -> Result<Option<Location>> {
        self.one(select!("WHERE organization_id = $1 AND id = $2"), organization, id.as_str()).await
    }

    /// One of this organization.
    pub async fn by_slug(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<Option<Location>> {
        self.one(select!("WHERE organization_id = $1 AND slug = $2"), organization, slug.as_str()).await
    }

    /// All of an organization, closed ones included, by slug.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Location>> {
        let rows = sql(select!("WHERE organization_id = $1 ORDER BY slug"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(location).collect()
    }

    async fn one(
        &mut self,
        statement: &'static str,
        organization: &OrganizationId,
        key: &str,
    ) -> Result<Option<Location>> {
        let row = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(key.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(location).transpose()
    }

    /// Inserts it; `false` when the slug is taken.
    pub(in crate::directory) async fn insert(&mut self, new: &Location) -> Result<bool> {
        let done = sql("INSERT INTO locations (id, organization_id, slug, name, parent_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str().to_owned())
        .bind(new.organization_id.as_str().to_owned())
        .bind(new.slug.as_str().to_owned())
        .bind(new.name.as_str().to_owned())
        .bind(new.parent_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(new.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    pub(in crate::directory) async fn save(&mut self, edited: &Location) -> Result<()> {
        sql("UPDATE locations SET name = $2, parent_id = $3, closed_at = $4 WHERE id = $1")
            .bind(edited.id.as_str().to_owned())
            .bind(edited.name.as_str().to_owned())
            .bind(edited.parent_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(millis(edited.closed_at))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

impl Identifiers<'_> {
    /// Identifiers of an organization's locations themselves.
    pub async fn of_locations(&mut self, organization: &OrganizationId) -> Result<Vec<Identifier>> {
        self.list(organization, "").await
    }

    /// Identifiers of a member, at each location.
    pub async fn of_member(
        &mut self,
        organization: &OrganizationId,
        membership: &MembershipId,
    ) -> Result<Vec<Identifier>> {
        self.list(organization, membership.as_str()).await
    }

    async fn list(&mut self, organization: &OrganizationId, membership: &str) -> Result<Vec<Identifier>> {
        let rows = sql("SELECT location_id, membership_id, kind, value \
             FROM identifiers \
             JOIN locations ON locations.id = identifiers.location_id \
             WHERE locations.organization_id = $1 AND membership_id = $2 \
             ORDER BY location_id, kind")
        .bind(organization.as_str().to_owned())
        .bind(membership.to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(identifier).collect()
    }

    pub(in crate::directory) async fn save(
        &mut self,
        at: &LocationId,
        membership: Option<&MembershipId>,
        kind: &Slug,
        value: &str,
    ) -> Result<()> {
        sql("INSERT INTO identifiers (location_id, membership_id, kind, value) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (location_id, membership_id, kind) DO UPDATE SET value = excluded.value")
        .bind(at.as_str().to_owned())
        .bind(membership.map_or_else(String::new, |id| id.as_str().to_owned()))
        .bind(kind.as_str().to_owned())
        .bind(value.to_owned())
        .execute(self.0.connection())
        .await?;
        self.touch(membership);
        Ok(())
    }

    pub(in crate::directory) async fn remove(
        &mut self,
        at: &LocationId,
        membership: Option<&MembershipId>,
        kind: &Slug,
    ) -> Result<()> {
        sql("DELETE FROM identifiers WHERE location_id = $1 AND membership_id = $2 AND kind = $3")
            .bind(at.as_str().to_owned())
            .bind(membership.map_or_else(String::new, |id| id.as_str().to_owned()))
            .bind(kind.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        self.touch(membership);
        Ok(())
    }

    fn touch(&mut self, membership: Option<&MembershipId>) {
        if let Some(member) = membership {
            self.0.touch_member(member);
        }
    }
}

fn location(row: &Row) -> Result<Location> {
    Ok(Location {
        id: LocationId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        parent_id: maybe_text(row, "parent_id")?.map(LocationId::from_stored),
        created_at: moment(row, "created_at")?,
        closed_at: maybe_moment(row, "closed_at")?,
    })
}

fn identifier(row: &Row) -> Result<Identifier> {
    let membership = text(row, "membership_id")?;
    Ok(Identifier {
        location: LocationId::from_stored(text(row, "location_id")?),
        membership: (!membership.is_empty()).then(|| MembershipId::from_stored(membership)),
        kind: Slug::from_stored(text(row, "kind")?),
        value: text(row, "value")?,
    })
}
