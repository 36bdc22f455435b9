//! Shared workstations.

use super::{maybe_moment, moment, text};
use crate::{
    clock::Timestamp,
    directory::station::Station,
    id::{OrganizationId, StationId, UserId},
    secret::TokenHash,
    storage::{Result, Row, Tx, sql},
    text::{Name, Slug},
};

/// Queries of stations.
pub struct Stations<'t>(&'t mut Tx);

pub(super) const ASK_AGAIN: &str = "UPDATE known_devices SET remembered_at = NULL \
     WHERE browser_hash = (SELECT browser_hash FROM stations WHERE id = $1) AND remembered_at IS NOT NULL \
     RETURNING user_id";

impl Tx {
    /// Shared workstations.
    pub fn stations(&mut self) -> Stations<'_> {
        Stations(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, organization_id, slug, name, created_at, registered_at FROM stations ", $rest)
    };
}

impl Stations<'_> {
    /// Those of an organization, by slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Station>> {
        let rows = sql(select!("WHERE organization_id = $1 AND removed_at IS NULL ORDER BY slug"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(station).collect()
    }

    /// One of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_slug(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<Option<Station>> {
        let row = sql(select!("WHERE organization_id = $1 AND slug = $2 AND removed_at IS NULL"))
            .bind(organization.as_str().to_owned())
            .bind(slug.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(station).transpose()
    }

    /// The one that this browser is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_browser(&mut self, browser: TokenHash) -> Result<Option<Station>> {
        let row =
            sql(select!("WHERE browser_hash = $1")).bind(browser.to_vec()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(station).transpose()
    }

    /// The one of a link that is still good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_link(&mut self, link: TokenHash, now: Timestamp) -> Result<Option<Station>> {
        let row = sql(select!("WHERE link_hash = $1 AND link_expires_at > $2"))
            .bind(link.to_vec())
            .bind(now.0)
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(station).transpose()
    }

    pub(in crate::directory) async fn insert(&mut self, station: &Station) -> Result<()> {
        sql("INSERT INTO stations (id, organization_id, slug, name, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(station.id.as_str().to_owned())
            .bind(station.organization.as_str().to_owned())
            .bind(station.slug.as_str().to_owned())
            .bind(station.name.as_str().to_owned())
            .bind(station.created_at.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    pub(in crate::directory) async fn set_link(
        &mut self,
        id: &StationId,
        link: TokenHash,
        until: Timestamp,
    ) -> Result<()> {
        sql("UPDATE stations SET link_hash = $2, link_expires_at = $3 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(link.to_vec())
            .bind(until.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The browser is no station any more; the one that it was.
    pub(in crate::directory) async fn leave(&mut self, browser: &TokenHash) -> Result<Option<Station>> {
        let row = sql("UPDATE stations SET browser_hash = NULL, registered_at = NULL WHERE browser_hash = $1 \
             RETURNING id, organization_id, slug, name, created_at, registered_at")
        .bind(browser.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(station).transpose()
    }

    /// Uses a link up.
    pub(in crate::directory) async fn take_link(
        &mut self,
        link: TokenHash,
        browser: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Station>> {
        let row = sql("UPDATE stations \
             SET link_hash = NULL, link_expires_at = NULL, browser_hash = $2, registered_at = $3 \
             WHERE link_hash = $1 AND link_expires_at > $3 \
             RETURNING id, organization_id, slug, name, created_at, registered_at")
        .bind(link.to_vec())
        .bind(browser.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(station).transpose()
    }

    /// Nobody is remembered any more in the browser that a station is; who was.
    pub(in crate::directory) async fn ask_again(&mut self, id: &StationId) -> Result<Vec<UserId>> {
        let rows = sql(ASK_AGAIN).bind(id.as_str().to_owned()).fetch_all(self.0.connection()).await?;
        rows.iter().map(|row| Ok(UserId::from_stored(text(row, "user_id")?))).collect()
    }

    pub(in crate::directory) async fn remove(&mut self, id: &StationId, now: Timestamp) -> Result<()> {
        sql("UPDATE stations SET removed_at = $2, link_hash = NULL, browser_hash = NULL WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn station(row: &Row) -> Result<Station> {
    Ok(Station {
        id: StationId::from_stored(text(row, "id")?),
        organization: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        created_at: moment(row, "created_at")?,
        registered_at: maybe_moment(row, "registered_at")?,
    })
}
