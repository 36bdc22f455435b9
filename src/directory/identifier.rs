//! Typed identifiers of a site, and of a member at a site: the provider number that billing wants.

use crate::{
    audit::{Context, Event},
    id::{LocationId, MembershipId, OrganizationId},
    storage::Tx,
    text::{Name, Slug},
};

use super::{Error, Result, location, membership};

/// An identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The site.
    pub location: LocationId,
    /// The member at the site; the site itself without one.
    pub membership: Option<MembershipId>,
    /// What it is: `provider_number`, `ydernummer`, …
    pub kind: Slug,
    /// The value, as the authority writes it.
    pub value: String,
}

/// Sets an identifier of a location, or of a member at a location; without a value it is removed.
///
/// # Errors
/// For a location or member of another organization, and for a value that is empty or longer than 100 bytes.
pub async fn set(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (at, member): (&LocationId, Option<&MembershipId>),
    (kind, value): (&Slug, Option<&str>),
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    location::existing(tx, organization, at).await?;
    let of = match member {
        Some(id) => Some(membership::existing(tx, organization, id).await?),
        None => None,
    };
    match value {
        Some(value) => tx.identifiers().save(at, member, kind, &parse(value)?).await?,
        None => tx.identifiers().remove(at, member, kind).await?,
    }
    let change = format!("identifier:{kind}");
    let event = match of {
        Some(member) => Event::MembershipUpdate { user: member.user_id, membership: member.id, attributes: change },
        None => Event::LocationUpdate { location: at.clone(), change },
    };
    tx.record(context, Some(organization), &event);
    Ok(())
}

fn parse(value: &str) -> Result<String> {
    let name: Name = value.parse().map_err(|error| Error::Text("the identifier", error))?;
    if name.as_str().len() > 100 {
        return Err(Error::Refused("an identifier has at most 100 bytes"));
    }
    Ok(name.into())
}
