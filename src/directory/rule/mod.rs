//! Rules of groups: who is in a group because of what is known of them.
//!
//! A group with a rule has the members of whom its condition is true, and beside them those whom somebody put there. Whoever
//! changes what a rule looks at changes the groups with it: store files *touch* the member, and before the unit of work
//! ends, or a part of it, the rules of the organization are looked at for everybody who was touched ([`settling`]), within
//! what whoever touched them may bring about ([`mandate`]). A rule that is set, changed or taken back goes through all
//! members in batches ([`recomputing`]), and so do those that look at sites or roles when a site is moved or closed or a role
//! removed; one that fails is set aside ([`failing`]). Time is followed too ([`turns`]). A member by rule has the origin
//! `rule:grp_…` and is taken out by the rule alone; whom somebody puts there as well stays when the rule lets go. Who is
//! suspended comes in when they are let in again.
//!
//! Whoever sets a rule, goes through one, or changes members and groups together holds the organization first. A unit that was
//! settled by rules that were changed before its commit is not kept ([`Revision::Rules`]).

pub mod condition;
mod failing;
pub mod facts;
mod mandate;
mod recomputing;
mod settling;
mod turns;

pub use condition::Condition;
pub(in crate::directory) use facts::written_sites;
pub use facts::{Fact, Facts};
pub use mandate::Mandate;
pub use recomputing::{Progress, Step, preview, recompute, recompute_some};
pub use settling::Known;
pub(in crate::directory) use settling::{put_back, settle};
pub use turns::follow_time;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{GroupId, MembershipId, OrganizationId},
    storage::{self, Revision, Tx},
    text::Slug,
};

use super::{Error, Noun, Result};

/// The rule of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The group.
    pub group: GroupId,
    /// The organization.
    pub organization: OrganizationId,
    /// Who is to be in the group.
    pub wanted: Wanted,
    /// When it was set.
    pub set_at: Timestamp,
    /// Up to which member it was gone through; none once it holds for all.
    pub reached: Option<String>,
    /// Since when it cannot be gone through.
    pub failed_at: Option<Timestamp>,
}

/// Who is to be in a group with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Everybody of whom this is true.
    If(Condition),
    /// Nobody: the rule is being taken back.
    Nobody,
    /// This program cannot read the rule: the group stays as it is.
    Unreadable,
}

impl Rule {
    /// What has to be true, where it can be read and is not being taken back.
    #[must_use]
    pub fn condition(&self) -> Option<&Condition> {
        match &self.wanted {
            Wanted::If(condition) => Some(condition),
            Wanted::Nobody | Wanted::Unreadable => None,
        }
    }

    fn mentions(&self, fact: Fact) -> bool {
        self.condition().is_some_and(|condition| condition.mentions(fact))
    }
}

/// A rule that was not gone through to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The organization.
    pub organization: OrganizationId,
    /// The group.
    pub group: GroupId,
    /// Since when it fails.
    pub failed_at: Option<Timestamp>,
}

/// Sets or changes the rule of a group; whoever calls goes on with [`recompute`], or leaves that to the server.
///
/// # Errors
/// For an unknown group, and where the condition names a kind, site or role that the organization does not have.
pub async fn set(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (group, condition): (&GroupId, &Condition),
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    tx.groups().by_id(organization, group).await?.ok_or_else(|| Noun::Group.unknown(group))?;
    check(tx, organization, condition).await?;
    tx.bump(Revision::Rules);
    tx.group_rules().save((organization, group), Some(condition), context.now).await?;
    let event = Event::GroupUpdate { group: group.clone(), change: format!("rule:{condition}") };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// Takes the rule of a group back; its members by rule go with it.
///
/// # Errors
/// For an unknown group and for one without a rule.
pub async fn clear(tx: &mut Tx, context: &Context, organization: &OrganizationId, group: &GroupId) -> Result<()> {
    tx.organizations().lock(organization).await?;
    tx.groups().by_id(organization, group).await?.ok_or_else(|| Noun::Group.unknown(group))?;
    let rule = tx.group_rules().of_group(group).await?.filter(|rule| rule.wanted != Wanted::Nobody);
    if rule.is_none() {
        return Err(Error::Refused("the group has no rule"));
    }
    tx.bump(Revision::Rules);
    tx.group_rules().save((organization, group), None, context.now).await?;
    let event = Event::GroupUpdate { group: group.clone(), change: "-rule".to_owned() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// That the kinds, sites and roles exist that a condition names: a mistyped one would never be true.
///
/// # Errors
/// For the first one that does not.
pub async fn check(tx: &mut Tx, organization: &OrganizationId, condition: &Condition) -> Result<()> {
    let unknown = |names: Vec<&str>, known: Vec<Slug>| -> Option<String> {
        names
            .into_iter()
            .find(|name| !known.iter().any(|slug| slug.as_str().eq_ignore_ascii_case(name)))
            .map(str::to_owned)
    };
    for (fact, noun) in [(Fact::Kind, Noun::MembershipKind), (Fact::Location, Noun::Location), (Fact::Role, Noun::Role)]
    {
        let names = condition.named(fact);
        if names.is_empty() {
            continue;
        }
        let known = match fact {
            Fact::Kind => tx.kinds().list(organization).await?.into_iter().map(|one| one.slug).collect(),
            Fact::Location => tx.locations().list(organization).await?.into_iter().map(|one| one.slug).collect(),
            _ => tx.roles().list(organization).await?.into_iter().map(|one| one.slug).collect(),
        };
        if let Some(name) = unknown(names, known) {
            return Err(noun.unknown(name));
        }
    }
    Ok(())
}

/// Sites or roles are others by now: rules that look at them are gone through once more.
pub(super) async fn restart(tx: &mut Tx, organization: &OrganizationId) -> storage::Result<()> {
    for rule in tx.group_rules().of(organization).await? {
        if rule.mentions(Fact::Location) || rule.mentions(Fact::Role) {
            tx.bump(Revision::Rules);
            tx.group_rules().reach(&rule.group, Some("")).await?;
        }
    }
    Ok(())
}

impl Tx {
    /// Something that rules look at has changed for a member.
    pub(in crate::directory) fn touch_member(&mut self, member: &MembershipId) {
        self.touch(member.as_str(), settling::before_the_end);
    }
}
