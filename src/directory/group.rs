//! Groups: sets of members (specialty, team, directory group); a group may lie in others and carry roles.
//!
//! Who is in a group is in every group that encloses it, and has the roles of all of them. Whoever changes a group together
//! with others, or with members, holds the organization first: so no two wait for each other.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{GroupId, LocationId, MembershipId, OrganizationId, RoleId},
    storage::Tx,
    text::{Name, Slug},
};

use super::{Error, Noun, Result, location, membership, origin::Origin, owner, provisioning, rule, tree};

/// A set of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its key in the organization, which never changes.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
}

/// Creates a group.
///
/// # Errors
/// When the slug is taken, or was ever.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    slug: &Slug,
    name: &Name,
) -> Result<Group> {
    let group = Group {
        id: GroupId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        slug: slug.clone(),
        name: name.clone(),
        created_at: context.now,
        removed_at: None,
    };
    if !tx.groups().insert(&group, &Origin::of(context)).await? {
        return Err(Error::Taken(Noun::Group, slug.to_string()));
    }
    tx.record(context, Some(organization), &Event::GroupCreation { group: group.id.clone(), slug: slug.to_string() });
    Ok(group)
}

/// People give it another name.
///
/// # Errors
/// When it is unknown, and when an outside source keeps the name.
pub async fn rename(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    name: &Name,
) -> Result<()> {
    provisioning::keepers::spare_name(tx, organization, id).await?;
    call(tx, context, organization, (id, name)).await
}

/// Gives it another name, whoever says so.
pub(super) async fn call(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (id, name): (&GroupId, &Name),
) -> Result<()> {
    let group = existing(tx, organization, id).await?;
    tx.groups().rename(id, name, &Origin::of(context)).await?;
    updated(tx, context, &group, "name");
    Ok(())
}

/// Removes a group; its members stay members of the organization. Its slug is not given out again.
///
/// # Errors
/// When it is unknown.
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, id: &GroupId) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let group = existing(tx, organization, id).await?;
    tx.groups().remove(id, context.now).await?;
    let event = Event::GroupRemoval { group: id.clone(), slug: group.slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// Puts a member into a group; nothing changes when they are in it, but that they stay when its rule lets go of them.
///
/// # Errors
/// For a group or member of another organization.
pub async fn add_member(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    member: &MembershipId,
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let group = existing(tx, organization, id).await?;
    let member = membership::existing(tx, organization, member).await?;
    let is_new = tx.groups().add_member(id, &member.id, &Origin::of(context), context.now).await?;
    if is_new || tx.group_rules().keep_beside_the_rule(id, &member.id, &Origin::of(context)).await? {
        tx.record(context, Some(organization), &Event::GroupJoin { user: member.user_id, group: group.id });
    }
    Ok(())
}

/// Takes a member out of a group.
///
/// # Errors
/// For a group or member of another organization, when they are not in it, and when an outside source or the rule of the
/// group keeps them there.
pub async fn remove_member(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    member: &MembershipId,
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let group = existing(tx, organization, id).await?;
    let member = membership::existing(tx, organization, member).await?;
    provisioning::keepers::take_by_people(tx, organization, id, &member.id).await?;
    if !tx.groups().remove_member(id, &member.id, context.now).await? {
        return Err(Error::Refused("the member is not directly in this group"));
    }
    tx.record(context, Some(organization), &Event::GroupLeave { user: member.user_id, group: group.id });
    Ok(rule::put_back(tx, context, id, &[member.id]).await?)
}

/// Puts a group into another one.
///
/// # Errors
/// When it would lie in itself.
pub async fn nest(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    parent: &GroupId,
) -> Result<()> {
    nest_all(tx, context, organization, (&[id], parent)).await
}

/// Puts groups into another one: what lies in what is looked at once.
///
/// # Errors
/// When one of them would lie in itself.
pub async fn nest_all(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (ids, parent): (&[&GroupId], &GroupId),
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let enclosing = existing(tx, organization, parent).await?;
    let edges = tx.groups().parents(organization).await?;
    let above = tree::above(&edges, [parent]);
    for id in ids {
        let group = existing(tx, organization, id).await?;
        // What is put into the same group does not change what stands above it.
        if above.contains(id) {
            return Err(Error::Cycle(Noun::Group, group.slug.to_string()));
        }
        tx.groups().add_parent(id, parent, (&Origin::of(context), context.now)).await?;
        updated(tx, context, &group, &format!("+in:{}", enclosing.slug));
    }
    Ok(())
}

/// People take a group out of another one.
///
/// # Errors
/// When it does not lie in it, and when an outside source put it there.
pub async fn unnest(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    parent: &GroupId,
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    provisioning::keepers::spare_nesting(tx, organization, (id, parent)).await?;
    take_out(tx, context, organization, (id, parent)).await
}

/// Takes a group out of another one, whoever says so.
pub(super) async fn take_out(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (id, parent): (&GroupId, &GroupId),
) -> Result<()> {
    let group = existing(tx, organization, id).await?;
    let enclosing = existing(tx, organization, parent).await?;
    if !tx.groups().remove_parent(id, parent, context.now).await? {
        return Err(Error::Refused("the group does not lie in that one"));
    }
    updated(tx, context, &group, &format!("-in:{}", enclosing.slug));
    Ok(())
}

/// Gives a role to everybody in a group, at a location or in the whole organization.
///
/// # Errors
/// For owner, which is assigned to persons alone, and for a role or location of another organization.
pub async fn give_role(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    (role, site): (&RoleId, Option<&LocationId>),
) -> Result<()> {
    let group = existing(tx, organization, id).await?;
    let role = tx.roles().by_id(organization, role).await?.ok_or_else(|| Noun::Role.unknown(role))?;
    if role.slug.as_str() == owner::OWNER {
        return Err(Error::Refused("owner is assigned to a person, not to a group"));
    }
    if let Some(site) = site {
        location::open(tx, organization, site).await?;
    }
    tx.groups().give_role(id, &role.id, site).await?;
    updated(tx, context, &group, &format!("+role:{}", role.slug));
    Ok(())
}

/// Takes a role from a group.
///
/// # Errors
/// When the group does not carry it there.
pub async fn take_role(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &GroupId,
    (role, site): (&RoleId, Option<&LocationId>),
) -> Result<()> {
    let group = existing(tx, organization, id).await?;
    let role = tx.roles().by_id(organization, role).await?.ok_or_else(|| Noun::Role.unknown(role))?;
    if !tx.groups().take_role(id, &role.id, site).await? {
        return Err(Error::Refused("the group does not carry this role there"));
    }
    updated(tx, context, &group, &format!("-role:{}", role.slug));
    Ok(())
}

fn updated(tx: &mut Tx, context: &Context, group: &Group, change: &str) {
    let event = Event::GroupUpdate { group: group.id.clone(), change: change.to_owned() };
    tx.record(context, Some(&group.organization_id), &event);
}

async fn existing(tx: &mut Tx, organization: &OrganizationId, id: &GroupId) -> Result<Group> {
    tx.groups().by_id(organization, id).await?.ok_or_else(|| Noun::Group.unknown(id))
}
