//! Who may do what in Lanyard itself: `decide(principal, action, resource)`, pure.
//!
//! Everything follows from assignments: what somebody may do holds where their roles hold. A location manager sees and
//! changes only people of that location; nobody gives away more of Lanyard than they hold, nor anything at all to
//! themselves that they do not hold; an owner is made, changed and removed by an owner alone. What apps decide with the
//! permissions they declared is theirs.
//!
//! [`load`] fetches what a decision needs; [`action`] is the table of actions.

pub mod action;
pub mod load;

use std::collections::BTreeSet;

pub use action::{Action, Rule};

use crate::{
    directory::{
        access::{Reach, Reaches},
        permission::Permission,
    },
    id::{LocationId, MembershipId, OrganizationId, UserId},
};

/// Who acts.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A member, in the organization they act in.
    Member(Standing),
    /// Somebody with a shell on the host.
    Server,
}

/// Where somebody stands in an organization.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The organization.
    pub organization: OrganizationId,
    /// The membership.
    pub membership: MembershipId,
    /// The person.
    pub user: UserId,
    /// Whether they own the whole organization.
    pub is_owner: bool,
    /// What they may, and where.
    pub reaches: Reaches,
    /// Where they work, also while they are suspended.
    pub places: Places,
}

/// The places where somebody's roles hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    /// The whole organization.
    Whole,
    /// These locations, perhaps none.
    At(BTreeSet<LocationId>),
}

/// What is acted on; always of one organization.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// The organization or something that belongs to all of it.
    Organization(&'a OrganizationId),
    /// A location; without one the top of the tree.
    Place(&'a OrganizationId, Option<&'a LocationId>),
    /// A member.
    Person(&'a Standing),
    /// Roles or permissions that somebody is to get, or to lose.
    Grant(&'a OrganizationId, Grant<'a>),
}

/// What is given.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// To whom; nobody yet for an invitation, a role or a group.
    pub to: Option<&'a Standing>,
    /// What.
    pub roles: &'a [Granted],
}

/// A role, or single permission, that is given somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whether it is the role owner.
    pub is_owner: bool,
    /// Everything it brings.
    pub permissions: BTreeSet<Permission>,
    /// Where; the whole organization without one.
    pub location: Option<LocationId>,
}

/// Proof that an action was allowed; made by [`decide`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized {
    action: Action,
    organization: OrganizationId,
}

impl Authorized {
    /// What was allowed.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// Where.
    #[must_use]
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }
}

/// Why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// It belongs to another organization, or the principal works nowhere near it: answered as if it did not exist.
    #[error("there is nothing of that name here")]
    Unknown,
    /// The permission is missing.
    #[error("this takes the permission `{0}`, which you do not hold here; ask an owner of the organization")]
    Lacks(&'static str),
    /// The person works at places where the principal has no say.
    #[error("this person also works where you have no say; ask somebody who manages the whole organization")]
    OutOfReach,
    /// An owner is concerned.
    #[error("only an owner changes or makes an owner")]
    OwnersOnly,
    /// More would be given than the principal holds.
    #[error("you cannot give `{0}`, which you do not hold there yourself")]
    MoreThanHeld(String),
}

/// Whether `principal` may do `action` to `resource`.
///
/// # Errors
/// Why not; [`Denial::Unknown`] is answered as if the resource did not exist.
pub fn decide(principal: &Principal, action: Action, resource: Resource<'_>) -> Result<Authorized, Denial> {
    let organization = resource.organization();
    if let Principal::Member(own) = principal {
        if own.organization != *organization {
            return Err(Denial::Unknown);
        }
        check(own, action, resource)?;
    }
    Ok(Authorized { action, organization: organization.clone() })
}

impl Resource<'_> {
    fn organization(&self) -> &OrganizationId {
        match self {
            Self::Organization(id) | Self::Place(id, _) | Self::Grant(id, _) => id,
            Self::Person(standing) => &standing.organization,
        }
    }
}

/// A resource that does not fit the action's rule is treated as the whole organization, which takes the most.
fn check(own: &Standing, action: Action, resource: Resource<'_>) -> Result<(), Denial> {
    let (permission, rule) = action.requirement();
    let reach = own.reach(permission).ok_or(Denial::Lacks(permission))?;
    match (rule, resource) {
        (Rule::Anywhere, _) => Ok(()),
        (Rule::Place, Resource::Place(_, place)) => covers(reach, place).then_some(()).ok_or(Denial::Lacks(permission)),
        (Rule::SeePerson, Resource::Person(person)) => {
            (own.user == person.user || sees(reach, &person.places)).then_some(()).ok_or(Denial::Unknown)
        }
        (Rule::ChangePerson, Resource::Person(person)) => changes(own, reach, person),
        (Rule::Grant, Resource::Grant(_, grant)) => gives(own, (permission, reach), grant),
        (Rule::Everywhere | Rule::Place | Rule::SeePerson | Rule::ChangePerson | Rule::Grant, _) => {
            covers(reach, None).then_some(()).ok_or(Denial::Lacks(permission))
        }
    }
}

fn changes(own: &Standing, reach: &Reach, person: &Standing) -> Result<(), Denial> {
    if !sees(reach, &person.places) {
        return Err(Denial::Unknown);
    }
    if person.is_owner && !own.is_owner {
        return Err(Denial::OwnersOnly);
    }
    match (reach, &person.places) {
        (Reach::Everywhere, _) => Ok(()),
        (Reach::At(own), Places::At(places)) if places.is_subset(own) => Ok(()),
        (Reach::At(_), _) => Err(Denial::OutOfReach),
    }
}

fn gives(own: &Standing, (permission, reach): (&'static str, &Reach), grant: Grant<'_>) -> Result<(), Denial> {
    if let Some(person) = grant.to
        && person.is_owner
        && !own.is_owner
    {
        return Err(Denial::OwnersOnly);
    }
    // Without a role nothing holds anywhere, which only the whole organization can answer for.
    if grant.roles.is_empty() && !covers(reach, None) {
        return Err(Denial::Lacks(permission));
    }
    let to_self = grant.to.is_some_and(|person| person.user == own.user);
    for given in grant.roles {
        let place = given.location.as_ref();
        if !covers(reach, place) {
            return Err(Denial::Lacks(permission));
        }
        if given.is_owner && !own.is_owner {
            return Err(Denial::OwnersOnly);
        }
        let holds = |one: &Permission| own.reaches.get(one).is_some_and(|reach| covers(reach, place));
        let matters = |one: &&Permission| one.is_lanyards() || (to_self && !own.is_owner);
        if let Some(missing) = given.permissions.iter().filter(matters).find(|one| !holds(one)) {
            return Err(Denial::MoreThanHeld(missing.to_string()));
        }
    }
    Ok(())
}

impl Standing {
    fn reach(&self, permission: &str) -> Option<&Reach> {
        self.reaches.iter().find(|(held, _)| held.as_str() == permission).map(|(_, reach)| reach)
    }
}

/// Whether what is held at `reach` holds at `place` (`None`: the whole organization).
fn covers(reach: &Reach, place: Option<&LocationId>) -> bool {
    match (reach, place) {
        (Reach::Everywhere, _) => true,
        (Reach::At(places), Some(place)) => places.contains(place),
        (Reach::At(_), None) => false,
    }
}

/// Whether somebody of `places` comes into sight at `reach`.
fn sees(reach: &Reach, places: &Places) -> bool {
    match (reach, places) {
        (Reach::Everywhere, _) => true,
        (Reach::At(own), Places::Whole) => !own.is_empty(),
        (Reach::At(own), Places::At(places)) => !own.is_disjoint(places),
    }
}

#[cfg(test)]
mod tests;
