//! Brings groups up to date with what is known of some members, in the unit that changed it.

use std::collections::{BTreeMap, HashMap};

use super::{Facts, Mandate, Rule, Wanted, failing};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::{Result, origin::Origin},
    id::{GroupId, MembershipId, OrganizationId, UserId},
    storage::{self, Revision, Tx, Work},
};

/// The most members who are settled together.
pub(super) const BATCH: usize = 200;

/// What is to change.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In groups.
    pub(super) groups: Vec<Planned>,
    /// When what is known of members changes by itself next, where that is not kept yet.
    pub(super) turns: Vec<(MembershipId, Option<Timestamp>)>,
}

/// What is to change in one group.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) group: GroupId,
    pub(super) organization: OrganizationId,
    /// Who comes in.
    pub(super) joins: Vec<(MembershipId, UserId)>,
    /// Who goes.
    pub(super) leaves: Vec<(MembershipId, UserId)>,
}

/// What is known of a member.
#[derive(Debug, Clone)]
pub struct Known {
    /// The membership.
    pub member: MembershipId,
    /// The person.
    pub user: UserId,
    /// The organization.
    pub organization: OrganizationId,
    /// What rules look at.
    pub facts: Facts,
    /// Whether they may act in the organization: nobody else comes in by a rule.
    pub is_active: bool,
    /// When an assignment begins or ends next.
    pub turns_at: Option<Timestamp>,
    /// When that is as it was looked at last.
    pub kept_turn: Option<Timestamp>,
}

/// Runs before a unit of work, or a part of one, ends in which members were touched.
pub(super) fn before_the_end(tx: &mut Tx) -> Work<'_, ()> {
    Box::pin(async { Ok(settle(tx).await.map(drop)?) })
}

/// Brings groups up to date for everybody who was touched, and says whether anybody came or went; from then on they count as
/// untouched. At the latest this is done where the part or the unit of work ends.
///
/// # Errors
/// [`Error::Unassignable`](crate::directory::Error::Unassignable), where somebody would come into a group whose roles whoever
/// touched them may not bring about.
pub(in crate::directory) async fn settle(tx: &mut Tx) -> Result<bool> {
    let mut has_changed = false;
    for (mandate, members) in tx.touched::<Mandate>() {
        let members: Vec<MembershipId> = members.into_iter().map(MembershipId::from_stored).collect();
        for some in members.chunks(BATCH) {
            has_changed |= settle_some(tx, mandate.as_ref(), some).await?;
        }
    }
    Ok(has_changed)
}

async fn settle_some(tx: &mut Tx, mandate: Option<&Mandate>, members: &[MembershipId]) -> Result<bool> {
    tx.rest_on(Revision::Rules).await?;
    let rules = tx.group_rules().of_members(members).await?;
    if rules.is_empty() {
        return Ok(false);
    }
    let context = tx.context().expect("no change is without its event");
    tx.memberships().hold_all(members).await?;
    let plan = plan(tx, &rules, (members, context.now)).await?;
    let own = Mandate::of(&context.actor);
    plan.check(tx, mandate.unwrap_or(&own)).await?;
    failing::note_unreadable(tx, &context, &rules).await?;
    let has_changed = !plan.groups.is_empty();
    apply(tx, &context, plan).await?;
    Ok(has_changed)
}

/// Members were taken out of a group: of whom its rule is true they are in it by the rule. Very many are left to the server,
/// which goes through the rule once more.
///
/// # Errors
/// When the database fails.
pub(in crate::directory) async fn put_back(
    tx: &mut Tx,
    context: &Context,
    group: &GroupId,
    members: &[MembershipId],
) -> storage::Result<()> {
    tx.rest_on(Revision::Rules).await?;
    let Some(rule) = tx.group_rules().of_group(group).await? else { return Ok(()) };
    if members.len() > BATCH {
        return tx.group_rules().reach(group, Some("")).await;
    }
    tx.memberships().hold_all(members).await?;
    let plan = plan(tx, std::slice::from_ref(&rule), (members, context.now)).await?;
    apply(tx, context, plan).await
}

/// What is to change in the groups of these rules for these members.
pub(super) async fn plan(
    tx: &mut Tx,
    rules: &[Rule],
    (members, now): (&[MembershipId], Timestamp),
) -> storage::Result<Plan> {
    let known = tx.group_rules().known(members, now).await?;
    let groups: Vec<GroupId> = rules.iter().map(|rule| rule.group.clone()).collect();
    let places = tx.group_rules().places(&groups, members).await?;
    // In the order of the groups: so no two units wait for each other.
    let by_group: BTreeMap<&GroupId, &Rule> = rules.iter().map(|rule| (&rule.group, rule)).collect();
    let planned = by_group.into_values().map(|rule| decide(rule, &known, &places));
    let groups = planned.filter(|one| !one.joins.is_empty() || !one.leaves.is_empty()).collect();
    let turned = known.into_iter().filter(|one| one.turns_at != one.kept_turn);
    Ok(Plan { groups, turns: turned.map(|one| (one.member, one.turns_at)).collect() })
}

fn decide(rule: &Rule, known: &[Known], places: &HashMap<(GroupId, MembershipId), Origin>) -> Planned {
    let (group, organization) = (rule.group.clone(), rule.organization.clone());
    let mut planned = Planned { group, organization, joins: vec![], leaves: vec![] };
    for one in known.iter().filter(|one| one.organization == rule.organization) {
        let is_wanted = match &rule.wanted {
            Wanted::If(condition) => condition.holds(&one.facts),
            Wanted::Nobody => false,
            Wanted::Unreadable => break,
        };
        let place = places.get(&(rule.group.clone(), one.member.clone()));
        let person = (one.member.clone(), one.user.clone());
        match (is_wanted, place) {
            (true, None) if one.is_active => planned.joins.push(person),
            (false, Some(origin)) if origin.is_rule() => planned.leaves.push(person),
            _ => {}
        }
    }
    planned
}

impl Plan {
    /// That nobody comes into a group whose roles the mandate does not cover.
    async fn check(&self, tx: &mut Tx, mandate: &Mandate) -> Result<()> {
        let mut joined: BTreeMap<&OrganizationId, Vec<&GroupId>> = BTreeMap::new();
        for one in self.groups.iter().filter(|one| !one.joins.is_empty()) {
            joined.entry(&one.organization).or_default().push(&one.group);
        }
        // As a rule it is one organization.
        for (organization, groups) in joined {
            mandate.check(tx, organization, &groups).await?;
        }
        Ok(())
    }
}

/// Makes these changes.
pub(super) async fn apply(tx: &mut Tx, context: &Context, plan: Plan) -> storage::Result<()> {
    for Planned { group, organization, joins, leaves } in plan.groups {
        let ids = |people: &[(MembershipId, UserId)]| people.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
        tx.group_records().touch(&group, context.now).await?;
        tx.group_records().add(&group, &ids(&joins), (&Origin::rule(&group), context.now)).await?;
        tx.group_rules().take(&group, &ids(&leaves)).await?;
        for (_, user) in joins {
            tx.record(context, Some(&organization), &Event::GroupJoin { user, group: group.clone() });
        }
        for (_, user) in leaves {
            tx.record(context, Some(&organization), &Event::GroupLeave { user, group: group.clone() });
        }
    }
    tx.group_rules().keep_turns(plan.turns).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::rule::{Condition, Fact};

    #[test]
    fn a_rule_takes_out_whom_it_brought_and_nobody_else() {
        let (group, organization) = (GroupId::from_stored("grp_1".into()), OrganizationId::from_stored("org_1".into()));
        let rule = |text: Option<&str>| Rule {
            group: group.clone(),
            organization: organization.clone(),
            wanted: text.map_or(Wanted::Nobody, |text| Wanted::If(Condition::parse(text).unwrap())),
            set_at: Timestamp(0),
            reached: None,
            failed_at: None,
        };
        let member = MembershipId::from_stored("mem_1".into());
        let mut facts = Facts::default();
        facts.add(Fact::Kind, "hirer");
        let known = |organization: &OrganizationId| Known {
            member: member.clone(),
            user: UserId::from_stored("usr_1".into()),
            organization: organization.clone(),
            facts: facts.clone(),
            is_active: true,
            turns_at: None,
            kept_turn: None,
        };
        let (by_rule, by_hand) = (Origin::rule(&group), Origin::from_stored("user:usr_2".into()));
        let (yes, no) = (Some("kind eq \"hirer\""), Some("title pr"));
        for (case, condition, place, expected) in [
            ("true of somebody new", yes, None, (1, 0)),
            ("true of somebody there by rule", yes, Some(&by_rule), (0, 0)),
            ("true of somebody there by hand", yes, Some(&by_hand), (0, 0)),
            ("true no more", no, Some(&by_rule), (0, 1)),
            ("true no more of somebody by hand", no, Some(&by_hand), (0, 0)),
            ("never true", no, None, (0, 0)),
            ("taken back", None, Some(&by_rule), (0, 1)),
            ("taken back beside somebody by hand", None, Some(&by_hand), (0, 0)),
        ] {
            let key = (group.clone(), member.clone());
            let places = place.map(|origin| (key, origin.clone())).into_iter().collect();
            let planned = decide(&rule(condition), &[known(&organization)], &places);
            assert_eq!((planned.joins.len(), planned.leaves.len()), expected, "{case}");
        }
        let other = OrganizationId::from_stored("org_2".into());
        let suspended = Known { is_active: false, ..known(&organization) };
        let kept_out = decide(&rule(yes), std::slice::from_ref(&suspended), &HashMap::new());
        assert!(kept_out.joins.is_empty(), "who is suspended comes in nowhere");
        let there = HashMap::from([((group.clone(), member.clone()), by_rule.clone())]);
        assert_eq!(decide(&rule(no), &[suspended], &there).leaves.len(), 1, "and goes as others do");
        let unreadable = Rule { wanted: Wanted::Unreadable, ..rule(yes) };
        let left = decide(&unreadable, &[known(&organization)], &there);
        assert!(left.joins.is_empty() && left.leaves.is_empty(), "a rule that nobody can read changes nothing");
        let foreign = decide(&rule(yes), &[known(&other)], &HashMap::new());
        assert!(foreign.joins.is_empty(), "another organization's members are no concern of the rule");
    }
}
