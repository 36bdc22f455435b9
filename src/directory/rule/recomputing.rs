//! Goes through all members of an organization for a rule, in batches, each a unit of work of its own; and follows time,
//! which lets assignments begin and end without anybody's doing.

use super::{Condition, Rule, settling};
use crate::{
    audit::Context,
    clock::Timestamp,
    id::{GroupId, MembershipId, OrganizationId},
    storage::{self, Storage, Tx},
    text::Name,
};

/// Members of one batch.
const BATCH: u32 = 200;

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
        condition: Some(condition.clone()),
        set_at: now,
        reached: None,
    };
    let (mut progress, mut reached) = (Progress::default(), String::new());
    loop {
        let members = tx.group_rules().batch(organization, &reached, BATCH).await?;
        let Some(last) = members.last() else { return Ok(progress) };
        last.as_str().clone_into(&mut reached);
        let known = tx.group_rules().known(&members, now).await?;
        let matching = known.iter().filter(|one| condition.holds(&one.facts)).count() as u64;
        let planned = settling::plan(tx, std::slice::from_ref(&rule), (&members, now)).await?;
        let (joins, leaves) = planned.into_iter().next().map_or_else(Default::default, |one| (one.joins, one.leaves));
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

/// Goes on with the rule of one group, or of any, for a batch of members.
///
/// # Errors
/// When the database fails.
pub async fn recompute_some(storage: &Storage, context: Context, of: Option<&GroupId>) -> storage::Result<Step> {
    let waiting = storage.read().await?.group_rules().waiting().await?;
    let Some(group) = waiting.into_iter().find(|group| of.is_none_or(|of| of == group)) else { return Ok(Step::Idle) };
    storage.write(move |tx| Box::pin(async move { go_on(tx, &context, &group).await })).await
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

async fn go_on(tx: &mut Tx, context: &Context, group: &GroupId) -> storage::Result<Step> {
    let nothing = Step::Done { members: 0, joined: 0, left: 0 };
    let Some(rule) = tx.group_rules().held(group).await? else { return Ok(nothing) };
    let Some(reached) = &rule.reached else { return Ok(nothing) };
    let members = tx.group_rules().batch(&rule.organization, reached, BATCH).await?;
    let Some(last) = members.last() else {
        match rule.condition {
            Some(_) => tx.group_rules().reach(group, None).await?,
            None => tx.group_rules().remove(group).await?,
        }
        return Ok(nothing);
    };
    tx.group_rules().reach(group, Some(last.as_str())).await?;
    tx.memberships().hold_all(&members).await?;
    let planned = settling::plan(tx, std::slice::from_ref(&rule), (&members, context.now)).await?;
    let count = |of: fn(&settling::Planned) -> usize| planned.iter().map(of).sum::<usize>() as u64;
    let (joined, left) = (count(|one| one.joins.len()), count(|one| one.leaves.len()));
    settling::apply(tx, context, planned).await?;
    Ok(Step::Done { members: members.len() as u64, joined, left })
}

/// Brings groups up to date for members whose assignments began or ended by themselves after `since`, up to the instant of
/// `context`; answers when the next one does.
///
/// # Errors
/// When the database fails.
pub async fn follow_time(storage: &Storage, context: &Context, since: Timestamp) -> storage::Result<Option<Timestamp>> {
    let mut after: Option<MembershipId> = None;
    loop {
        let mut tx = storage.read().await?;
        let turned = tx.group_rules().turned((since, context.now), after.as_ref(), BATCH).await?;
        if turned.is_empty() {
            return tx.group_rules().next_turn(context.now).await;
        }
        drop(tx);
        after = turned.last().cloned();
        let context = context.clone();
        storage
            .write(move |tx| {
                Box::pin(async move {
                    let rules = tx.group_rules().of_members(&turned).await?;
                    if rules.is_empty() {
                        return Ok(());
                    }
                    tx.memberships().hold_all(&turned).await?;
                    let planned = settling::plan(tx, &rules, (&turned, context.now)).await?;
                    settling::apply(tx, &context, planned).await
                })
            })
            .await?;
    }
}
