//! Goes through all members of an organization for a rule, in batches, each a unit of work of its own.

use super::{Condition, Rule, Waiting, Wanted, failing, settling};
use crate::{
    audit::Context,
    clock::Timestamp,
    id::{GroupId, MembershipId, OrganizationId},
    storage::{self, Storage, Tx},
    text::Name,
};

/// How far a rule has come, or what it would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Members who were looked at.
    pub members: u64,
    /// Of whom the condition is true.
    pub matching: u64,
    /// Who come in by the rule.
    pub joining: u64,
    /// Who go.
    pub leaving: u64,
    /// Of whom it is true, and whom somebody put there: they stay whatever becomes of the rule.
    pub there_already: u64,
    /// The names of a few who come in, and of a few who go.
    pub names: (Vec<Name>, Vec<Name>),
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to be done.
    Idle,
    /// So many were looked at, came in and went.
    Done {
        /// Members looked at.
        members: u64,
        /// Who came in.
        joined: u64,
        /// Who went.
        left: u64,
    },
    /// The rule could not be gone through, and is set aside for a while.
    Failed,
}

/// The most names of each kind in a preview.
const NAMES: usize = 10;

/// What a condition would do to a group, without changing anything.
///
/// # Errors
/// When the database fails.
pub async fn preview(
    tx: &mut Tx,
    organization: &OrganizationId,
    (group, condition): (&GroupId, &Condition),
    now: Timestamp,
) -> storage::Result<Progress> {
    let rule = Rule {
        group: group.clone(),
        organization: organization.clone(),
        wanted: Wanted::If(condition.clone()),
        set_at: now,
        reached: None,
        failed_at: None,
    };
    let (mut progress, mut reached) = (Progress::default(), String::new());
    loop {
        let members = tx.group_rules().batch(organization, &reached, settling::BATCH).await?;
        let Some(last) = members.last() else { return Ok(progress) };
        last.as_str().clone_into(&mut reached);
        let known = tx.group_rules().known(&members, now).await?;
        let matching = known.iter().filter(|one| condition.holds(&one.facts)).count() as u64;
        let planned = settling::plan(tx, std::slice::from_ref(&rule), (&members, now)).await?;
        let found = planned.groups.into_iter().next();
        let (joins, leaves) = found.map_or_else(Default::default, |one| (one.joins, one.leaves));
        let there = tx.group_rules().places(std::slice::from_ref(group), &members).await?;
        let holds = |id: &MembershipId| known.iter().any(|one| one.member == *id && condition.holds(&one.facts));
        let by_hand = there.iter().filter(|((_, member), origin)| !origin.is_rule() && holds(member)).count();
        progress.members += members.len() as u64;
        progress.matching += matching;
        progress.joining += joins.len() as u64;
        progress.leaving += leaves.len() as u64;
        progress.there_already += by_hand as u64;
        for (people, names) in [(joins, &mut progress.names.0), (leaves, &mut progress.names.1)] {
            let missing = NAMES.saturating_sub(names.len());
            let few: Vec<MembershipId> = people.into_iter().take(missing).map(|(id, _)| id).collect();
            let mut found = tx.managers().names(&few).await?;
            names.extend(few.iter().filter_map(|id| found.remove(id)));
        }
    }
}

/// Goes on with the rule of one group, or of any, for a batch of members. Of any: one that fails is set aside.
///
/// # Errors
/// When the database fails.
pub async fn recompute_some(storage: &Storage, context: Context, of: Option<&GroupId>) -> storage::Result<Step> {
    let waiting = storage.read().await?.group_rules().waiting().await?;
    let is_meant = |rule: &Waiting| match of {
        Some(of) => rule.group == *of,
        None => failing::is_to_be_tried(rule.failed_at, context.now),
    };
    let Some(Waiting { organization, group, .. }) = waiting.into_iter().find(is_meant) else { return Ok(Step::Idle) };
    let (of_organization, of_group, unit) = (organization.clone(), group.clone(), context.clone());
    let done =
        storage.insist(move |tx| Box::pin(async move { go_on(tx, &unit, (&of_organization, &of_group)).await })).await;
    match done {
        Err(fault) if of.is_none() => {
            failing::set_aside(storage, context, (organization, group), &fault).await?;
            Ok(Step::Failed)
        }
        done => done,
    }
}

/// The same until it is done; says what came of it.
///
/// # Errors
/// When the database fails.
pub async fn recompute(storage: &Storage, context: &Context, group: &GroupId) -> storage::Result<Progress> {
    let mut progress = Progress::default();
    while let Step::Done { members, joined, left } = recompute_some(storage, context.clone(), Some(group)).await? {
        progress.members += members;
        progress.joining += joined;
        progress.leaving += left;
    }
    Ok(progress)
}

async fn go_on(
    tx: &mut Tx,
    context: &Context,
    (organization, group): (&OrganizationId, &GroupId),
) -> storage::Result<Step> {
    let nothing = Step::Done { members: 0, joined: 0, left: 0 };
    tx.organizations().lock(organization).await?;
    let Some(rule) = tx.group_rules().held(group).await? else { return Ok(nothing) };
    let Some(reached) = &rule.reached else { return Ok(nothing) };
    if rule.wanted == Wanted::Unreadable {
        return Err(failing::unreadable());
    }
    let members = tx.group_rules().batch(organization, reached, settling::BATCH).await?;
    let Some(last) = members.last() else {
        match rule.wanted {
            Wanted::Nobody => tx.group_rules().remove(group).await?,
            Wanted::If(_) | Wanted::Unreadable => tx.group_rules().reach(group, None).await?,
        }
        return Ok(nothing);
    };
    tx.group_rules().reach(group, Some(last.as_str())).await?;
    tx.memberships().hold_all(&members).await?;
    let plan = settling::plan(tx, std::slice::from_ref(&rule), (&members, context.now)).await?;
    let count = |of: fn(&settling::Planned) -> usize| plan.groups.iter().map(of).sum::<usize>() as u64;
    let (joined, left) = (count(|one| one.joins.len()), count(|one| one.leaves.len()));
    settling::apply(tx, context, plan).await?;
    Ok(Step::Done { members: members.len() as u64, joined, left })
}
