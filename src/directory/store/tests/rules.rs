//! Groups whose members follow from what is known of them.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{sync::Barrier, task::JoinHandle, time::timeout};

use super::{
    provisioning::{add, change, desired, owning},
    *,
};
use crate::{
    directory::{
        Error, group, identifier,
        profile::{self, Attribute, Edit, Editor},
        provisioning::{ENTERPRISE, Manner, PRACTITIONER},
        role,
        rule::{self, Condition, Step},
    },
    id::{AssignmentId, GroupId, MembershipId},
    storage::testing::databases,
};

/// A group with this rule, which was gone through.
pub(super) async fn group_of(
    storage: &Storage,
    of: &Organization,
    key: &'static str,
    condition: &'static str,
) -> GroupId {
    let id = of.id.clone();
    let made: Result<_> = unit!(storage, |tx| {
        let made = group::create(tx, &context(0), &id, &slug(key), &key.parse().unwrap()).await?.id;
        rule::set(tx, &context(0), &id, (&made, &Condition::parse(condition).unwrap())).await?;
        Ok(made)
    });
    let made = made.unwrap();
    rule::recompute(storage, &context(0), &made).await.unwrap();
    made
}

/// Who is in a group: the membership, and whether by the rule.
pub(super) async fn members(storage: &Storage, of: &Organization, group: &GroupId) -> Vec<(MembershipId, bool)> {
    let found = storage.read().await.unwrap().groups().named_members(&of.id, group, (None, 1_000)).await.unwrap();
    found.into_iter().map(|one| (one.membership, one.origin.is_rule())).collect()
}

/// What tokens would say.
async fn groups_claim(storage: &Storage, member: &MembershipId) -> Vec<String> {
    let access = storage.read().await.unwrap().access().of_member(member, Timestamp(NOW.0 + 5)).await.unwrap();
    access.groups.into_iter().map(String::from).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_group_follows_in_the_unit_that_changes_a_fact() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let north = site(storage, &clinic, "north", None).await;
        let main = site(storage, &clinic, "main-street", Some(&north)).await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &["owner"]).await;
        let edit = async |attribute, value: Option<&'static str>| {
            let (of, id) = (clinic.id.clone(), ann.id.clone());
            let edit = value.map_or_else(|| Edit::clear(attribute), |value| Edit::set(attribute, value)).unwrap();
            unit!(storage, |tx| {
                profile::edit_member(tx, &context(1), (&of, &id), Editor::Administrator, &[edit]).await
            })
            .unwrap();
        };
        for (key, condition, attribute, value) in [
            ("profession", "profession eq \"nurse\"", Attribute::Profession, "Nurse"),
            ("knees", "specialty eq \"knee\"", Attribute::Specialty, "Hip, Knee"),
            ("doctors", "title sw \"Dr\"", Attribute::Title, "Dr med"),
        ] {
            let group = group_of(storage, &clinic, key, condition).await;
            assert_eq!(members(storage, &clinic, &group).await, [], "{key}");
            edit(attribute, Some(value)).await;
            assert_eq!(members(storage, &clinic, &group).await, [(ann.id.clone(), true)], "{key}");
            assert_eq!(groups_claim(storage, &ann.id).await, [key]);
            edit(attribute, None).await;
            assert_eq!(members(storage, &clinic, &group).await, [], "{key}");
        }
        let (of, id) = (clinic.id.clone(), ann.id.clone());
        let hirers = group_of(storage, &clinic, "hirers", "kind eq \"hirer\"").await;
        unit!(storage, |tx| membership::update(tx, &context(1), &of, &id, (Some(slug("hirer")), None)).await).unwrap();
        assert_eq!(members(storage, &clinic, &hirers).await, [(ann.id.clone(), true)]);

        // A role at a site is one in the region; one of a group is none.
        let billing = group_of(storage, &clinic, "billing", "role eq \"billing\"").await;
        let northern = group_of(storage, &clinic, "northern", "location eq \"north\"").await;
        let (of, member, place) = (clinic.id.clone(), ann.clone(), main.clone());
        let at =
            unit!(storage, |tx| assign(tx, &of, &member, "billing", (Some(&place), Validity::ALWAYS)).await).unwrap();
        for group in [&billing, &northern] {
            assert_eq!(members(storage, &clinic, group).await, [(ann.id.clone(), true)]);
        }
        let of = clinic.id.clone();
        unit!(storage, |tx| assignment::end(tx, &context(2), &of, &at.id).await).unwrap();
        for group in [&billing, &northern] {
            assert_eq!(members(storage, &clinic, group).await, []);
        }
        let (of, id, place) = (clinic.id.clone(), ann.id.clone(), main.id.clone());
        for value in [Some("7A"), None] {
            let (of, id, place) = (of.clone(), id.clone(), place.clone());
            unit!(storage, |tx| {
                identifier::set(tx, &context(2), &of, (&place, Some(&id)), (&slug("provider_number"), value)).await
            })
            .unwrap();
            assert_eq!(members(storage, &clinic, &northern).await.len(), usize::from(value.is_some()));
        }
        let joins = actions(storage).await.iter().filter(|action| *action == "group-join").count();
        let leaves = actions(storage).await.iter().filter(|action| *action == "group-leave").count();
        assert_eq!((joins, leaves), (7, 6), "each is recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sources_write_counts_for_roles_that_they_may_assign() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = owning(storage, "riverside").await;
        site(storage, &clinic, "quay", None).await;
        let board = group_of(storage, &clinic, "board", "department eq \"board\" and costCenter pr").await;
        let quay = group_of(storage, &clinic, "at-quay", "location eq \"quay\"").await;
        let said = |department: &str| {
            let locations = json!({"locations": [{"value": "quay"}]});
            let enterprise = json!({"department": department, "costCenter": "47", "division": "x"});
            desired("ann@riverside.example", json!({(ENTERPRISE): enterprise, (PRACTITIONER): locations}))
        };
        let id = add(storage, &clinic, "hr", said("Board")).await.unwrap().known.membership.id;
        for group in [&board, &quay] {
            assert_eq!(members(storage, &clinic, group).await, [(id.clone(), true)]);
        }
        let to = async |department: &str, manner| change(storage, &clinic, "hr", (&id, said(department), manner)).await;
        assert!(to("Desk", Manner::Change).await.unwrap());
        assert_eq!(members(storage, &clinic, &board).await, []);

        // A role that the source may not assign: it does not get it for anybody by what it says of them.
        let give = async |key: &'static str| {
            let (of, board) = (clinic.id.clone(), board.clone());
            unit!(storage, |tx| {
                let role = tx.roles().by_slug(&of, &slug(key)).await?.expect("a built-in role");
                group::give_role(tx, &context(1), &of, &board, (&role.id, None)).await
            })
            .unwrap();
        };
        give("billing").await;
        assert!(to("Board", Manner::Change).await.unwrap());
        assert_eq!(members(storage, &clinic, &board).await, [(id.clone(), true)]);
        assert!(to("Desk", Manner::Whole).await.unwrap());
        give("manager").await;
        for manner in [Manner::Change, Manner::Whole] {
            assert!(matches!(to("Board", manner).await, Err(Error::Unassignable(role)) if role.as_str() == "manager"));
        }
        let new = crate::directory::provisioning::Desired { user_name: "bo@riverside.example".into(), ..said("Board") };
        assert!(matches!(add(storage, &clinic, "hr", new).await, Err(Error::Unassignable(_))));
        assert_eq!(members(storage, &clinic, &board).await, [], "nothing of it is kept");
        assert!(!to("Desk", Manner::Whole).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_somebody_puts_there_stays_beside_the_rule() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &["owner", "billing"]).await;
        let (_, bo) = member(storage, &clinic, "bo@x.example", &[]).await;
        let group = group_of(storage, &clinic, "billing", "role eq \"billing\"").await;
        let by_hand = async |put: bool, id: &MembershipId| {
            let (of, group, id) = (clinic.id.clone(), group.clone(), id.clone());
            unit!(storage, |tx| if put {
                group::add_member(tx, &context(1), &of, &group, &id).await
            } else {
                group::remove_member(tx, &context(1), &of, &group, &id).await
            })
        };
        let refused = by_hand(false, &ann.id).await.unwrap_err().to_string();
        assert!(refused.starts_with("the rule of the group puts this member there"), "{refused}");
        by_hand(true, &ann.id).await.unwrap();
        by_hand(true, &bo.id).await.unwrap();
        let there = members(storage, &clinic, &group).await;
        let mut both = [(ann.id.clone(), false), (bo.id.clone(), false)];
        both.sort();
        assert_eq!(there, both);

        // The rule lets go of Ann, and takes her again; taken out by hand, she is there by the rule.
        let held = storage.read().await.unwrap().assignments().of_member(&clinic.id, &ann.id).await.unwrap();
        let billing = held.into_iter().find(|one| one.role.as_str() == "billing").unwrap().assignment.id;
        let of = clinic.id.clone();
        unit!(storage, |tx| assignment::end(tx, &context(2), &of, &billing).await).unwrap();
        assert_eq!(members(storage, &clinic, &group).await, there);
        let (of, to) = (clinic.id.clone(), ann.clone());
        unit!(storage, |tx| assign(tx, &of, &to, "billing", (None, Validity::ALWAYS)).await).unwrap();
        by_hand(false, &ann.id).await.unwrap();
        by_hand(false, &bo.id).await.unwrap();
        assert_eq!(members(storage, &clinic, &group).await, [(ann.id.clone(), true)]);

        // Another rule, none at all, and a rule that goes with its group.
        let (of, key) = (clinic.id.clone(), group.clone());
        let other = Condition::parse("not (role pr)").unwrap();
        let found = rule::preview(&mut storage.read().await.unwrap(), &of, (&key, &other), NOW).await.unwrap();
        assert_eq!((found.members, found.matching, found.joining, found.leaving), (2, 1, 1, 1));
        assert_eq!((found.names.0[0].as_str(), found.names.1[0].as_str()), ("bo@x.example", "ann@x.example"));
        assert_eq!(members(storage, &clinic, &group).await.len(), 1, "a preview changes nothing");
        unit!(storage, |tx| rule::set(tx, &context(3), &of, (&key, &other)).await).unwrap();
        rule::recompute(storage, &context(3), &group).await.unwrap();
        assert_eq!(members(storage, &clinic, &group).await, [(bo.id.clone(), true)]);
        let (of, key) = (clinic.id.clone(), group.clone());
        unit!(storage, |tx| rule::clear(tx, &context(4), &of, &key).await).unwrap();
        rule::recompute(storage, &context(4), &group).await.unwrap();
        assert_eq!(members(storage, &clinic, &group).await, []);
        assert_eq!(storage.read().await.unwrap().group_rules().of_group(&group).await.unwrap(), None);
        let (of, key) = (clinic.id.clone(), group.clone());
        assert!(unit!(storage, |tx| rule::clear(tx, &context(4), &of, &key).await).is_err());
        let last = group_of(storage, &clinic, "everybody", "kind pr").await;
        let (of, key) = (clinic.id.clone(), last.clone());
        unit!(storage, |tx| group::remove(tx, &context(5), &of, &key).await).unwrap();
        assert_eq!(storage.read().await.unwrap().group_rules().of(&clinic.id).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_goes_through_everybody_in_batches_and_through_nobody_elsewhere() {
    for database in databases().await {
        let storage = &database.storage;
        let (clinic, other) = (owning(storage, "riverside").await, owning(storage, "harbour").await);
        for number in 0..205 {
            add(storage, &clinic, "hr", desired(&format!("p{number}@riverside.example"), json!({}))).await.unwrap();
        }
        add(storage, &other, "hr", desired("o@harbour.example", json!({}))).await.unwrap();
        let of = clinic.id.clone();
        let group: Result<_> = unit!(storage, |tx| {
            let made = group::create(tx, &context(0), &of, &slug("all"), &"All".parse().unwrap()).await?.id;
            rule::set(tx, &context(0), &of, (&made, &Condition::parse("kind pr").unwrap())).await?;
            Ok(made)
        });
        let group = group.unwrap();
        let mut steps = vec![];
        loop {
            let step = rule::recompute_some(storage, context(1), None).await.unwrap();
            steps.push(step);
            if step == Step::Idle {
                break;
            }
            // Whoever comes meanwhile is there at once.
            if steps.len() == 1 {
                add(storage, &clinic, "hr", desired("late@riverside.example", json!({}))).await.unwrap();
            }
        }
        assert_eq!(steps.len(), 4, "200 members, the others, the end, and nothing: {steps:?}");
        let joined = steps.iter().map(|step| if let Step::Done { joined, .. } = step { *joined } else { 0 });
        assert_eq!(joined.sum::<u64>(), 205, "{steps:?}");
        assert_eq!(members(storage, &clinic, &group).await.len(), 206);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_that_move_roles_that_go_and_time_that_passes_are_followed() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let (north, south) = (site(storage, &clinic, "north", None).await, site(storage, &clinic, "south", None).await);
        let main = site(storage, &clinic, "main-street", Some(&north)).await;
        let (_, ann) = member(storage, &clinic, "ann@x.example", &["owner"]).await;
        let (of, to, place) = (clinic.id.clone(), ann.clone(), main.clone());
        unit!(storage, |tx| assign(tx, &of, &to, "billing", (Some(&place), Validity::ALWAYS)).await).unwrap();
        let northern = group_of(storage, &clinic, "northern", "location eq \"north\"").await;
        let southern = group_of(storage, &clinic, "southern", "location eq \"south\"").await;
        let settled = async || while rule::recompute_some(storage, context(9), None).await.unwrap() != Step::Idle {};
        let sizes = async || {
            (members(storage, &clinic, &northern).await.len(), members(storage, &clinic, &southern).await.len())
        };
        assert_eq!(sizes().await, (1, 0));
        let (of, place, to) = (clinic.id.clone(), main.id.clone(), south.id.clone());
        unit!(storage, |tx| location::move_under(tx, &context(1), &of, &place, Some(&to)).await).unwrap();
        settled().await;
        assert_eq!(sizes().await, (0, 1));
        let (of, place) = (clinic.id.clone(), main.id.clone());
        unit!(storage, |tx| location::close(tx, &context(1), &of, &place).await).unwrap();
        settled().await;
        assert_eq!(sizes().await, (0, 0));

        // A role of the organization's own, for an hour.
        let (of, to) = (clinic.id.clone(), ann.clone());
        let hour = Validity::new(Some(Timestamp(NOW.0 + 10)), Some(Timestamp(NOW.0 + 20))).unwrap();
        let clerk: Result<_> = unit!(storage, |tx| {
            let name = "Clerk".parse().unwrap();
            let clerk = role::create(tx, &context(1), &of, (&slug("clerk"), &name), &[]).await?;
            assign(tx, &of, &to, "clerk", (None, hour)).await?;
            Ok(clerk)
        });
        let clerk = clerk.unwrap();
        let clerks = group_of(storage, &clinic, "clerks", "role eq \"clerk\"").await;
        for (now, expected, next) in [(5, 0, Some(10)), (10, 1, Some(20)), (15, 1, Some(20)), (20, 0, None)] {
            let found = rule::follow_time(storage, &context(now)).await.unwrap();
            assert_eq!(found, next.map(|at| Timestamp(NOW.0 + at)), "{now}");
            assert_eq!(members(storage, &clinic, &clerks).await.len(), expected, "{now}");
        }
        let due = storage.read().await.unwrap().group_rules().due(Timestamp(i64::MAX), 10).await.unwrap();
        assert_eq!(due, [], "who was followed is not gone over again");
        let (of, to) = (clinic.id.clone(), ann.clone());
        unit!(storage, |tx| {
            let place = tx.locations().list(&of).await?.into_iter().find(|one| one.closed_at.is_none());
            assign(tx, &of, &to, "clerk", (place.as_ref(), Validity::ALWAYS)).await
        })
        .unwrap();
        assert_eq!(members(storage, &clinic, &clerks).await.len(), 1);
        let (of, id) = (clinic.id.clone(), clerk.id.clone());
        unit!(storage, |tx| role::remove(tx, &context(30), &of, &id).await).unwrap();
        settled().await;
        assert_eq!(members(storage, &clinic, &clerks).await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_names_what_there_is() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        for (condition, says) in [
            ("kind eq \"hirers\"", "there is no kind of membership `hirers`"),
            ("location eq \"moon\" or kind pr", "there is no location `moon`"),
            ("not (role eq \"boss\")", "there is no role `boss`"),
        ] {
            let (of, condition) = (clinic.id.clone(), Condition::parse(condition).unwrap());
            let refused: Result<()> = unit!(storage, |tx| {
                let made = group::create(tx, &context(0), &of, &slug("x"), &"X".parse().unwrap()).await?.id;
                rule::set(tx, &context(0), &of, (&made, &condition)).await
            });
            assert_eq!(refused.unwrap_err().to_string(), says);
        }
    }
}

/// Ends an assignment in a unit that ends once the other one has come as far, or where one goes after the other, soon.
fn end_beside(
    storage: &Storage,
    of: &OrganizationId,
    (id, other): (&AssignmentId, &Arc<Barrier>),
) -> JoinHandle<Result<()>> {
    let (storage, of, id, other) = (storage.clone(), of.clone(), id.clone(), Arc::clone(other));
    tokio::spawn(async move {
        unit!(storage, |tx| {
            assignment::end(tx, &context(5), &of, &id).await?;
            let _ = timeout(Duration::from_millis(300), other.wait()).await;
            Ok(())
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_units_that_change_a_fact_each_leave_a_group_of_whom_both_are_true() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let group = group_of(storage, &of, "idle", "not (role pr)").await;
        let (_, ann) = member(storage, &of, "ann@x.example", &["billing", "practitioner"]).await;
        let held = storage.read().await.unwrap().assignments().of_member(&of.id, &ann.id).await.unwrap();
        let other = Arc::new(Barrier::new(2));
        let mut ending = vec![];
        for one in &held {
            ending.push(end_beside(storage, &of.id, (&one.assignment.id, &other)));
        }
        assert_eq!(ending.len(), 2);
        for one in ending {
            one.await.unwrap().unwrap();
        }
        assert_eq!(members(storage, &of, &group).await, [(ann.id, true)], "neither unit knew of the other");
    }
}
