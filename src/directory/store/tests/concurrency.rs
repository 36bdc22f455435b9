//! What several units do at the same time.

use super::*;
use crate::{
    directory::{
        Error, group,
        profile::{self, Attribute, Edit, Editor},
        role, rule,
    },
    storage::{Tally, testing::databases},
};

/// Runs both at once and says how many were done.
async fn done<T: Send + 'static>(
    a: impl Future<Output = Result<T>> + Send + 'static,
    b: impl Future<Output = Result<T>> + Send + 'static,
) -> usize {
    let (a, b) = (tokio::spawn(a), tokio::spawn(b));
    [a.await.unwrap(), b.await.unwrap()].into_iter().flatten().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_who_remove_each_other_leave_one() {
    for database in databases().await {
        for round in 0..5 {
            let storage = &database.storage;
            let key: &'static str = ["a", "b", "c", "d", "e"][round];
            let of = clinic(storage, key).await;
            let emails: [&'static str; 2] = [
                ["a1@x.example", "b1@x.example", "c1@x.example", "d1@x.example", "e1@x.example"][round],
                ["a2@x.example", "b2@x.example", "c2@x.example", "d2@x.example", "e2@x.example"][round],
            ];
            let (_, one) = member(storage, &of, emails[0], &["owner"]).await;
            let (other, two) = member(storage, &of, emails[1], &["owner"]).await;
            let remove = {
                let (storage, of) = (storage.clone(), of.id.clone());
                async move { unit!(storage, |tx| membership::remove(tx, &context(1), &of, &one.id).await.map(|_| ())) }
            };
            let second = {
                let (storage, of) = (storage.clone(), of.id.clone());
                async move {
                    match round {
                        0 | 1 => {
                            unit!(storage, |tx| membership::disable(tx, &context(1), &of, &two.id).await.map(|_| ()))
                        }
                        2 => unit!(storage, |tx| user::disable(tx, &context(1), &other.id).await),
                        3 => unit!(storage, |tx| user::delete(tx, &context(1), &other.id).await.map(drop)),
                        _ => unit!(storage, |tx| {
                            let held = tx.assignments().of_member(&of, &two.id).await?;
                            assignment::end(tx, &context(1), &of, &held[0].assignment.id).await
                        }),
                    }
                }
            };
            assert_eq!(done(remove, second).await, 1, "round {round}");
            let mut tx = storage.read().await.unwrap();
            assert_eq!(tx.assignments().lasting_owners(&of.id, NOW).await.unwrap().len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_whatever_is_tried() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let (user, sole) = member(storage, &of, "olivia@x.example", &["owner"]).await;
        // Another owner, whose time is bounded, does not count.
        let (_, brief) = member(storage, &of, "brief@x.example", &[]).await;
        let until = Validity { from: None, until: Some(Timestamp(NOW.0 + 1000)) };
        let id = of.id.clone();
        unit!(storage, |tx| assign(tx, &id, &brief, "owner", (None, until)).await).unwrap();

        let held = storage.read().await.unwrap().assignments().of_member(&of.id, &sole.id).await.unwrap();
        let (id, own) = (of.id.clone(), sole.id.clone());
        assert!(matches!(
            unit!(storage, |tx| membership::remove(tx, &context(0), &id, &own).await),
            Err(Error::LastOwner)
        ));
        let (id, own) = (of.id.clone(), sole.id.clone());
        assert!(matches!(
            unit!(storage, |tx| membership::disable(tx, &context(0), &id, &own).await),
            Err(Error::LastOwner)
        ));
        let (id, own) = (of.id.clone(), sole.id.clone());
        let bounded = unit!(storage, |tx| membership::update(tx, &context(0), &id, &own, (None, Some(until))).await);
        assert!(matches!(bounded, Err(Error::LastOwner)));
        let id = user.id.clone();
        assert!(matches!(unit!(storage, |tx| user::disable(tx, &context(0), &id).await), Err(Error::LastOwner)));
        let id = user.id.clone();
        assert!(matches!(unit!(storage, |tx| user::delete(tx, &context(0), &id).await), Err(Error::LastOwner)));
        let (id, assignment) = (of.id.clone(), held[0].assignment.id.clone());
        let ended = unit!(storage, |tx| assignment::end(tx, &context(0), &id, &assignment).await);
        assert!(matches!(ended, Err(Error::LastOwner)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_halves_of_a_circle_are_not_both_made() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let (north, south) = (site(storage, &of, "n", None).await, site(storage, &of, "s", None).await);
        let under = |child: &Location, parent: &Location| {
            let (storage, of, child, parent) = (storage.clone(), of.id.clone(), child.id.clone(), parent.id.clone());
            async move {
                unit!(storage, |tx| location::move_under(tx, &context(0), &of, &child, Some(&parent)).await.map(|_| ()))
            }
        };
        assert_eq!(done(under(&north, &south), under(&south, &north)).await, 1, "locations");

        let id = of.id.clone();
        let made: Result<_> = unit!(storage, |tx| {
            let name = "x".parse().unwrap();
            let r = role::create(tx, &context(0), &id, (&slug("r"), &name), &[]).await?;
            let s = role::create(tx, &context(0), &id, (&slug("s"), &name), &[]).await?;
            let g = group::create(tx, &context(0), &id, &slug("g"), &name).await?;
            let h = group::create(tx, &context(0), &id, &slug("h"), &name).await?;
            Ok((r.id, s.id, g.id, h.id))
        });
        let (r, s, g, h) = made.unwrap();
        let inherit = |heir: &crate::id::RoleId, from: &crate::id::RoleId| {
            let (storage, of, heir, from) = (storage.clone(), of.id.clone(), heir.clone(), from.clone());
            async move { unit!(storage, |tx| role::inherit(tx, &context(0), &of, &heir, &from).await) }
        };
        assert_eq!(done(inherit(&r, &s), inherit(&s, &r)).await, 1, "roles");
        let nest = |inner: &crate::id::GroupId, outer: &crate::id::GroupId| {
            let (storage, of, inner, outer) = (storage.clone(), of.id.clone(), inner.clone(), outer.clone());
            async move { unit!(storage, |tx| group::nest(tx, &context(0), &of, &inner, &outer).await) }
        };
        assert_eq!(done(nest(&g, &h), nest(&h, &g)).await, 1, "groups");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_joins_once_and_one_name_is_given_once() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let create = || {
            let storage = storage.clone();
            async move { unit!(storage, |tx| user::create(tx, &context(0), person("a@x.example")).await) }
        };
        assert_eq!(done(create(), create()).await, 1);
        let user = {
            let mut tx = storage.read().await.unwrap();
            tx.users().by_login_name(&"a@x.example".parse().unwrap()).await.unwrap().unwrap()
        };
        let join = || {
            let (storage, of, user) = (storage.clone(), of.id.clone(), user.clone());
            async move { unit!(storage, |tx| membership::join(tx, &context(0), &of, joining(&user, &[])).await) }
        };
        assert_eq!(done(join(), join()).await, 1);
    }
}

/// Nobody writes back a membership as it was before somebody else ended or suspended it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_while_their_profile_is_edited_has_left() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        for round in 0..20_i64 {
            let email: &'static str = Box::leak(format!("p{round}@x.example").into_boxed_str());
            let (_, there) = member(storage, &of, email, &[]).await;
            let edit = {
                let (storage, of, id) = (storage.clone(), of.id.clone(), there.id.clone());
                async move {
                    unit!(storage, |tx| {
                        let edits = [Edit::set(Attribute::Title, "Dr").unwrap()];
                        profile::edit_member(tx, &context(1), (&of, &id), Editor::Administrator, &edits).await
                    })
                }
            };
            let leave = {
                let (storage, of, id) = (storage.clone(), of.id.clone(), there.id.clone());
                async move {
                    match round % 2 {
                        0 => unit!(storage, |tx| membership::disable(tx, &context(1), &of, &id).await.map(drop)),
                        _ => unit!(storage, |tx| membership::remove(tx, &context(1), &of, &id).await.map(drop)),
                    }
                }
            };
            assert!(done(edit, leave).await >= 1, "round {round}");
            let mut tx = storage.read().await.unwrap();
            let now = tx.memberships().by_id(&of.id, &there.id).await.unwrap();
            assert!(now.is_none_or(|now| now.disabled_at.is_some()), "round {round}");
        }
        let mut tx = storage.read().await.unwrap();
        assert_eq!(tx.tallied(Tally::Members, of.id.as_str()).await.unwrap(), 10, "ten left, ten are suspended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_take_the_same_members_away_do_not_wait_for_each_other() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        for round in 0..10 {
            let mut ids = vec![];
            for one in ["a", "b"] {
                let email: &'static str = Box::leak(format!("{one}{round}@x.example").into_boxed_str());
                ids.push(member(storage, &of, email, &[]).await.1.id);
            }
            let disable = |ids: Vec<crate::id::MembershipId>| {
                let (storage, of) = (storage.clone(), of.id.clone());
                async move {
                    unit!(storage, |tx| {
                        for id in &ids {
                            membership::disable(tx, &context(1), &of, id).await?;
                        }
                        Ok(())
                    })
                }
            };
            let reversed = ids.iter().rev().cloned().collect();
            assert_eq!(done(disable(ids), disable(reversed)).await, 2, "round {round}");
        }
    }
}

/// Each of these changes a group, its rule and members at once.
#[tokio::test(flavor = "multi_thread")]
async fn units_that_change_groups_and_members_do_not_wait_for_each_other() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &of, "ann@x.example", &[]).await;
        for round in 0..20_i64 {
            let key: &'static str = Box::leak(format!("g{round}").into_boxed_str());
            let id = of.id.clone();
            let made: Result<_> = unit!(storage, |tx| {
                let group = group::create(tx, &context(0), &id, &slug(key), &"G".parse().unwrap()).await?.id;
                let condition = rule::Condition::parse("kind pr").unwrap();
                rule::set(tx, &context(0), &id, (&group, &condition)).await?;
                Ok(group)
            });
            let group = made.unwrap();
            let go_through = {
                let (storage, group) = (storage.clone(), group.clone());
                async move {
                    rule::recompute_some(&storage, context(1), Some(&group)).await?;
                    Ok(())
                }
            };
            let other = {
                let (storage, of, id) = (storage.clone(), of.id.clone(), ann.id.clone());
                async move {
                    match round % 2 {
                        0 => unit!(storage, |tx| group::remove(tx, &context(1), &of, &group).await),
                        _ => unit!(storage, |tx| group::add_member(tx, &context(1), &of, &group, &id).await),
                    }
                }
            };
            assert_eq!(done(go_through, other).await, 2, "round {round}");
        }
    }
}
