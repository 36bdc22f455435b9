//! What people are called where a source changes a part of their name, and what a source keeps of somebody made here.

use lanyard::{
    directory::{
        profile::{self, Attribute, Edit},
        provisioning,
    },
    id::MembershipId,
};
use serde_json::{Value, json};

use super::push::{Push, USER, patch};

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn replace(path: &str, value: Value) -> Value {
    patch(json!([{"op": "replace", "path": path, "value": value}]))
}

/// What the person behind a member is called, and in which parts.
async fn called(push: &Push, id: &str) -> (String, Option<String>, Option<String>) {
    let (of, member) = (push.door.riverside().await, id.parse::<MembershipId>().unwrap());
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let user = tx.memberships().by_id(&of, &member).await.unwrap().unwrap().user_id;
    let user = tx.users().by_id(&user).await.unwrap().unwrap();
    (user.name.into(), user.given_name, user.family_name)
}

/// A member whom people here made.
async fn by_hand(push: &Push, name: &str) -> String {
    push.door.clinic.joins(name, "riverside").await.to_string()
}

async fn edit(push: &Push, name: &str, edits: &[(Attribute, &str)]) {
    let (context, user) = (push.door.clinic.context(), push.door.clinic.user(name).await);
    let edits: Vec<Edit> = edits.iter().map(|(attribute, value)| Edit::set(*attribute, value).unwrap()).collect();
    push.door
        .clinic
        .write(move |tx| Box::pin(async move { Ok(profile::edit_person(tx, &context, &user, &edits).await?) }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_to_be_shown_that_nobody_said_follows_its_parts() {
    let family = || replace("name.familyName", json!("New"));
    let parts = json!({"givenName": "Ann", "familyName": "Old"});
    let whole = json!({"givenName": "Ann", "familyName": "Old", "formatted": "Ann B. Old"});
    for push in Push::each().await {
        for (case, first, second, expected) in [
            ("a new surname", json!({"name": parts}), family(), "Ann New"),
            ("another given name", json!({"name": parts}), replace("name.givenName", json!("Jo")), "Jo Old"),
            (
                "both",
                json!({"name": parts}),
                replace("name", json!({"givenName": "Jo", "familyName": "New"})),
                "Jo New",
            ),
            (
                "of the user name alone",
                json!({}),
                replace("name", json!({"givenName": "Jo", "familyName": "New"})),
                "Jo New",
            ),
            ("the name was said", json!({"name": parts, "displayName": "Dr Ann"}), family(), "Dr Ann"),
            ("it was said as a whole", json!({"name": whole}), family(), "Ann B. Old"),
            (
                "said as a whole anew",
                json!({"name": whole}),
                replace("name.formatted", json!("Ann C. New")),
                "Ann C. New",
            ),
            (
                "no longer said",
                json!({"name": parts, "displayName": "Dr Ann"}),
                patch(json!([{"op": "remove", "path": "displayName"}])),
                "Ann Old",
            ),
        ] {
            let mut new =
                json!({"schemas": [USER], "userName": format!("{}@riverside.example", case.replace(' ', "-"))});
            new.as_object_mut().unwrap().extend(first.as_object().unwrap().clone());
            let id = push.told("POST", "/Users", &new, 201).await["id"].as_str().unwrap().to_owned();
            let path = format!("/Users/{id}");
            let changed = push.told("PATCH", &path, &second, 200).await;
            assert_eq!(called(&push, &id).await.0, expected, "{case}");
            if case != "no longer said" {
                let shown = changed["displayName"].as_str().or(changed["name"]["formatted"].as_str());
                assert_eq!(shown, Some(expected), "{case}: {changed}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tells_all_it_knows_is_believed_in_what_it_tells() {
    for push in Push::each().await {
        let named = |parts: Value| json!({"schemas": [USER], "userName": "ann@riverside.example", "name": parts});
        let (old, new) =
            (json!({"givenName": "Ann", "familyName": "Old"}), json!({"givenName": "Ann", "familyName": "New"}));
        let made = push.told("POST", "/Users", &named(old.clone()), 201).await;
        let id = made["id"].as_str().unwrap();
        let path = format!("/Users/{id}");
        push.told("PUT", &path, &named(new), 200).await;
        assert_eq!(called(&push, id).await.0, "Ann New");
        let mut both = named(old);
        both["displayName"] = json!("Ann New");
        let put = push.told("PUT", &path, &both, 200).await;
        assert_eq!(put["displayName"], "Ann New", "it was told beside the other one");
        let (name, _, family) = called(&push, id).await;
        assert_eq!((name.as_str(), family.as_deref()), ("Ann New", Some("Old")));
        push.told("PATCH", &path, &replace("name.familyName", json!("Newer")), 200).await;
        assert_eq!(called(&push, id).await.0, "Ann New", "and is said from then on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_people_gave_stays_unless_it_is_made_of_its_parts() {
    for (name, expected) in [("No Body", "No New"), ("Dr No", "Dr No")] {
        for push in Push::each().await {
            let id = by_hand(&push, "nobody").await;
            let given = [(Attribute::Name, name), (Attribute::GivenName, "No"), (Attribute::FamilyName, "Body")];
            edit(&push, "nobody", &given).await;
            let path = format!("/Users/{id}");
            let changed = push.told("PATCH", &path, &replace("name.familyName", json!("New")), 200).await;
            assert_eq!(changed["displayName"], expected);
            assert_eq!(called(&push, &id).await, (expected.to_owned(), Some("No".to_owned()), Some("New".to_owned())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_keeps_of_somebody_made_here_what_it_said_and_nothing_else() {
    for push in Push::each().await {
        let id = by_hand(&push, "nobody").await;
        edit(&push, "nobody", &[(Attribute::Phone, "+45 1")]).await;
        push.told("PATCH", &format!("/Users/{id}"), &replace("title", json!("Dr")), 200).await;
        let of = push.door.riverside().await;
        let kept = async || {
            let mut tx = push.door.clinic.app.storage.read().await.unwrap();
            let known = tx.member_records().by_id(&of, &id.parse().unwrap()).await.unwrap().unwrap();
            let kept = provisioning::kept_of(&mut tx, &known).await.unwrap();
            kept.into_iter().map(|one| one.attribute).collect::<Vec<_>>()
        };
        assert_eq!(kept().await, [Attribute::Title]);
        edit(&push, "nobody", &[(Attribute::Phone, "+45 2"), (Attribute::Name, "No Body")]).await;
        let seen = push.told("GET", &format!("/Users/{id}"), &Value::Null, 200).await;
        assert_eq!((&seen["phoneNumbers"][0]["value"], &seen["displayName"]), (&json!("+45 2"), &json!("No Body")));
        // And of what people say it keeps what it says otherwise.
        push.told("PATCH", &format!("/Users/{id}"), &replace("phoneNumbers", json!([{"value": "+45 3"}])), 200).await;
        assert_eq!(kept().await, [Attribute::Phone, Attribute::Title]);
    }
}
