//! Assignments: membership × role × location (or the whole organization), for a time.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{AssignmentId, LocationId, MembershipId, OrganizationId, RoleId},
    storage::Tx,
    text::Slug,
};

use super::{
    Error, Noun, Result, location,
    membership::{self, Membership, RoleAt},
    origin::Origin,
    owner,
    role::Role,
    validity::Validity,
};

/// A role assigned to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The member.
    pub membership_id: MembershipId,
    /// The role.
    pub role_id: RoleId,
    /// Where; the whole organization without one.
    pub location_id: Option<LocationId>,
    /// When it holds.
    pub validity: Validity,
    /// Who or what made it.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// An assignment to be made.
#[derive(Debug, Clone)]
pub struct NewAssignment {
    /// The member.
    pub membership: MembershipId,
    /// The role.
    pub role: RoleId,
    /// Where; the whole organization without one.
    pub location: Option<LocationId>,
    /// When it holds.
    pub validity: Validity,
    /// Who or what makes it.
    pub origin: Origin,
}

/// Assigns a role.
///
/// # Errors
/// For a member, role or location that is not of this organization, and when the same assignment is live.
pub async fn assign(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    new: NewAssignment,
) -> Result<Assignment> {
    tx.organizations().lock(organization).await?;
    let member = membership::existing(tx, organization, &new.membership).await?;
    let role = tx.roles().by_id(organization, &new.role).await?.ok_or_else(|| Noun::Role.unknown(&new.role))?;
    let site = match &new.location {
        Some(id) => Some(location::open(tx, organization, id).await?.slug),
        None => None,
    };
    let assignment = Assignment {
        id: AssignmentId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        membership_id: new.membership,
        role_id: new.role,
        location_id: new.location,
        validity: new.validity,
        origin: new.origin,
        created_at: context.now,
        ended_at: None,
    };
    tx.assignments().end_if_over(&assignment, context.now).await?;
    if tx.assignments().insert_all(std::slice::from_ref(&assignment)).await? == 0 {
        return Err(Error::Refused("the member has this role at this place already; end it first to change its time"));
    }
    record_creation(tx, context, &member, (&assignment.id, &role.slug, site.as_ref()));
    Ok(assignment)
}

/// Ends an assignment.
///
/// # Errors
/// When it is unknown or ended, and for the assignment of the last owner.
pub async fn end(tx: &mut Tx, context: &Context, organization: &OrganizationId, id: &AssignmentId) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let unknown = || Noun::Assignment.unknown(id);
    let listed = tx.assignments().by_id(organization, id).await?.ok_or_else(unknown)?;
    if listed.role.as_str() == owner::OWNER && listed.location.is_none() {
        owner::spare(tx, context.now, organization, &listed.assignment.membership_id).await?;
    }
    if !tx.assignments().end(organization, id, context.now).await? {
        return Err(unknown());
    }
    let member = tx.memberships().by_id(organization, &listed.assignment.membership_id).await?;
    if let Some(member) = member {
        let event = Event::AssignmentRemoval {
            user: member.user_id,
            assignment: id.clone(),
            role: listed.role.to_string(),
            location: place(listed.location.as_ref()),
        };
        tx.record(context, Some(organization), &event);
    }
    Ok(())
}

/// An assignment with the slugs that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The assignment.
    pub assignment: Assignment,
    /// Slug of the role.
    pub role: Slug,
    /// Slug of the location.
    pub location: Option<Slug>,
}

/// Assigns the roles of a new member; an unknown or closed place or role is an error.
pub(super) async fn assign_all(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    roles: &[RoleAt],
    origin: &Origin,
) -> Result<()> {
    if roles.is_empty() {
        return Ok(());
    }
    let known = tx.roles().list(&member.organization_id).await?;
    let sites = tx.locations().list(&member.organization_id).await?;
    let mut assignments = vec![];
    for wanted in roles {
        let role: &Role =
            known.iter().find(|role| role.slug == wanted.role).ok_or_else(|| Noun::Role.unknown(&wanted.role))?;
        let site = wanted.location.as_ref().map(|slug| {
            let open = sites.iter().find(|site| site.slug == *slug && site.closed_at.is_none());
            open.map(|site| site.id.clone()).ok_or_else(|| Noun::Location.unknown(slug))
        });
        assignments.push(Assignment {
            id: AssignmentId::fresh(context.now, &context.random),
            organization_id: member.organization_id.clone(),
            membership_id: member.id.clone(),
            role_id: role.id.clone(),
            location_id: site.transpose()?,
            validity: Validity::ALWAYS,
            origin: origin.clone(),
            created_at: context.now,
            ended_at: None,
        });
    }
    tx.assignments().insert_all(&assignments).await?;
    for (assignment, wanted) in assignments.iter().zip(roles) {
        record_creation(tx, context, member, (&assignment.id, &wanted.role, wanted.location.as_ref()));
    }
    Ok(())
}

/// Leaves a member exactly these of the roles that came from `origin`; those of others stay. What the organization does not
/// have, or has closed, is left out.
pub(super) async fn replace_of(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    (wanted, origin): (&[RoleAt], &Origin),
) -> Result<()> {
    let held = keep_of(tx, context, member, (wanted, origin)).await?;
    let missing: Vec<RoleAt> = wanted.iter().filter(|at| !held.iter().any(|one| is_of(one, at))).cloned().collect();
    let missing = offered(tx, &member.organization_id, &missing).await?;
    assign_all(tx, context, member, &missing, origin).await
}

/// Ends what a member has from `origin` and is not among these; answers all that the member had.
pub(super) async fn keep_of(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    (kept, origin): (&[RoleAt], &Origin),
) -> Result<Vec<Listed>> {
    let held = tx.assignments().of_member(&member.organization_id, &member.id).await?;
    for one in held.iter().filter(|one| one.assignment.origin == *origin && !kept.iter().any(|at| is_of(one, at))) {
        end(tx, context, &member.organization_id, &one.assignment.id).await?;
    }
    Ok(held)
}

fn is_of(one: &Listed, at: &RoleAt) -> bool {
    one.role == at.role && one.location == at.location
}

/// Those of the roles that the organization has, at places that are open.
pub(super) async fn offered(tx: &mut Tx, organization: &OrganizationId, roles: &[RoleAt]) -> Result<Vec<RoleAt>> {
    if roles.is_empty() {
        return Ok(vec![]);
    }
    let known = tx.roles().list(organization).await?;
    let sites = tx.locations().list(organization).await?;
    let is_open = |slug: &Slug| sites.iter().any(|site| site.slug == *slug && site.closed_at.is_none());
    let stands =
        |at: &&RoleAt| known.iter().any(|role| role.slug == at.role) && at.location.as_ref().is_none_or(is_open);
    Ok(roles.iter().filter(stands).cloned().collect())
}

fn record_creation(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    (assignment, role, location): (&AssignmentId, &Slug, Option<&Slug>),
) {
    let event = Event::AssignmentCreation {
        user: member.user_id.clone(),
        assignment: assignment.clone(),
        role: role.to_string(),
        location: place(location),
    };
    tx.record(context, Some(&member.organization_id), &event);
}

fn place(location: Option<&Slug>) -> String {
    location.map_or_else(|| "*".to_owned(), Slug::to_string)
}
