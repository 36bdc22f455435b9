//! Kinds of membership of an organization (practitioner, administrative, hirer, …) and the roles a new member gets.

use crate::{
    audit::{Context, Event},
    id::OrganizationId,
    storage::Tx,
    text::{Name, Slug},
};

use super::{Error, Noun, Result, owner};

/// A kind of membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its key in the organization.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// Roles that a new member of this kind is assigned for the whole organization.
    pub default_roles: Vec<Slug>,
}

/// What every organization begins with: slug, name, default roles. Hirers rent a room and get nothing by themselves.
const SHIPPED: &[(&str, &str, &[&str])] = &[
    ("practitioner", "Practitioner", &["practitioner"]),
    ("administrative", "Administrative staff", &["front_desk"]),
    ("hirer", "Hirer", &[]),
    ("contractor", "Contractor", &[]),
];

/// The kinds of a new organization.
pub(super) async fn establish(tx: &mut Tx, organization: &OrganizationId) -> Result<()> {
    let slug = |text: &str| Slug::from_stored(text.to_owned());
    let kinds: Vec<Kind> = SHIPPED
        .iter()
        .map(|(key, name, roles)| Kind {
            slug: slug(key),
            name: Name::from_stored((*name).to_owned()),
            default_roles: roles.iter().copied().map(slug).collect(),
        })
        .collect();
    Ok(tx.kinds().insert_all(organization, &kinds).await?)
}

/// Creates a kind, or changes its name and default roles.
///
/// # Errors
/// For a role that the organization does not have, and for owner: nobody becomes one by default.
pub async fn set(tx: &mut Tx, context: &Context, organization: &OrganizationId, kind: &Kind) -> Result<()> {
    if kind.default_roles.iter().any(|role| role.as_str() == owner::OWNER) {
        return Err(Error::Refused("owner is never a default role; assign it to a person"));
    }
    let roles = tx.roles().list(organization).await?;
    if let Some(unknown) = kind.default_roles.iter().find(|slug| !roles.iter().any(|role| role.slug == **slug)) {
        return Err(Noun::Role.unknown(unknown));
    }
    tx.kinds().save(organization, kind).await?;
    let attributes = format!("kind:{}", kind.slug);
    tx.record(
        context,
        Some(organization),
        &Event::OrganizationUpdate { organization: organization.clone(), attributes },
    );
    Ok(())
}
