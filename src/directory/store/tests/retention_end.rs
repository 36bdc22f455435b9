//! What happens when nobody holds a record any more: who is erased then, and who is not.

use serde_json::json;

use super::{
    provisioning::{add, desired, owning},
    retention::{erase, hold, is_erased, kept, leave, person_of, recorded, release},
    *,
};
use crate::{
    directory::{
        invitation::{self, Approach},
        login_name,
        retention::{self, Hold},
        user::Erasure,
    },
    id::UserId,
    secret::{ExposeSecret, TokenHash},
    storage::{sql, testing::databases},
};

/// Somebody whom a source named and took away again, before they joined, while the record was held.
async fn taken_away(storage: &Storage, of: &Organization, name: &'static str) -> (UserId, Hold) {
    let said = json!({"displayName": name, "emails": [{"value": format!("{name}@elsewhere.example")}]});
    let member = add(storage, of, "entra", desired(name, said)).await.unwrap().known.membership;
    let set = hold(storage, &of.id, &member.user_id, (2, None)).await.unwrap();
    leave(storage, &of.id, &member.id).await;
    assert!(is_asked(storage, &member.user_id).await, "{name}");
    (member.user_id, set)
}

async fn is_asked(storage: &Storage, user: &UserId) -> bool {
    storage.read().await.unwrap().retention().asked(user).await.unwrap().is_some()
}

/// Asks for an erasure past everything that an operation looks at.
async fn ask_for(storage: &Storage, user: &UserId) {
    let user = user.to_string();
    unit!(storage, |tx| {
        sql("INSERT INTO asked_erasures (user_id, asked_at, asked_by) VALUES ($1, 0, 'host:test')")
            .bind(user)
            .execute(tx.connection())
            .await
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_away_and_is_wanted_again_is_not_erased() {
    for database in databases().await {
        let storage = &database.storage;
        let (of, other) = (owning(storage, "riverside").await, clinic(storage, "harbour").await);
        for name in ["email", "user-name", "membership", "enable", "nothing"] {
            let (user, set) = taken_away(storage, &of, name).await;
            let (id, harbour, placeholder) = (user.clone(), other.id.clone(), person_of(storage, &user).await);
            unit!(storage, |tx| match name {
                "email" => user::change_email(tx, &context(6), &id, &"x@x.example".parse().unwrap()).await,
                "user-name" => login_name::change(tx, &context(6), &id, &"x".parse().unwrap()).await,
                "membership" => {
                    membership::join(tx, &context(6), &harbour, joining(&placeholder, &[])).await.map(drop)
                }
                "enable" => user::enable(tx, &context(6), &id).await,
                _ => Ok(()),
            })
            .unwrap();
            let is_wanted = name != "nothing";
            assert_eq!(is_asked(storage, &user).await, !is_wanted, "{name}");
            release(storage, &of.id, &set.id, 8).await.unwrap();
            retention::tend(storage, &context(9)).await.unwrap();
            assert_eq!(is_erased(storage, &user).await, !is_wanted, "{name}");
        }
        assert_eq!(recorded(storage, "erasure-request").await.len(), 5, "what waits can be found");
        assert_eq!(recorded(storage, "user-enabling").await.len(), 1, "who took it back, too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_and_to_be_erased_is_let_in_by_no_organization() {
    for database in databases().await {
        let storage = &database.storage;
        let (of, other) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (max, _) = member(storage, &of, "max@x.example", &[]).await;
        let set = hold(storage, &of.id, &max.id, (1, None)).await.unwrap();
        let (id, harbour, user) = (max.id.clone(), other.id.clone(), max.clone());
        let asked = unit!(storage, |tx| {
            let asked = user::delete_once_released(tx, &context(2), &id).await?;
            membership::join(tx, &context(3), &harbour, joining(&user, &[])).await.map(|_| asked)
        });
        assert_eq!(asked.unwrap(), Erasure::Held(vec![of.clone()]));
        release(storage, &of.id, &set.id, 4).await.unwrap();
        assert!(is_erased(storage, &max.id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_cannot_be_keeps_no_hold_from_being_released() {
    for database in databases().await {
        let storage = &database.storage;
        let (of, other) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        for (email, ends_by) in [("a@x.example", "release"), ("b@x.example", "time")] {
            // The last owner of another organization, who is in.
            let (owner, _) = member(storage, &of, email, &[]).await;
            let (id, user) = (other.id.clone(), owner.clone());
            unit!(storage, |tx| membership::join(tx, &context(0), &id, joining(&user, &[slug("owner")])).await)
                .unwrap();
            let set = hold(storage, &of.id, &owner.id, (1, Some(100))).await.unwrap();
            ask_for(storage, &owner.id).await;
            if ends_by == "release" {
                release(storage, &of.id, &set.id, 3).await.unwrap();
            } else {
                retention::tend(storage, &context(100)).await.unwrap();
            }
            let ended = storage.read().await.unwrap().retention().by_id(&of.id, &set.id).await.unwrap().unwrap().ended;
            assert!(ended.is_some() && !is_erased(storage, &owner.id).await, "{ends_by}");
            assert!(!is_asked(storage, &owner.id).await, "{ends_by}: nothing is tried for ever");
            // The next of them is the last owner as well.
            let id = owner.id.clone();
            unit!(storage, |tx| tx.users().set_disabled(&id, Some(NOW), NOW).await).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_meanwhile_or_is_done_is_not_done_by_a_list_from_before() {
    for database in databases().await {
        let storage = &database.storage;
        let of = owning(storage, "riverside").await;
        let (max, _) = member(storage, &of, "max@x.example", &[]).await;
        retention::erase(storage, &context(1), max.id.clone()).await.unwrap();
        assert!(!is_erased(storage, &max.id).await, "nobody asks for it any more");
        hold(storage, &of.id, &max.id, (2, None)).await.unwrap();
        let id = max.id.clone();
        drop(unit!(storage, |tx| user::delete_once_released(tx, &context(3), &id).await).unwrap());
        retention::erase(storage, &context(4), max.id.clone()).await.unwrap();
        assert!(!is_erased(storage, &max.id).await, "somebody holds it again");

        let (gone, _) = member(storage, &of, "gone@x.example", &[]).await;
        assert_eq!(erase(storage, &gone.id, 4).await.unwrap(), Erasure::Done);
        ask_for(storage, &gone.id).await;
        retention::tend(storage, &context(5)).await.unwrap();
        assert!(!is_asked(storage, &gone.id).await, "whoever is erased waits for nothing");
        assert_eq!(recorded(storage, "user-deletion").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_place_is_not_erased_for_the_placeholder() {
    for database in databases().await {
        let storage = &database.storage;
        let of = owning(storage, "riverside").await;
        let said = json!({"displayName": "bob", "emails": [{"value": "bob@elsewhere.example"}]});
        let bob = add(storage, &of, "entra", desired("bob", said)).await.unwrap();
        let placeholder = bob.known.membership.user_id.clone();
        let set = hold(storage, &of.id, &placeholder, (2, None)).await.unwrap();
        let id = placeholder.clone();
        drop(unit!(storage, |tx| user::delete_once_released(tx, &context(3), &id).await).unwrap());
        let (account, _) = member(storage, &clinic(storage, "harbour").await, "bob@x.example", &[]).await;
        let (link, user) = (TokenHash::of(bob.invited.unwrap().1.expose_secret()), account.id.clone());
        unit!(storage, |tx| invitation::accept(tx, &context(5), Approach::Link(link), &user).await).unwrap();
        for user in [&placeholder, &account.id] {
            assert!(!is_asked(storage, user).await);
        }
        release(storage, &of.id, &set.id, 6).await.unwrap();
        assert!(!is_erased(storage, &account.id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_kept_of_people_whose_hold_ended_is_looked_at() {
    for database in databases().await {
        let storage = &database.storage;
        let of = clinic(storage, "riverside").await;
        let mut people = vec![];
        for email in ["a@x.example", "b@x.example", "c@x.example"] {
            let (person, membership) = member(storage, &of, email, &[]).await;
            hold(storage, &of.id, &person.id, (1, Some(100))).await.unwrap();
            leave(storage, &of.id, &membership.id).await;
            people.push(person.id);
        }
        let other = people[2].to_string();
        unit!(storage, |tx| {
            let ended = "UPDATE retention_holds SET ended_at = 1, ended_by = 'server' WHERE user_id = $1";
            sql(ended).bind(other).execute(tx.connection()).await
        })
        .unwrap();
        retention::tend(storage, &context(100)).await.unwrap();
        for (person, expected) in people.iter().zip([0, 0, 1]) {
            assert_eq!(kept(storage, &of.id, person).await.len(), expected, "what ended before is done before");
        }
    }
}
