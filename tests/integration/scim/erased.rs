//! What is left of somebody whom an outside system deletes: a person who joined keeps their account, one who never did
//! leaves an id, and so does whoever is erased.

use lanyard::{
    audit::store::Query,
    directory::user::{self, Erasure},
    id::UserId,
};
use serde_json::{Value, json};

use super::push::{Push, USER};

/// The person behind a membership.
async fn person(push: &Push, member: &str) -> UserId {
    let (of, member) = (push.door.riverside().await, member.parse().unwrap());
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    tx.memberships().by_id(&of, &member).await.unwrap().unwrap().user_id
}

/// What the audit log says of a person, newest first.
async fn recorded(push: &Push, user: &UserId) -> Vec<String> {
    let query = Query { person: Some(user.to_string()), limit: 100, ..Query::default() };
    let events = push.door.clinic.app.storage.read().await.unwrap().audit().list(query).await.unwrap();
    events.into_iter().map(|event| event.action).collect()
}

/// Whether nothing is left of a person but the id: what of the record, what of the person.
async fn is_tombstone(push: &Push, (member, id): (&str, &UserId)) -> (bool, bool) {
    let (of, member) = (push.door.riverside().await, member.parse().unwrap());
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let record = tx.member_records().by_id(&of, &member).await.unwrap();
    let left = tx.users().by_id(id).await.unwrap().expect("the id stays");
    let names = tx.login_names().of(id).await.unwrap();
    let is_blank = left.email.is_none() && left.phone.is_none() && left.given_name.is_none() && left.picture.is_none();
    let is_erased = left.deleted_at.is_some() && left.name.as_str() == "Erased person" && left.password_hash.is_none();
    (record.is_none(), is_blank && is_erased && names.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_ends_a_membership_and_leaves_of_a_person_what_is_their_own() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let new = json!({
            "schemas": [USER], "userName": "x@elsewhere.example", "externalId": "x", "displayName": "X",
            "name": {"givenName": "X"}, "phoneNumbers": [{"value": "+45 1"}],
        });
        let pending = push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().to_owned();
        let joined = push.person("ann").await;
        let (waiting, ann) = (person(&push, &pending).await, person(&push, &joined).await);
        for id in [&pending, &joined] {
            push.told("DELETE", &format!("/Users/{id}"), &Value::Null, 204).await;
            assert_eq!(push.refused("GET", &format!("/Users/{id}"), &Value::Null).await, (404, None));
        }
        assert_eq!(is_tombstone(&push, (&pending, &waiting)).await, (true, true), "nobody ever was there");
        assert_eq!(is_tombstone(&push, (&joined, &ann)).await, (true, false), "the account is Ann's own");
        let account = push.door.clinic.app.storage.read().await.unwrap().users().by_id(&ann).await.unwrap().unwrap();
        assert!(account.is_active(push.door.clinic.app.clock.now()) && account.email.is_some());
        assert!(recorded(&push, &waiting).await.contains(&"membership-removal".to_owned()));

        // Erasing her for good is somebody's decision; the log goes on naming the id.
        let before = recorded(&push, &ann).await;
        let (context, id) = (push.door.clinic.context(), ann.clone());
        let erased =
            push.door.clinic.write(move |tx| Box::pin(async move { Ok(user::delete(tx, &context, &id).await?) })).await;
        assert_eq!(erased, Erasure::Done);
        assert_eq!(is_tombstone(&push, (&joined, &ann)).await, (true, true));
        let (mut after, mut expected) = (recorded(&push, &ann).await, before);
        expected.push("user-deletion".to_owned());
        after.sort();
        expected.sort();
        assert_eq!(after, expected);

        // The same names are free for somebody new.
        let again = push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().to_owned();
        let ann_again = push.person("ann").await;
        assert_ne!((&again, &ann_again), (&pending, &joined));
        assert_ne!(person(&push, &ann_again).await, ann);
    }
}
