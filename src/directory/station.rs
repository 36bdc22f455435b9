//! Shared workstations: browsers in which one person after the other works.
//!
//! An administrator makes one and opens its link once in the browser that is meant; from then on the browser is known by its
//! cookie. A station gives nobody more: sessions there are short, and nothing of one person stays for the next: nobody's second
//! factor is left out there, nor in the browser that one was.

use std::time::Duration;

use super::{Error, Noun, Result};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{OrganizationId, StationId},
    secret::TokenHash,
    session::EndReason,
    storage::Tx,
    text::{Name, Slug},
};

/// How long the link of a station is good.
pub const LINK_LIFE: Duration = Duration::from_hours(1);

/// A shared workstation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its id.
    pub id: StationId,
    /// The organization.
    pub organization: OrganizationId,
    /// Its key in the organization.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a browser became it.
    pub registered_at: Option<Timestamp>,
}

/// Makes a station, with the link by which a browser becomes it.
///
/// # Errors
/// When the slug is taken.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, name): (Slug, Name),
    link: TokenHash,
) -> Result<Station> {
    tx.organizations().lock(organization).await?;
    if tx.stations().by_slug(organization, &slug).await?.is_some() {
        return Err(Error::Taken(Noun::Station, slug.to_string()));
    }
    let (id, organization) = (StationId::fresh(context.now, &context.random), organization.clone());
    let station = Station { id, organization, slug, name, created_at: context.now, registered_at: None };
    tx.stations().insert(&station).await?;
    tx.stations().set_link(&station.id, link, context.now.plus(LINK_LIFE)).await?;
    let event = Event::StationCreation { station: station.id.clone(), slug: station.slug.to_string() };
    tx.record(context, Some(&station.organization), &event);
    Ok(station)
}

/// Gives it another link, for another browser.
///
/// # Errors
/// When there is no such station.
pub async fn link(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    slug: &Slug,
    link: TokenHash,
) -> Result<Station> {
    let station = existing(tx, organization, slug).await?;
    tx.stations().set_link(&station.id, link, context.now.plus(LINK_LIFE)).await?;
    let event = Event::StationLink { station: station.id.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(station)
}

/// Makes a browser the station of a link, in the place of the one before; whoever was signed in in either is signed out.
///
/// # Errors
/// When the link is not good, or was used.
pub async fn register(tx: &mut Tx, context: &Context, link: TokenHash, browser: TokenHash) -> Result<Station> {
    if let Some(former) = tx.stations().leave(&browser).await? {
        tx.sessions().end_at_station(context, (&former.id, None), EndReason::Replaced).await?;
        let event = Event::StationLeaving { station: former.id, slug: former.slug.to_string() };
        tx.record(context, Some(&former.organization), &event);
    }
    let station = tx.stations().take_link(link, browser, context.now).await?;
    let station = station.ok_or_else(|| Noun::Station.unknown("link"))?;
    if !tx.organizations().by_id(&station.organization).await?.is_some_and(|one| one.is_active()) {
        return Err(Noun::Station.unknown("link"));
    }
    tx.sessions().end_at_station(context, (&station.id, None), EndReason::Replaced).await?;
    ask_again(tx, context, &station.id).await?;
    let event = Event::StationRegistration { station: station.id.clone(), slug: station.slug.to_string() };
    tx.record(context, Some(&station.organization), &event);
    Ok(station)
}

/// Removes a station: its browser is one like any other, and whoever is signed in there is signed out. Another may have its slug.
///
/// # Errors
/// When there is no such station.
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, slug: &Slug) -> Result<Station> {
    let station = existing(tx, organization, slug).await?;
    ask_again(tx, context, &station.id).await?;
    tx.stations().remove(&station.id, context.now).await?;
    tx.sessions().end_at_station(context, (&station.id, None), EndReason::Remote).await?;
    let event = Event::StationRemoval { station: station.id.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(station)
}

/// Whoever was remembered in its browser is asked for the second factor again.
async fn ask_again(tx: &mut Tx, context: &Context, station: &StationId) -> Result<()> {
    for user in tx.stations().ask_again(station).await? {
        tx.record(context, None, &Event::DevicesForgetting { user, by: "station" });
    }
    Ok(())
}

async fn existing(tx: &mut Tx, organization: &OrganizationId, slug: &Slug) -> Result<Station> {
    tx.organizations().lock(organization).await?;
    tx.stations().by_slug(organization, slug).await?.ok_or_else(|| Noun::Station.unknown(slug))
}
