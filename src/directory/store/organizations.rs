//! Organizations.

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    directory::{
        Noun,
        organization::{Accent, LogoUri, Organization},
    },
    id::{OrganizationId, UserId},
    storage::{Result, Row, Tx, sql},
    text::{Name, Slug},
};

/// Queries of organizations.
pub struct Organizations<'t>(&'t mut Tx);

impl Tx {
    /// Organizations.
    pub fn organizations(&mut self) -> Organizations<'_> {
        Organizations(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, slug, name, logo_uri, accent, created_at, disabled_at, tokens_void_before \
             FROM organizations ",
            $rest
        )
    };
}

impl Organizations<'_> {
    /// By its id.
    pub async fn by_id(&mut self, id: &OrganizationId) -> Result<Option<Organization>> {
        self.one(select!("WHERE id = $1"), id.as_str()).await
    }

    /// By its slug.
    pub async fn by_slug(&mut self, slug: &Slug) -> Result<Option<Organization>> {
        self.one(select!("WHERE slug = $1"), slug.as_str()).await
    }

    /// By what a person or an app wrote: the id or the slug.
    pub async fn by_reference(&mut self, reference: &str) -> Result<Option<Organization>> {
        if reference.parse::<OrganizationId>().is_ok() {
            return self.one(select!("WHERE id = $1"), reference).await;
        }
        self.one(select!("WHERE slug = $1"), reference).await
    }

    /// The one that there is, where there is no other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn only(&mut self) -> Result<Option<OrganizationId>> {
        let rows = sql("SELECT id FROM organizations LIMIT 2").fetch_all(self.0.connection()).await?;
        match rows.as_slice() {
            [only] => Ok(Some(OrganizationId::from_stored(only.try_get("id")?))),
            _ => Ok(None),
        }
    }

    /// All of them, by slug.
    pub async fn list(&mut self) -> Result<Vec<Organization>> {
        let rows = sql(select!("ORDER BY slug")).fetch_all(self.0.connection()).await?;
        rows.iter().map(organization).collect()
    }

    async fn one(&mut self, statement: &'static str, key: &str) -> Result<Option<Organization>> {
        let row = sql(statement).bind(key.to_owned()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(organization).transpose()
    }

    /// Inserts it; `false` when the slug is taken.
    pub(in crate::directory) async fn insert(&mut self, new: &Organization) -> Result<bool> {
        let done = sql("INSERT INTO organizations (id, slug, name, created_at, version) \
             VALUES ($1, $2, $3, $4, 0) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str().to_owned())
        .bind(new.slug.as_str().to_owned())
        .bind(new.name.as_str().to_owned())
        .bind(new.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Saves what can change.
    pub(in crate::directory) async fn save(&mut self, edited: &Organization) -> Result<()> {
        sql("UPDATE organizations \
             SET name = $2, logo_uri = $3, accent = $4, disabled_at = $5, tokens_void_before = $6 \
             WHERE id = $1")
        .bind(edited.id.as_str().to_owned())
        .bind(edited.name.as_str().to_owned())
        .bind(edited.logo_uri.as_ref().map(|uri| uri.as_str().to_owned()))
        .bind(edited.accent.as_ref().map(|accent| accent.as_str().to_owned()))
        .bind(super::millis(edited.disabled_at))
        .bind(super::millis(edited.tokens_void_before))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Takes the organization's lock until the end of the unit: the first statement of every unit that must see what
    /// others do at the same time (last owner, circles).
    pub(crate) async fn lock(&mut self, id: &OrganizationId) -> crate::directory::Result<()> {
        let done = sql("UPDATE organizations SET version = version + 1 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        if done == 0 { Err(Noun::Organization.unknown(id)) } else { Ok(()) }
    }

    /// Takes the locks of all organizations of a person.
    pub(in crate::directory) async fn lock_all_of(&mut self, user: &UserId) -> Result<()> {
        sql("UPDATE organizations SET version = version + 1 \
             WHERE id IN (SELECT organization_id FROM memberships WHERE user_id = $1 AND removed_at IS NULL)")
        .bind(user.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}

fn organization(row: &Row) -> Result<Organization> {
    Ok(Organization {
        id: OrganizationId::from_stored(text(row, "id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        logo_uri: maybe_text(row, "logo_uri")?.map(LogoUri::from_stored),
        accent: maybe_text(row, "accent")?.map(Accent::from_stored),
        created_at: moment(row, "created_at")?,
        disabled_at: maybe_moment(row, "disabled_at")?,
        tokens_void_before: maybe_moment(row, "tokens_void_before")?,
    })
}
