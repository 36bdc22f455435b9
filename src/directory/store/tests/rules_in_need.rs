//! Groups whose members follow from what is known of them: when many change at once, when something is broken, and when
//! whoever says something may not bring about what follows of it.

use serde_json::json;

use super::{
    provisioning::{add, change, desired, owning, source},
    rules::{group_of, members},
    *,
};
use crate::{
    directory::{
        Error, group,
        profile::{self, Attribute, Edit, Editor},
        provisioning::{self, ENTERPRISE, Manner, Part, Parts, Speaker},
        rule::{self, Condition, Step},
    },
    id::GroupId,
    storage::{sql, testing::databases},
};

/// A role for some time, which a group asks for; the group.
async fn for_a_while(storage: &Storage, of: &Organization, to: &Membership, (from, until): (i64, i64)) -> GroupId {
    let group = group_of(storage, of, "clerks", "role eq \"billing\"").await;
    let while_it_lasts = Validity::new(Some(Timestamp(NOW.0 + from)), Some(Timestamp(NOW.0 + until))).unwrap();
    let (of, to) = (of.id.clone(), to.clone());
    unit!(storage, |tx| assign(tx, &of, &to, "billing", (None, while_it_lasts)).await).unwrap();
    group
}

#[tokio::test(flavor = "multi_thread")]
async fn no_instant_is_missed_by_clocks_that_disagree() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &[]).await;
        let follow = async |now: i64| assert!(rule::follow_time(storage, &context(now)).await.is_ok());
        // A node is ahead: it has followed time beyond what another one takes for the future.
        follow(15).await;
        let clerks = for_a_while(storage, &clinic, &ann, (10, 20)).await;
        let there = async || members(storage, &clinic, &clerks).await.len();
        assert_eq!(there().await, 0);
        follow(15).await;
        assert_eq!(there().await, 1);
        // One that is behind looks at her by another change, and takes her out; then its time comes.
        let edit = async |now: i64| {
            let (of, id) = (clinic.id.clone(), ann.id.clone());
            unit!(storage, |tx| {
                let edits = [Edit::set(Attribute::Title, "Dr").unwrap()];
                profile::edit_member(tx, &context(now), (&of, &id), Editor::Administrator, &edits).await
            })
            .unwrap();
        };
        edit(5).await;
        assert_eq!(there().await, 0);
        follow(10).await;
        assert_eq!(there().await, 1);
        // A clock that was ahead and is set back.
        follow(25).await;
        assert_eq!(there().await, 0);
        edit(12).await;
        assert_eq!(there().await, 1);
        follow(20).await;
        assert_eq!(there().await, 0);
    }
}

/// What becomes of rules when they are gone through until nothing is left to be done.
async fn steps(storage: &Storage, now: i64) -> Vec<Step> {
    let mut steps = vec![];
    while steps.last() != Some(&Step::Idle) {
        steps.push(rule::recompute_some(storage, context(now), None).await.unwrap());
    }
    steps
}

async fn corrupt(storage: &Storage, statement: &'static str, id: &str) {
    let id = id.to_owned();
    unit!(storage, |tx| sql(statement).bind(id).execute(tx.connection()).await).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_stops_no_other() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (owning(storage, "riverside").await, owning(storage, "harbour").await);
        let ann = add(storage, &riverside, "hr", desired("ann@riverside.example", json!({}))).await.unwrap();
        let ann = ann.known.membership.id;
        add(storage, &harbour, "hr", desired("bo@harbour.example", json!({}))).await.unwrap();
        // Ids of groups are in the order in which they were made: the broken ones are gone through first.
        let broken = group_of(storage, &riverside, "broken", "kind eq \"administrative\"").await;
        let stuck = group_of(storage, &riverside, "stuck", "department pr").await;
        let whole = group_of(storage, &harbour, "whole", "title pr").await;
        corrupt(
            storage,
            "UPDATE group_rules SET condition = 'shoe eq \"42\"', reached = '' WHERE group_id = $1",
            broken.as_str(),
        )
        .await;
        corrupt(
            storage,
            "UPDATE group_rules SET condition = 'kind pr', reached = '' WHERE group_id = $1",
            whole.as_str(),
        )
        .await;
        let found = steps(storage, 10).await;
        assert_eq!(found.iter().filter(|step| **step == Step::Failed).count(), 1, "{found:?}");
        assert_eq!(members(storage, &harbour, &whole).await.len(), 1, "another organization's goes on");
        assert_eq!(members(storage, &riverside, &broken).await, [(ann.clone(), true)], "the group stays as it is");
        let why = storage.read().await.unwrap().group_rules().failure(&broken).await.unwrap();
        assert!(why.as_ref().is_some_and(|why| why.contains("group_rules.condition")), "{why:?}");
        assert_eq!(steps(storage, 20).await, [Step::Idle], "it is left alone for a while");
        assert!(steps(storage, 60_010).await.contains(&Step::Failed), "and tried again");
        let told = || async { actions(storage).await.iter().filter(|action| *action == "group-rule").count() };
        assert_eq!(told().await, 1, "it is told once");

        // Whoever changes a member of that organization goes on, and so do its other rules.
        let enterprise = json!({(ENTERPRISE): {"department": "Desk"}});
        let said = desired("ann@riverside.example", enterprise);
        assert!(change(storage, &riverside, "hr", (&ann, said, Manner::Change)).await.unwrap());
        assert_eq!(members(storage, &riverside, &stuck).await, [(ann.clone(), true)]);

        // A member of whom nobody can read what was written stops the rules of their organization alone.
        corrupt(storage, "UPDATE member_records SET attributes = '{' WHERE membership_id = $1", ann.as_str()).await;
        corrupt(storage, "UPDATE group_rules SET reached = '' WHERE group_id <> $1", broken.as_str()).await;
        let found = steps(storage, 60_020).await;
        assert_eq!(found.iter().filter(|step| **step == Step::Failed).count(), 1, "{found:?}");
        assert_eq!(told().await, 2);
        assert_eq!(storage.read().await.unwrap().group_rules().of_group(&whole).await.unwrap().unwrap().reached, None);
        corrupt(storage, "UPDATE member_records SET attributes = '{}' WHERE membership_id = $1", ann.as_str()).await;
        let (of, key) = (riverside.id.clone(), broken.clone());
        let mended = Condition::parse("kind pr").unwrap();
        unit!(storage, |tx| rule::set(tx, &context(70_000), &of, (&key, &mended)).await).unwrap();
        assert!(!steps(storage, 130_000).await.contains(&Step::Failed));
        assert_eq!(storage.read().await.unwrap().group_rules().failure(&broken).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_cannot_be_followed_stops_no_other() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        let (_, bo) = member(storage, &clinic, "bo@x.example", &[]).await;
        let ann =
            add(storage, &clinic, "hr", desired("ann@riverside.example", json!({}))).await.unwrap().known.membership;
        let clerks = for_a_while(storage, &clinic, &ann, (10, 20)).await;
        let (of, to) = (clinic.id.clone(), bo.clone());
        let later = Validity::new(Some(Timestamp(NOW.0 + 10)), None).unwrap();
        unit!(storage, |tx| assign(tx, &of, &to, "billing", (None, later)).await).unwrap();
        corrupt(storage, "UPDATE member_records SET attributes = '{' WHERE membership_id = $1", ann.id.as_str()).await;
        let next = rule::follow_time(storage, &context(15)).await.unwrap();
        assert_eq!(members(storage, &clinic, &clerks).await, [(bo.id.clone(), true)]);
        assert_eq!(next, Some(Timestamp(NOW.0 + 60_015)), "she is tried again");
        corrupt(storage, "UPDATE member_records SET attributes = '{}' WHERE membership_id = $1", ann.id.as_str()).await;
        assert_eq!(rule::follow_time(storage, &context(60_015)).await.unwrap(), None);
    }
}

/// Who speaks without having said what it may assign, and forgets to settle.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_says_nothing_of_what_it_may_gives_no_role() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &[]).await;
        let hirers = group_of(storage, &clinic, "hirers", "kind eq \"hirer\"").await;
        let (of, key) = (clinic.id.clone(), hirers.clone());
        unit!(storage, |tx| {
            let role = tx.roles().by_slug(&of, &slug("billing")).await?.expect("a built-in role");
            group::give_role(tx, &context(1), &of, &key, (&role.id, None)).await
        })
        .unwrap();
        let become_hirer = async |context: crate::audit::Context| {
            let (of, id) = (clinic.id.clone(), ann.id.clone());
            unit!(storage, |tx| membership::update(tx, &context, &of, &id, (Some(slug("hirer")), None)).await)
        };
        let refused = become_hirer(source("hr", 2)).await;
        assert!(matches!(&refused, Err(Error::Unassignable(role)) if role.as_str() == "billing"), "{refused:?}");
        assert_eq!(members(storage, &clinic, &hirers).await, []);
        // In a part of a unit it is the part that is refused.
        let (of, id) = (clinic.id.clone(), ann.id.clone());
        let part: Result<()> = unit!(storage, |tx| {
            let part = tx.begin_part().await?;
            membership::update(tx, &source("hr", 2), &of, &id, (Some(slug("hirer")), None)).await?;
            let refused = tx.settle().await.map_err(Error::from);
            assert!(matches!(refused, Err(Error::Unassignable(_))), "{refused:?}");
            tx.undo_part(part).await?;
            Ok(())
        });
        part.unwrap();
        become_hirer(context(3)).await.unwrap();
        assert_eq!(members(storage, &clinic, &hirers).await, [(ann.id.clone(), true)], "people here may");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspended_comes_in_when_they_are_let_in_again() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &[]).await;
        let (of, id) = (clinic.id.clone(), ann.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(1), &of, &id).await).unwrap();
        let all = group_of(storage, &clinic, "all", "kind pr").await;
        assert_eq!(members(storage, &clinic, &all).await, []);
        let (of, id) = (clinic.id.clone(), ann.id.clone());
        unit!(storage, |tx| membership::enable(tx, &context(2), &of, &id).await).unwrap();
        assert_eq!(members(storage, &clinic, &all).await, [(ann.id.clone(), true)]);
        let (of, id) = (clinic.id.clone(), ann.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(3), &of, &id).await).unwrap();
        assert_eq!(members(storage, &clinic, &all).await.len(), 1, "places are kept for whoever comes back");
    }
}

/// Sets what is in a group, as a source does.
async fn fill(storage: &Storage, of: &Organization, group: &GroupId, parts: Vec<Part>) {
    let (of, group) = (of.id.clone(), group.clone());
    unit!(storage, |tx| {
        let context = source("hr", 5);
        let may_assign = [];
        let speaker = Speaker {
            context: &context,
            organization: &of,
            may_assign: &may_assign,
            may_grant: &[],
            may_verify: false,
        };
        provisioning::hold_group(tx, speaker, &group).await?;
        provisioning::change_parts(tx, speaker, &group, (Parts::Only(parts), Manner::Whole)).await
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_filled_and_emptied_without_its_rule() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        let mut all = vec![];
        for number in 0..205 {
            let new = desired(&format!("p{number}@riverside.example"), json!({(ENTERPRISE): {"department": "Desk"}}));
            all.push(Part::Member(add(storage, &clinic, "hr", new).await.unwrap().known.membership.id));
        }
        let of = clinic.id.clone();
        let group =
            unit!(storage, |tx| group::create(tx, &context(0), &of, &slug("desk"), &"Desk".parse().unwrap()).await);
        let group = group.unwrap().id;
        fill(storage, &clinic, &group, all.clone()).await;
        let (of, key) = (clinic.id.clone(), group.clone());
        let desk = Condition::parse("department eq \"desk\"").unwrap();
        unit!(storage, |tx| rule::set(tx, &context(3), &of, (&key, &desk)).await).unwrap();
        rule::recompute(storage, &context(3), &group).await.unwrap();
        let reached = async || {
            let mut tx = storage.read().await.unwrap();
            tx.group_rules().of_group(&group).await.unwrap().unwrap().reached
        };
        let by_rule =
            async || members(storage, &clinic, &group).await.into_iter().filter(|(_, by_rule)| *by_rule).count();
        assert_eq!((by_rule().await, reached().await), (0, None));
        // Few are there by the rule at once; so many are gone at once, and come back by and by.
        fill(storage, &clinic, &group, all[5..].to_vec()).await;
        assert_eq!((by_rule().await, reached().await), (5, None));
        fill(storage, &clinic, &group, all.clone()).await;
        assert_eq!(by_rule().await, 0);
        fill(storage, &clinic, &group, vec![]).await;
        assert_eq!(members(storage, &clinic, &group).await, []);
        assert_eq!(reached().await, Some(String::new()), "the server goes through the rule");
        let joined: Vec<u64> = steps(storage, 9)
            .await
            .into_iter()
            .filter_map(|step| if let Step::Done { joined, .. } = step { Some(joined) } else { None })
            .collect();
        assert_eq!(joined, [200, 5, 0]);
        assert_eq!((by_rule().await, reached().await), (205, None));
    }
}

/// On PostgreSQL, where units run at once; on SQLite the rule waits for the unit.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_began_under_an_old_rule_ends_under_the_new_one() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        for (round, (before, after, expected)) in
            [("costCenter pr", "department eq \"desk\"", 1), ("department eq \"desk\"", "costCenter pr", 0)]
                .into_iter()
                .enumerate()
        {
            let group = group_of(storage, &clinic, ["a", "b"][round], before).await;
            let (begun, has_begun) = tokio::sync::watch::channel(0);
            let (set, is_set) = tokio::sync::watch::channel(false);
            let (of, work) = (clinic.id.clone(), storage.clone());
            let begun = std::sync::Arc::new(begun);
            let unit = tokio::spawn(async move {
                work.insist(move |tx| {
                    Box::pin(async move {
                        let (context, mut is_set) = (source("hr", 5), is_set);
                        let speaker = Speaker {
                            context: &context,
                            organization: &of,
                            may_assign: &[],
                            may_grant: &[],
                            may_verify: false,
                        };
                        let enterprise = json!({(ENTERPRISE): {"department": "Desk"}});
                        let new = desired(&format!("p{round}@riverside.example"), enterprise);
                        let added = provisioning::add(tx, speaker, &new).await?;
                        begun.send_modify(|times| *times += 1);
                        let _ =
                            tokio::time::timeout(std::time::Duration::from_secs(1), is_set.wait_for(|is| *is)).await;
                        Result::<_, Error>::Ok(added.known.membership.id)
                    })
                })
                .await
            });
            has_begun.clone().wait_for(|times| *times > 0).await.unwrap();
            let (of, key, condition) = (clinic.id.clone(), group.clone(), Condition::parse(after).unwrap());
            unit!(storage, |tx| rule::set(tx, &context(6), &of, (&key, &condition)).await).unwrap();
            rule::recompute(storage, &context(6), &group).await.unwrap();
            set.send_replace(true);
            let id = unit.await.unwrap().unwrap();
            let there = members(storage, &clinic, &group).await.iter().filter(|(member, _)| *member == id).count();
            assert_eq!(there, expected, "{after}");
            let (of, key) = (clinic.id.clone(), group.clone());
            unit!(storage, |tx| group::remove(tx, &context(7), &of, &key).await).unwrap();
        }
    }
}
