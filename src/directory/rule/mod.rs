//! Rules of groups: who is in a group because of what is known of them.
//!
//! A group with a rule has the members of whom its condition is true, and beside them those whom somebody put there. Whoever
//! changes what a rule looks at changes the groups with it: store files *touch* the member, and before the unit of work
//! ends the rules of the organization are looked at for everybody who was touched ([`settling`]). A rule that is set,
//! changed or taken back goes through all members in batches ([`recomputing`]), and so do those that look at sites or
//! roles when a site is moved or closed or a role removed. A member by rule has the origin `rule:grp_…` and is taken out by
//! the rule alone; whom somebody puts there as well stays when the rule lets go.

pub mod condition;
pub mod facts;
mod recomputing;
mod settling;

pub use condition::Condition;
pub(in crate::directory) use facts::written_sites;
pub use facts::{Fact, Facts};
pub use recomputing::{Progress, Step, follow_time, preview, recompute, recompute_some};
pub use settling::Known;
pub(in crate::directory) use settling::{apply, planned};

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{GroupId, MembershipId, OrganizationId},
    storage::{self, Tx},
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
    /// What has to be true; none while the rule is being taken back.
    pub condition: Option<Condition>,
    /// When it was set.
    pub set_at: Timestamp,
    /// Up to which member it was gone through; none once it holds for all.
    pub reached: Option<String>,
}

impl Rule {
    fn mentions(&self, fact: Fact) -> bool {
        self.condition.as_ref().is_some_and(|condition| condition.mentions(fact))
    }
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
    tx.groups().by_id(organization, group).await?.ok_or_else(|| Noun::Group.unknown(group))?;
    check(tx, organization, condition).await?;
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
    tx.groups().by_id(organization, group).await?.ok_or_else(|| Noun::Group.unknown(group))?;
    let rule = tx.group_rules().of_group(group).await?.filter(|rule| rule.condition.is_some());
    if rule.is_none() {
        return Err(Error::Refused("the group has no rule"));
    }
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
