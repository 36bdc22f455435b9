//! Roles: named bundles of permissions of an organization, from a template or its own; a role may inherit others.

pub mod template;

use std::collections::BTreeSet;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{OrganizationId, RoleId},
    storage::Tx,
    text::{Name, Slug},
};

use super::{
    Error, Noun, Result, owner,
    permission::{self, Permission},
    provisioning, rule, tree,
};

/// A bundle of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its key in the organization, which never changes.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// The built-in template it follows, or the app that offered it.
    pub template: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
}

impl Role {
    /// The built-in role it is, with its permissions in Lanyard.
    #[must_use]
    pub fn built_in(&self) -> Option<&'static template::Template> {
        self.template.as_deref().and_then(template::by_slug)
    }
}

/// A role with what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// The role.
    pub role: Role,
    /// Its own permissions, those of its template included.
    pub permissions: Vec<Permission>,
    /// Slugs of the roles it inherits.
    pub inherits: Vec<Slug>,
}

/// Everything that a role grants, inherited permissions included.
#[must_use]
pub fn effective(compositions: &[Composition], slug: &Slug) -> BTreeSet<Permission> {
    let edges: Vec<(&Slug, &Slug)> =
        compositions.iter().flat_map(|one| one.inherits.iter().map(move |parent| (&one.role.slug, parent))).collect();
    let roles = tree::above(&edges, [&slug]);
    let held = compositions.iter().filter(|one| roles.contains(&&one.role.slug));
    held.flat_map(|one| one.permissions.iter().cloned()).collect()
}

/// Creates a custom role.
///
/// # Errors
/// When the slug is taken, or was ever, and for a permission that is not registered.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, name): (&Slug, &Name),
    permissions: &[Permission],
) -> Result<Role> {
    permission::registered(tx, organization, permissions).await?;
    insert(tx, context, organization, (slug, name, None), permissions).await
}

/// Inserts a role whose permissions were checked.
pub(super) async fn insert(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, name, template): (&Slug, &Name, Option<String>),
    permissions: &[Permission],
) -> Result<Role> {
    if template::by_slug(slug.as_str()).is_some() {
        return Err(Error::Taken(Noun::Role, slug.to_string()));
    }
    let role = Role {
        id: RoleId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        slug: slug.clone(),
        name: name.clone(),
        template,
        created_at: context.now,
        removed_at: None,
    };
    if tx.roles().insert_all(std::slice::from_ref(&role)).await? == 0 {
        return Err(Error::Taken(Noun::Role, slug.to_string()));
    }
    tx.roles().add_permissions(&role.id, permissions).await?;
    let event = Event::RoleCreation { role: role.id.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(role)
}

/// Adds permissions to a role and takes others away.
///
/// # Errors
/// For a permission that is not registered, and for Lanyard's own permissions of a built-in role.
pub async fn change_permissions(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &RoleId,
    (add, remove): (&[Permission], &[Permission]),
) -> Result<()> {
    let role = existing(tx, organization, id).await?;
    may_compose(&role, add.iter().chain(remove))?;
    permission::registered(tx, organization, add).await?;
    tx.roles().remove_permissions(id, remove).await?;
    tx.roles().add_permissions(id, add).await?;
    let list = |sign: &str, all: &[Permission]| all.iter().map(|one| format!("{sign}{one}")).collect::<Vec<_>>();
    updated(tx, context, &role, &[list("+", add), list("-", remove)].concat().join(" "));
    Ok(())
}

/// Built-in roles keep what they may do in Lanyard; only what they may do in apps is the organization's.
fn may_compose<'p>(role: &Role, mut permissions: impl Iterator<Item = &'p Permission>) -> Result<()> {
    if role.built_in().is_some() && permissions.any(Permission::is_lanyards) {
        return Err(Error::Refused(
            "a built-in role keeps its permissions in Lanyard; make a role of your own that inherits it",
        ));
    }
    Ok(())
}

/// Gives it another name.
///
/// # Errors
/// When it is unknown.
pub async fn rename(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &RoleId,
    name: &Name,
) -> Result<()> {
    let role = existing(tx, organization, id).await?;
    tx.roles().rename(id, name).await?;
    updated(tx, context, &role, "name");
    Ok(())
}

/// Lets a role inherit what another has.
///
/// # Errors
/// When it would inherit itself, for owner as the inherited one, and for a built-in role as the heir.
pub async fn inherit(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &RoleId,
    parent: &RoleId,
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let role = existing(tx, organization, id).await?;
    let inherited = existing(tx, organization, parent).await?;
    if role.built_in().is_some() {
        return Err(Error::Refused(
            "a built-in role inherits nothing more; make a role of your own that inherits both",
        ));
    }
    if inherited.slug.as_str() == owner::OWNER {
        return Err(Error::Refused("owner is not inherited; assign it to a person"));
    }
    let edges = tx.roles().parents(organization).await?;
    if tree::would_close_a_circle(&edges, id, parent) {
        return Err(Error::Cycle(Noun::Role, role.slug.to_string()));
    }
    tx.roles().add_parents(&[(id.clone(), parent.clone())]).await?;
    updated(tx, context, &role, &format!("+inherits:{}", inherited.slug));
    Ok(())
}

/// Lets a role inherit another no more.
///
/// # Errors
/// When it does not inherit it, and for a built-in role.
pub async fn disinherit(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &RoleId,
    parent: &RoleId,
) -> Result<()> {
    let role = existing(tx, organization, id).await?;
    let inherited = existing(tx, organization, parent).await?;
    if role.built_in().is_some() {
        return Err(Error::Refused("a built-in role keeps what it inherits"));
    }
    if !tx.roles().remove_parent(id, parent).await? {
        return Err(Noun::Role.unknown(&inherited.slug));
    }
    updated(tx, context, &role, &format!("-inherits:{}", inherited.slug));
    Ok(())
}

/// Removes a custom role and ends its assignments. Its slug is not given out again.
///
/// # Errors
/// For a built-in role.
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, id: &RoleId) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let role = existing(tx, organization, id).await?;
    if role.built_in().is_some() {
        return Err(Error::Refused("a built-in role cannot be removed; end its assignments instead"));
    }
    provisioning::look_again_at(tx, organization, (id, None)).await?;
    tx.roles().remove(id, context.now).await?;
    rule::restart(tx, organization).await?;
    let event = Event::RoleRemoval { role: id.clone(), slug: role.slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

fn updated(tx: &mut Tx, context: &Context, role: &Role, change: &str) {
    let event = Event::RoleUpdate { role: role.id.clone(), change: change.to_owned() };
    tx.record(context, Some(&role.organization_id), &event);
}

async fn existing(tx: &mut Tx, organization: &OrganizationId, id: &RoleId) -> Result<Role> {
    tx.roles().by_id(organization, id).await?.ok_or_else(|| Noun::Role.unknown(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_roles_keep_what_they_may_do_in_lanyard() {
        let role = |template: Option<&str>| Role {
            id: RoleId::from_stored("rol_1".into()),
            organization_id: OrganizationId::from_stored("org_1".into()),
            slug: "x".parse().unwrap(),
            name: "X".parse().unwrap(),
            template: template.map(str::to_owned),
            created_at: Timestamp(0),
            removed_at: None,
        };
        for (template, permission, allowed) in [
            (Some("manager"), "lanyard:audit:export", false),
            (Some("manager"), "calendar:appointment:read", true),
            (Some("clinic-calendar"), "lanyard:people:read", true),
            (None, "lanyard:people:read", true),
        ] {
            let permission: Permission = permission.parse().unwrap();
            let result = may_compose(&role(template), std::iter::once(&permission));
            assert_eq!(result.is_ok(), allowed, "{template:?} {permission}");
        }
    }
}
