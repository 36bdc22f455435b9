//! Brings groups up to date with what is known of some members, in the unit that changed it.

use std::collections::{BTreeMap, HashMap};

use super::{Facts, Rule};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::origin::Origin,
    id::{GroupId, MembershipId, OrganizationId, UserId},
    storage::{self, Tx, Work},
};

/// What is to change in one group.
#[derive(Debug)]
pub(in crate::directory) struct Planned {
    pub(in crate::directory) group: GroupId,
    pub(in crate::directory) organization: OrganizationId,
    /// Who comes in.
    pub(in crate::directory) joins: Vec<(MembershipId, UserId)>,
    /// Who goes.
    pub(in crate::directory) leaves: Vec<(MembershipId, UserId)>,
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
}

/// Runs before a unit of work ends in which members were touched.
pub(super) fn before_the_end(tx: &mut Tx) -> Work<'_, ()> {
    Box::pin(settle(tx))
}

/// Brings groups up to date for everybody who was touched.
pub(in crate::directory) async fn settle(tx: &mut Tx) -> storage::Result<()> {
    let all = planned(tx).await?;
    if all.is_empty() {
        return Ok(());
    }
    let context = tx.context().expect("no change is without its event");
    apply(tx, &context, all).await
}

/// What is to change for everybody who was touched; from then on they count as untouched.
pub(in crate::directory) async fn planned(tx: &mut Tx) -> storage::Result<Vec<Planned>> {
    let members: Vec<MembershipId> = tx.touched().into_iter().map(MembershipId::from_stored).collect();
    if members.is_empty() {
        return Ok(vec![]);
    }
    let rules = tx.group_rules().of_members(&members).await?;
    if rules.is_empty() {
        return Ok(vec![]);
    }
    let context = tx.context().expect("no change is without its event");
    tx.memberships().hold_all(&members).await?;
    plan(tx, &rules, (&members, context.now)).await
}

/// What is to change in the groups of these rules for these members.
pub(super) async fn plan(
    tx: &mut Tx,
    rules: &[Rule],
    (members, now): (&[MembershipId], Timestamp),
) -> storage::Result<Vec<Planned>> {
    let known = tx.group_rules().known(members, now).await?;
    let groups: Vec<GroupId> = rules.iter().map(|rule| rule.group.clone()).collect();
    let places = tx.group_rules().places(&groups, members).await?;
    // In the order of the groups: so no two units wait for each other.
    let by_group: BTreeMap<&GroupId, &Rule> = rules.iter().map(|rule| (&rule.group, rule)).collect();
    let planned = by_group.into_values().map(|rule| decide(rule, &known, &places));
    Ok(planned.filter(|one| !one.joins.is_empty() || !one.leaves.is_empty()).collect())
}

fn decide(rule: &Rule, known: &[Known], places: &HashMap<(GroupId, MembershipId), Origin>) -> Planned {
    let (group, organization) = (rule.group.clone(), rule.organization.clone());
    let mut planned = Planned { group, organization, joins: vec![], leaves: vec![] };
    for one in known.iter().filter(|one| one.organization == rule.organization) {
        let is_wanted = rule.condition.as_ref().is_some_and(|condition| condition.holds(&one.facts));
        let place = places.get(&(rule.group.clone(), one.member.clone()));
        let person = (one.member.clone(), one.user.clone());
        match (is_wanted, place) {
            (true, None) => planned.joins.push(person),
            (false, Some(origin)) if origin.is_rule() => planned.leaves.push(person),
            _ => {}
        }
    }
    planned
}

/// Makes these changes.
pub(in crate::directory) async fn apply(tx: &mut Tx, context: &Context, all: Vec<Planned>) -> storage::Result<()> {
    for Planned { group, organization, joins, leaves } in all {
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
    Ok(())
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
            condition: text.map(|text| Condition::parse(text).unwrap()),
            set_at: Timestamp(0),
            reached: None,
        };
        let member = MembershipId::from_stored("mem_1".into());
        let mut facts = Facts::default();
        facts.add(Fact::Kind, "hirer");
        let known = |organization: &OrganizationId| Known {
            member: member.clone(),
            user: UserId::from_stored("usr_1".into()),
            organization: organization.clone(),
            facts: facts.clone(),
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
        let foreign = decide(&rule(yes), &[known(&other)], &HashMap::new());
        assert!(foreign.joins.is_empty(), "another organization's members are no concern of the rule");
    }
}
