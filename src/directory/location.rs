//! Locations: the sites of an organization, a tree (region → site).
//!
//! A role assigned at a location holds at everything below it. A closed location holds nothing; opening it again brings
//! its assignments back.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{LocationId, OrganizationId},
    storage::Tx,
    text::{Name, Slug},
};

use super::{Error, Noun, Result, provisioning, rule, tree};

/// A site, or a region of sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its key in the organization, which never changes.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// What it lies in.
    pub parent_id: Option<LocationId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it is closed.
    pub closed_at: Option<Timestamp>,
}

/// Creates a location under `parent`, or at the top.
///
/// # Errors
/// When the slug is taken, or was ever, and when the parent is unknown or closed.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, name): (&Slug, &Name),
    parent: Option<&LocationId>,
) -> Result<Location> {
    tx.organizations().lock(organization).await?;
    if let Some(parent) = parent {
        open(tx, organization, parent).await?;
    }
    let location = Location {
        id: LocationId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        slug: slug.clone(),
        name: name.clone(),
        parent_id: parent.cloned(),
        created_at: context.now,
        closed_at: None,
    };
    if !tx.locations().insert(&location).await? {
        return Err(Error::Taken(Noun::Location, slug.to_string()));
    }
    let event = Event::LocationCreation { location: location.id.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    provisioning::look_again(tx, organization).await?;
    Ok(location)
}

/// Gives it another name.
///
/// # Errors
/// When it is unknown.
pub async fn rename(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &LocationId,
    name: &Name,
) -> Result<Location> {
    let mut location = existing(tx, organization, id).await?;
    location.name = name.clone();
    save(tx, context, &location, "name").await?;
    Ok(location)
}

/// Moves it, with all below it, under another parent or to the top.
///
/// # Errors
/// When it would lie in itself, and when the parent is unknown or closed.
pub async fn move_under(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &LocationId,
    parent: Option<&LocationId>,
) -> Result<Location> {
    tx.organizations().lock(organization).await?;
    let mut location = existing(tx, organization, id).await?;
    if let Some(parent) = parent {
        open(tx, organization, parent).await?;
        let edges = edges(&tx.locations().list(organization).await?);
        if tree::would_close_a_circle(&edges, id, parent) {
            return Err(Error::Cycle(Noun::Location, location.slug.to_string()));
        }
    }
    location.parent_id = parent.cloned();
    save(tx, context, &location, "move").await?;
    Ok(location)
}

/// Closes it: roles assigned there hold no more.
///
/// # Errors
/// While something open lies in it.
pub async fn close(tx: &mut Tx, context: &Context, organization: &OrganizationId, id: &LocationId) -> Result<Location> {
    tx.organizations().lock(organization).await?;
    let mut location = existing(tx, organization, id).await?;
    if location.closed_at.is_some() {
        return Ok(location);
    }
    let all = tx.locations().list(organization).await?;
    if all.iter().any(|other| other.parent_id.as_ref() == Some(id) && other.closed_at.is_none()) {
        return Err(Error::Refused("open locations lie in this one; close or move them first"));
    }
    location.closed_at = Some(context.now);
    save(tx, context, &location, "close").await?;
    Ok(location)
}

/// Opens a closed location again.
///
/// # Errors
/// When what it lies in is closed.
pub async fn reopen(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &LocationId,
) -> Result<Location> {
    tx.organizations().lock(organization).await?;
    let mut location = existing(tx, organization, id).await?;
    if let Some(parent) = &location.parent_id {
        open(tx, organization, parent).await?;
    }
    location.closed_at = None;
    save(tx, context, &location, "reopen").await?;
    provisioning::look_again(tx, organization).await?;
    Ok(location)
}

async fn save(tx: &mut Tx, context: &Context, location: &Location, change: &str) -> Result<()> {
    tx.locations().save(location).await?;
    if change != "name" {
        rule::restart(tx, &location.organization_id).await?;
    }
    let event = Event::LocationUpdate { location: location.id.clone(), change: change.to_owned() };
    tx.record(context, Some(&location.organization_id), &event);
    Ok(())
}

/// Child → parent.
#[must_use]
pub fn edges(locations: &[Location]) -> Vec<(LocationId, LocationId)> {
    locations.iter().filter_map(|one| Some((one.id.clone(), one.parent_id.clone()?))).collect()
}

/// The location of this organization.
pub(super) async fn existing(tx: &mut Tx, organization: &OrganizationId, id: &LocationId) -> Result<Location> {
    tx.locations().by_id(organization, id).await?.ok_or_else(|| Noun::Location.unknown(id))
}

/// The location of this organization, if it is open.
pub(super) async fn open(tx: &mut Tx, organization: &OrganizationId, id: &LocationId) -> Result<Location> {
    let location = existing(tx, organization, id).await?;
    if location.closed_at.is_some() {
        return Err(Error::Refused("the location is closed; open it again first"));
    }
    Ok(location)
}
