//! Apps in an organization: what an app declares, and which apps an organization has activated.
//!
//! An app declares its permissions and offers role templates made of them. Activating an app makes its permissions known
//! to the organization, and adopts the templates that were chosen: a template named like a role adds to that role, any
//! other becomes a role. A service client that an organization owns may hold roles like a member. The client itself is
//! `oauth`'s.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{LocationId, OrganizationId, RoleId},
    storage::Tx,
    text::{Name, Slug},
};

use super::{Error, Noun, Result, location, owner, permission::Permission, provisioning, role};

/// What an app tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Its permissions, each with a sentence for administrators.
    pub permissions: Vec<(Permission, String)>,
    /// Roles it suggests.
    pub templates: Vec<RoleTemplate>,
}

/// A role that an app suggests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTemplate {
    /// Its key; that of a role of the organization means the role gets the permissions.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// Permissions of the app.
    pub permissions: Vec<Permission>,
}

/// An app that an organization uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The client.
    pub client: String,
    /// What it asks of a member.
    pub requires: Requires,
    /// Since when.
    pub activated_at: Timestamp,
}

/// What an app asks of a member: of each list that is not empty, one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requires {
    /// One of these roles.
    #[serde(default)]
    pub roles: Vec<Slug>,
    /// One of these groups.
    #[serde(default)]
    pub groups: Vec<Slug>,
    /// One of these locations.
    #[serde(default)]
    pub locations: Vec<Slug>,
}

/// Which templates an organization adopts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopt {
    /// All that the app offers.
    All,
    /// These.
    Only(Vec<Slug>),
}

/// Replaces what an app declares.
///
/// # Errors
/// For an unknown client, a permission in Lanyard's name, and a template with a permission that the app does not declare.
pub async fn declare(tx: &mut Tx, context: &Context, client: &str, declaration: &Declaration) -> Result<()> {
    is_its_own(declaration)?;
    if !tx.apps().is_registered(client).await? {
        return Err(Noun::App.unknown(client));
    }
    tx.apps().replace_declaration(client, declaration).await?;
    let event = Event::ClientUpdate { client: client.to_owned(), attributes: "permissions roles".to_owned() };
    tx.record(context, None, &event);
    Ok(())
}

/// An app speaks for itself alone.
fn is_its_own(declaration: &Declaration) -> Result<()> {
    let declared: BTreeSet<&Permission> = declaration.permissions.iter().map(|(permission, _)| permission).collect();
    if declared.iter().any(|permission| permission.is_lanyards()) {
        return Err(Error::Refused("permissions that begin with `lanyard:` are Lanyard's own"));
    }
    let offered = || declaration.templates.iter();
    if offered().any(|template| template.slug.as_str() == owner::OWNER) {
        return Err(Error::Refused("an app cannot offer the role owner"));
    }
    match offered().flat_map(|template| &template.permissions).find(|one| !declared.contains(one)) {
        Some(unknown) => Err(Error::Unregistered(unknown.to_string())),
        None => Ok(()),
    }
}

/// Lets an organization use an app, adopting the role templates that were chosen.
///
/// # Errors
/// For an unknown client, one that another organization owns, an unknown template, and a requirement that names nothing of
/// this organization.
pub async fn activate(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    client: &str,
    (adopt, requires): (&Adopt, &Requires),
) -> Result<Activation> {
    if !tx.apps().may_serve(client, organization).await? {
        return Err(Noun::App.unknown(client));
    }
    see_that_it_can_be_met(tx, organization, requires).await?;
    let activation = Activation { client: client.to_owned(), requires: requires.clone(), activated_at: context.now };
    tx.apps().activate(organization, &activation).await?;
    let offered = tx.apps().declaration(client).await?.templates;
    for template in chosen(offered, adopt)? {
        adopt_template(tx, context, organization, client, &template).await?;
    }
    tx.record(context, Some(organization), &Event::ClientActivation { client: client.to_owned() });
    provisioning::look_again(tx, organization).await?;
    Ok(activation)
}

/// What is asked of members is something that they can have: a mistyped name would keep everybody out.
async fn see_that_it_can_be_met(tx: &mut Tx, organization: &OrganizationId, requires: &Requires) -> Result<()> {
    let unknown = |wanted: &[Slug], known: Vec<Slug>| wanted.iter().find(|slug| !known.contains(slug)).cloned();
    if !requires.roles.is_empty() {
        let known = tx.roles().list(organization).await?.into_iter().map(|role| role.slug).collect();
        unknown(&requires.roles, known).map_or(Ok(()), |slug| Err(Noun::Role.unknown(slug)))?;
    }
    if !requires.groups.is_empty() {
        let known = tx.groups().list(organization).await?.into_iter().map(|group| group.slug).collect();
        unknown(&requires.groups, known).map_or(Ok(()), |slug| Err(Noun::Group.unknown(slug)))?;
    }
    if !requires.locations.is_empty() {
        let known = tx.locations().list(organization).await?.into_iter().map(|site| site.slug).collect();
        unknown(&requires.locations, known).map_or(Ok(()), |slug| Err(Noun::Location.unknown(slug)))?;
    }
    Ok(())
}

fn chosen(offered: Vec<RoleTemplate>, adopt: &Adopt) -> Result<Vec<RoleTemplate>> {
    let Adopt::Only(slugs) = adopt else { return Ok(offered) };
    if let Some(unknown) = slugs.iter().find(|slug| !offered.iter().any(|template| template.slug == **slug)) {
        return Err(Noun::Role.unknown(unknown));
    }
    Ok(offered.into_iter().filter(|template| slugs.contains(&template.slug)).collect())
}

async fn adopt_template(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    client: &str,
    template: &RoleTemplate,
) -> Result<()> {
    if let Some(role) = tx.roles().by_slug(organization, &template.slug).await? {
        return role::change_permissions(tx, context, organization, &role.id, (&template.permissions, &[])).await;
    }
    let named = (&template.slug, &template.name, Some(client.to_owned()));
    role::insert(tx, context, organization, named, &template.permissions).await?;
    Ok(())
}

/// Stops the use of an app; roles keep its permissions, so that activating it again restores what it was.
///
/// # Errors
/// When the organization does not use it.
pub async fn deactivate(tx: &mut Tx, context: &Context, organization: &OrganizationId, client: &str) -> Result<()> {
    if !tx.apps().deactivate(organization, client).await? {
        return Err(Noun::App.unknown(client));
    }
    tx.record(context, Some(organization), &Event::ClientDeactivation { client: client.to_owned() });
    Ok(())
}

/// Gives a service client that the organization owns a role, at a location or in the whole organization.
///
/// # Errors
/// For owner, for a client that the organization does not own, and for an unknown role or location.
pub async fn give_role(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    client: &str,
    (role, site): (&RoleId, Option<&LocationId>),
) -> Result<()> {
    let slug = own_role(tx, organization, client, role).await?;
    if slug.as_str() == owner::OWNER {
        return Err(Error::Refused("owner is assigned to a person, not to a client"));
    }
    if let Some(site) = site {
        location::open(tx, organization, site).await?;
    }
    tx.apps().give_role(client, role, site).await?;
    updated(tx, context, organization, client, &format!("+role:{slug}"));
    Ok(())
}

/// Takes a role from a service client.
///
/// # Errors
/// When the client does not have it there.
pub async fn take_role(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    client: &str,
    (role, site): (&RoleId, Option<&LocationId>),
) -> Result<()> {
    let slug = own_role(tx, organization, client, role).await?;
    if !tx.apps().take_role(client, role, site).await? {
        return Err(Error::Refused("the client does not have this role there"));
    }
    updated(tx, context, organization, client, &format!("-role:{slug}"));
    Ok(())
}

/// The slug of a role of the organization that owns the client.
async fn own_role(tx: &mut Tx, organization: &OrganizationId, client: &str, role: &RoleId) -> Result<Slug> {
    if tx.apps().owner(client).await?.as_ref() != Some(organization) {
        return Err(Noun::App.unknown(client));
    }
    Ok(tx.roles().by_id(organization, role).await?.ok_or_else(|| Noun::Role.unknown(role))?.slug)
}

fn updated(tx: &mut Tx, context: &Context, organization: &OrganizationId, client: &str, change: &str) {
    let event = Event::ClientUpdate { client: client.to_owned(), attributes: change.to_owned() };
    tx.record(context, Some(organization), &event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_speaks_for_itself_alone() {
        let permission = |text: &str| text.parse::<Permission>().unwrap();
        for (declared, role, offered, fits) in [
            ("calendar:appointment:read", "practitioner", "calendar:appointment:read", true),
            ("calendar:appointment:read", "owner", "calendar:appointment:read", false),
            ("calendar:appointment:read", "practitioner", "lanyard:people:create", false),
            ("lanyard:people:create", "practitioner", "lanyard:people:create", false),
            ("calendar:appointment:read", "practitioner", "till:payment:create", false),
        ] {
            let declaration = Declaration {
                permissions: vec![(permission(declared), "Reads".into())],
                templates: vec![RoleTemplate {
                    slug: role.parse().unwrap(),
                    name: "X".parse().unwrap(),
                    permissions: vec![permission(offered)],
                }],
            };
            assert_eq!(is_its_own(&declaration).is_ok(), fits, "{declared} {role} {offered}");
        }
    }
}
