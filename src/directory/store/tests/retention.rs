//! Records that an organization holds: who is not erased, what is kept of whoever leaves, and what happens in the end.

use serde_json::{Value, json};

use super::{
    provisioning::{add, connect, desired, owning},
    *,
};
use crate::{
    directory::{
        Error, group,
        invitation::{self, Approach},
        permission::{self, Effect},
        provisioning::Desired,
        retention::{self, Hold, Kept},
        store::HoldFilter,
        user::Erasure,
    },
    id::{MembershipId, RetentionHoldId, UserId},
    secret::{ExposeSecret, TokenHash},
    storage::testing::databases,
};

/// Holds a record, from `later` on and `until` then.
pub(super) async fn hold(
    storage: &Storage,
    of: &OrganizationId,
    user: &UserId,
    (later, until): (i64, Option<i64>),
) -> Result<Hold> {
    let (of, user, until) = (of.clone(), user.clone(), until.map(|until| Timestamp(NOW.0 + until)));
    let reason = "complaint 17".parse().unwrap();
    unit!(storage, |tx| retention::set(tx, &context(later), &of, (&user, &reason, until)).await)
}

pub(super) async fn release(storage: &Storage, of: &OrganizationId, id: &RetentionHoldId, later: i64) -> Result<Hold> {
    let (of, id) = (of.clone(), id.clone());
    unit!(storage, |tx| retention::release(tx, &context(later), &of, &id).await.map(|(hold, _)| hold))
}

pub(super) async fn erase(storage: &Storage, user: &UserId, later: i64) -> Result<Erasure> {
    let user = user.clone();
    unit!(storage, |tx| user::delete(tx, &context(later), &user).await)
}

pub(super) async fn leave(storage: &Storage, of: &OrganizationId, id: &MembershipId) {
    let (of, id) = (of.clone(), id.clone());
    unit!(storage, |tx| membership::remove(tx, &context(5), &of, &id).await).unwrap();
}

pub(super) async fn is_erased(storage: &Storage, user: &UserId) -> bool {
    let user = storage.read().await.unwrap().users().by_id(user).await.unwrap().unwrap();
    let is_blank = user.email.is_none() && user.name.as_str() == "Erased person";
    assert_eq!(user.deleted_at.is_some(), is_blank);
    is_blank
}

pub(super) async fn kept(storage: &Storage, of: &OrganizationId, user: &UserId) -> Vec<Kept> {
    storage.read().await.unwrap().kept_members().of(of, user).await.unwrap()
}

/// How often this was recorded, and in which chains.
pub(super) async fn recorded(storage: &Storage, action: &str) -> Vec<(String, String, String)> {
    let query = crate::audit::store::Query { action: Some(action.into()), limit: 100, ..Default::default() };
    let events = storage.read().await.unwrap().audit().list(query).await.unwrap();
    events.into_iter().map(|event| (event.chain.to_string(), event.outcome, event.detail)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_erased_while_any_organization_holds_the_record() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (max, _) = member(storage, &riverside, "max@x.example", &[]).await;
        let (id, user) = (harbour.id.clone(), max.clone());
        unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&user, &[])).await).unwrap();
        let ours = hold(storage, &riverside.id, &max.id, (1, None)).await.unwrap();
        let theirs = hold(storage, &harbour.id, &max.id, (2, None)).await.unwrap();

        let held = |by: &[&Organization]| Erasure::Held(by.iter().map(|one| (*one).clone()).collect());
        assert_eq!(erase(storage, &max.id, 2).await.unwrap(), held(&[&harbour, &riverside]));
        let foreign = release(storage, &riverside.id, &theirs.id, 3).await;
        assert!(matches!(foreign, Err(Error::Unknown(..))), "{foreign:?}");
        release(storage, &riverside.id, &ours.id, 3).await.unwrap();
        assert_eq!(erase(storage, &max.id, 4).await.unwrap(), held(&[&harbour]));
        assert!(!is_erased(storage, &max.id).await);
        let mut tx = storage.read().await.unwrap();
        assert!(tx.memberships().active(&max.id, &harbour.id, NOW).await.unwrap().is_some(), "nothing is half erased");
        let all = HoldFilter { with_ended: true, limit: 9, ..HoldFilter::default() };
        let seen = tx.retention().list(&riverside.id, all, NOW).await.unwrap();
        let seen: Vec<_> = seen.into_iter().map(|hold| hold.id).collect();
        assert_eq!(seen, [ours.id], "an organization sees its own");
        drop(tx);
        release(storage, &harbour.id, &theirs.id, 5).await.unwrap();
        assert_eq!(erase(storage, &max.id, 6).await.unwrap(), Erasure::Done);
        assert!(is_erased(storage, &max.id).await);

        let chains = |action| async move {
            let all = recorded(storage, action).await;
            all.into_iter().map(|(chain, outcome, _)| format!("{chain} {outcome}")).collect::<Vec<_>>()
        };
        let each = [format!("{} success", harbour.id), format!("{} success", riverside.id)];
        assert_eq!(chains("retention-hold").await, each);
        assert_eq!(chains("retention-hold-release").await, each);
        assert_eq!(chains("user-deletion").await, ["server success", "server failure", "server failure"]);
        for (.., detail) in recorded(storage, "user-deletion").await {
            assert!(!detail.contains("org_") && !detail.contains("hld_") && !detail.contains("complaint"), "{detail}");
        }
        let mut tx = storage.read().await.unwrap();
        let left = tx.retention().by_id(&harbour.id, &theirs.id).await.unwrap().unwrap();
        assert_eq!(left.reason, "", "the reason may name the person");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_be_erased_is_out_at_once_and_erased_when_the_last_hold_ends() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        for (name, email, ends_by, expected) in [
            ("released", "a@x.example", "release", true),
            ("over", "b@x.example", "time", true),
            ("let in again", "c@x.example", "enable", false),
        ] {
            let (person, _) = member(storage, &of, email, &[]).await;
            let first = hold(storage, &of.id, &person.id, (1, Some(100))).await.unwrap();
            let second = hold(storage, &of.id, &person.id, (1, Some(200))).await.unwrap();
            let id = person.id.clone();
            let asked = unit!(storage, |tx| user::delete_once_released(tx, &context(2), &id).await).unwrap();
            assert_eq!(asked, Erasure::Held(vec![of.clone()]), "{name}");
            let id = person.id.clone();
            let again = unit!(storage, |tx| user::delete_once_released(tx, &context(2), &id).await).unwrap();
            assert_eq!(again, asked, "{name}");
            let user = storage.read().await.unwrap().users().by_id(&person.id).await.unwrap().unwrap();
            assert!(user.disabled_at.is_some() && user.email.is_some(), "{name}: out, and not erased");
            match ends_by {
                "release" => {
                    release(storage, &of.id, &first.id, 3).await.unwrap();
                    assert!(!is_erased(storage, &person.id).await, "{name}: another hold lasts");
                    release(storage, &of.id, &second.id, 4).await.unwrap();
                }
                "enable" => {
                    let id = person.id.clone();
                    unit!(storage, |tx| user::enable(tx, &context(3), &id).await).unwrap();
                }
                _ => {}
            }
            retention::tend(storage, &context(150)).await.unwrap();
            assert_eq!(is_erased(storage, &person.id).await, ends_by == "release", "{name}: one hold is over");
            retention::tend(storage, &context(200)).await.unwrap();
            assert_eq!(is_erased(storage, &person.id).await, expected, "{name}");
        }
        assert_eq!(recorded(storage, "retention-hold-expiry").await.len(), 4);
        retention::tend(storage, &context(300)).await.unwrap();
        assert_eq!(recorded(storage, "retention-hold-expiry").await.len(), 4, "a hold ends once");
        assert_eq!(recorded(storage, "erasure-request").await.len(), 3, "whoever asks twice asks once");
        assert_eq!(recorded(storage, "user-deletion").await.len(), 2);
        let (free, _) = member(storage, &of, "d@x.example", &[]).await;
        let id = free.id.clone();
        let done = unit!(storage, |tx| user::delete_once_released(tx, &context(2), &id).await).unwrap();
        assert_eq!(done, Erasure::Done, "nobody holds the record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_makes_no_sense_is_refused() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (max, membership) = member(storage, &riverside, "max@x.example", &[]).await;
        let (gone, _) = member(storage, &riverside, "gone@x.example", &[]).await;
        assert_eq!(erase(storage, &gone.id, 1).await.unwrap(), Erasure::Done);
        let nobody = UserId::fresh(NOW, &Random::system());
        let of = [&riverside.id, &harbour.id];
        for (name, of, user, until, expected) in [
            ("nobody", of[0], &nobody, None, "there is no person"),
            ("a stranger", of[1], &max.id, None, "there is no person"),
            ("a stranger who is erased", of[1], &gone.id, None, "there is no person"),
            ("somebody who is erased", of[0], &gone.id, None, "is erased"),
            ("an end that has passed", of[0], &max.id, Some(1), "later than now"),
            ("no time at all", of[0], &max.id, Some(2), "later than now"),
        ] {
            let refused = hold(storage, of, user, (2, until)).await.unwrap_err().to_string();
            assert!(refused.contains(expected), "{name}: {refused}");
        }
        let set = hold(storage, of[0], &max.id, (2, Some(10))).await.unwrap();
        let late = release(storage, of[0], &set.id, 10).await.unwrap_err().to_string();
        assert!(late.contains("has ended already"), "{late}");
        assert_eq!(erase(storage, &max.id, 9).await.unwrap(), Erasure::Held(vec![riverside.clone()]));

        // Who left is still somebody whom the organization knew.
        leave(storage, of[0], &membership.id).await;
        let set = hold(storage, of[0], &max.id, (6, None)).await.unwrap();
        release(storage, of[0], &set.id, 7).await.unwrap();
        let again = release(storage, of[0], &set.id, 8).await.unwrap_err().to_string();
        assert!(again.contains("has ended already"), "{again}");
        assert_eq!(erase(storage, &max.id, 10).await.unwrap(), Erasure::Done, "nobody waits for the cleaning");
    }
}

/// Somebody whom a source brought, with something of everything that the end of a membership takes away.
async fn known_all_round(storage: &Storage, of: &Organization, name: &'static str) -> (UserId, MembershipId) {
    let said = json!({
        "displayName": name, "title": "Dr", "roles": [{"value": "billing"}],
        "emails": [{"value": format!("{name}@riverside.example"), "primary": true}],
    });
    let new = Desired { external_id: Some(format!("ext-{name}")), ..desired(name, said) };
    let member = add(storage, of, "entra", new).await.unwrap().known.membership;
    let (of, id) = (of.id.clone(), member.id.clone());
    unit!(storage, |tx| {
        let key = slug(&format!("group-{name}"));
        let group = group::create(tx, &context(2), &of, &key, &key.as_str().parse().unwrap()).await?;
        group::add_member(tx, &context(2), &of, &group.id, &id).await?;
        let people = "lanyard:people:read".parse().unwrap();
        permission::set(tx, &context(2), &of, &id, (&people, Some(Effect::Grant))).await
    })
    .unwrap();
    (member.user_id, member.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_leaver_loses_is_kept_beside_until_no_hold_of_the_organization_is_left() {
    for database in databases().await {
        let storage = &database.storage;
        let (of, other) = (owning(storage, "riverside").await, clinic(storage, "harbour").await);
        connect(storage, &of, "entra").await;
        let (_, boss) = member(storage, &of, "boss@x.example", &[]).await;
        for (name, ends_by) in [("ann", "release"), ("bob", "time"), ("eve", "no hold")] {
            let (user, id) = known_all_round(storage, &of, name).await;
            let (report, manager) = (id.clone(), boss.id.clone());
            unit!(storage, |tx| tx.managers().set(&report, Some(&manager)).await).unwrap();
            let holds = if ends_by == "no hold" {
                // What another organization holds is no reason to keep what this one knew.
                let (at, user) = (other.id.clone(), user.clone());
                let new = NewMembership { user: user.clone(), ..joining(&person_of(storage, &user).await, &[]) };
                unit!(storage, |tx| membership::join(tx, &context(3), &at, new).await).unwrap();
                vec![hold(storage, &other.id, &user, (3, None)).await.unwrap()]
            } else {
                let holds =
                    [hold(storage, &of.id, &user, (3, Some(100))), hold(storage, &of.id, &user, (3, Some(200)))];
                futures_of(holds).await
            };
            leave(storage, &of.id, &id).await;
            let mut tx = storage.read().await.unwrap();
            assert!(tx.memberships().active(&user, &of.id, Timestamp(NOW.0 + 6)).await.unwrap().is_none(), "{name}");
            assert!(tx.member_records().by_id(&of.id, &id).await.unwrap().is_none(), "{name}: nobody else sees it");
            assert!(!tx.member_records().is_named(&of.id, name).await.unwrap(), "{name}: the name is free");
            drop(tx);
            let all = kept(storage, &of.id, &user).await;
            if ends_by == "no hold" {
                assert_eq!(all, []);
                continue;
            }
            assert_eq!((all.len(), &all[0].membership, all[0].kept_at), (1, &id, Timestamp(NOW.0 + 5)), "{name}");
            let content = &all[0].content;
            let first = |list: &str, key: &str| content[list][0][key].clone();
            assert_eq!(content["user_name"], name);
            assert_eq!(content["attributes"]["emails"][0]["value"], format!("{name}@riverside.example"));
            assert_eq!(content["sources"]["title"], "scim:entra");
            assert_eq!(content["title"], "Dr");
            assert_eq!(first("external_ids", "external_id"), format!("ext-{name}"));
            assert_eq!((first("roles", "role"), first("roles", "location")), (json!("billing"), Value::Null));
            assert_eq!(first("groups", "group"), format!("group-{name}"));
            assert_eq!(first("permissions", "permission"), "lanyard:people:read");
            assert_eq!(content["manager"], json!({"membership": boss.id.as_str(), "name": "boss@x.example"}));

            for (index, at) in [(0, 100), (1, 200)] {
                assert_eq!(kept(storage, &of.id, &user).await.len(), 1, "{name}: a hold lasts");
                if ends_by == "release" {
                    release(storage, &of.id, &holds[index].id, 10).await.unwrap();
                } else {
                    retention::tend(storage, &context(at)).await.unwrap();
                }
            }
            assert_eq!(kept(storage, &of.id, &user).await, [], "{name}");
            assert!(!is_erased(storage, &user).await, "{name}: the account is their own");
        }
    }
}

pub(super) async fn person_of(storage: &Storage, user: &UserId) -> User {
    storage.read().await.unwrap().users().by_id(user).await.unwrap().unwrap()
}

/// Their answers, one after the other.
async fn futures_of<T>(all: impl IntoIterator<Item = impl Future<Output = Result<T>>>) -> Vec<T> {
    let mut done = vec![];
    for one in all {
        done.push(one.await.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_joined_leaves_the_id_when_the_hold_ends() {
    for database in databases().await {
        let storage = &database.storage;
        let of = owning(storage, "riverside").await;
        let pending = |name: &str| {
            desired(name, json!({"displayName": name, "emails": [{"value": format!("{name}@elsewhere.example")}]}))
        };
        let ann = add(storage, &of, "entra", pending("ann")).await.unwrap().known.membership;
        let set = hold(storage, &of.id, &ann.user_id, (2, None)).await.unwrap();
        leave(storage, &of.id, &ann.id).await;
        let (before, kept_of) = (person_of(storage, &ann.user_id).await, kept(storage, &of.id, &ann.user_id).await);
        assert_eq!((before.name.as_str(), kept_of.len()), ("ann", 1), "the names stay while the record is held");
        let again = add(storage, &of, "entra", pending("ann")).await.unwrap().known.membership;
        assert_ne!(again.user_id, ann.user_id, "somebody new");
        release(storage, &of.id, &set.id, 9).await.unwrap();
        assert!(is_erased(storage, &ann.user_id).await && kept(storage, &of.id, &ann.user_id).await.is_empty());

        // Whoever joins takes the hold with the place.
        let bob = add(storage, &of, "entra", pending("bob")).await.unwrap();
        hold(storage, &of.id, &bob.known.membership.user_id, (2, None)).await.unwrap();
        let (account, _) = member(storage, &clinic(storage, "harbour").await, "bob@x.example", &[]).await;
        let (link, user) = (TokenHash::of(bob.invited.unwrap().1.expose_secret()), account.id.clone());
        unit!(storage, |tx| invitation::accept(tx, &context(5), Approach::Link(link), &user).await).unwrap();
        assert_eq!(erase(storage, &account.id, 6).await.unwrap(), Erasure::Held(vec![of.clone()]));
        assert!(is_erased(storage, &bob.known.membership.user_id).await, "the placeholder had nothing of its own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_and_an_erasure_at_once_are_one_after_the_other() {
    const EMAILS: [&str; 8] = ["a@x.dk", "b@x.dk", "c@x.dk", "d@x.dk", "e@x.dk", "f@x.dk", "g@x.dk", "h@x.dk"];
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        for email in EMAILS {
            let (person, membership) = member(storage, &of, email, &[]).await;
            // Who left has no organization whose lock both would take.
            leave(storage, &of.id, &membership.id).await;
            let erasing = {
                let (storage, user) = (storage.clone(), person.id.clone());
                tokio::spawn(async move { erase(&storage, &user, 7).await })
            };
            let holding = {
                let (storage, of, user) = (storage.clone(), of.id.clone(), person.id.clone());
                tokio::spawn(async move { hold(&storage, &of, &user, (7, None)).await })
            };
            let (erased, held) = (erasing.await.unwrap().unwrap(), holding.await.unwrap());
            assert_ne!(erased == Erasure::Done, held.is_ok(), "{erased:?} {held:?}");
            assert_eq!(is_erased(storage, &person.id).await, held.is_err());
        }
    }
}
