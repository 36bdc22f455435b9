//! Whoever leaves while the record is held is out as anybody is, and nothing that a source is answered tells of it.

use lanyard::{
    directory::{retention, user, user::Erasure},
    id::{MembershipId, RetentionHoldId, UserId},
};
use serde_json::{Value, json};

use super::push::{GROUP, Push, USER, patch};
use crate::oauth::{
    backchannel_logout::listening,
    clinic::{Clinic, basic},
};

async fn behind(push: &Push, member: &str) -> UserId {
    let (of, member): (_, MembershipId) = (push.door.riverside().await, member.parse().unwrap());
    push.door.clinic.app.storage.read().await.unwrap().retention().whose(&of, &member).await.unwrap().unwrap()
}

async fn hold(clinic: &Clinic, organization: &str, user: &UserId) -> RetentionHoldId {
    let (context, of, user) = (clinic.context(), clinic.organization(organization).await, user.clone());
    let reason = "complaint 17".parse().unwrap();
    clinic
        .write(move |tx| {
            Box::pin(async move { Ok(retention::set(tx, &context, &of, (&user, &reason, None)).await?.id) })
        })
        .await
}

async fn release(clinic: &Clinic, organization: &str, id: RetentionHoldId) {
    let (context, of) = (clinic.context(), clinic.organization(organization).await);
    clinic
        .write(move |tx| Box::pin(async move { Ok(retention::release(tx, &context, &of, &id).await.map(drop)?) }))
        .await;
}

/// How many memberships are kept of a person, and whether they are erased.
async fn left(clinic: &Clinic, organization: &str, user: &UserId) -> (usize, bool) {
    let of = clinic.organization(organization).await;
    let mut tx = clinic.app.storage.read().await.unwrap();
    let kept = tx.kept_members().of(&of, user).await.unwrap();
    (kept.len(), tx.users().by_id(user).await.unwrap().unwrap().deleted_at.is_some())
}

/// Everything that a source is answered about somebody whom it takes away and names again, without what differs by chance.
async fn story(push: &Push, (name, domain, way): (&str, &str, &str), is_held: bool) -> Vec<(u16, String)> {
    let user_name = format!("{name}@{domain}");
    let body = json!({
        "schemas": [USER], "userName": user_name, "externalId": format!("ext-{name}"), "displayName": name,
        "emails": [{"value": user_name, "type": "work", "primary": true}], "roles": [{"value": "billing"}],
    });
    let id = push.told("POST", "/Users", &body, 201).await["id"].as_str().unwrap().to_owned();
    let group = json!({"schemas": [GROUP], "displayName": format!("group {name}"), "members": [{"value": id}]});
    let group = push.told("POST", "/Groups", &group, 201).await["id"].as_str().unwrap().to_owned();
    if is_held {
        hold(&push.door.clinic, "riverside", &behind(push, &id).await).await;
    }
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "DELETE", "path": format!("/Users/{id}")}],
    });
    let leaving = if way == "Bulk" {
        ("POST", "/Bulk".to_owned(), bulk)
    } else {
        ("DELETE", format!("/Users/{id}"), Value::Null)
    };
    let inactive = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let mut answers = vec![];
    for (method, path, body) in [
        ("PATCH", format!("/Users/{id}"), inactive),
        leaving,
        ("GET", format!("/Users/{id}"), Value::Null),
        ("DELETE", format!("/Users/{id}"), Value::Null),
        ("PUT", format!("/Users/{id}"), body.clone()),
        ("GET", format!("/Users?filter=userName+eq+%22{user_name}%22"), Value::Null),
        ("GET", format!("/Users?filter=externalId+eq+%22ext-{name}%22"), Value::Null),
        ("GET", format!("/Groups/{group}"), Value::Null),
        ("POST", "/Users".to_owned(), body),
        ("GET", format!("/Users?filter=externalId+eq+%22ext-{name}%22"), Value::Null),
    ] {
        let answer = push.ask(method, &path, &body).await;
        let is_new = answer.status == 201;
        let mut said = answer.body.replace(&id, "ID").replace(&group, "GROUP").replace(name, "NAME");
        if let Ok(told) = serde_json::from_str::<Value>(&said)
            && let Some(new) = told["Resources"][0]["id"].as_str().or(told["id"].as_str().filter(|_| is_new))
        {
            said = said.replace(new, "NEW");
        }
        answers.push((answer.status.as_u16(), versionless(&said)));
    }
    answers
}

/// Versions and instants count what was done before.
fn versionless(said: &str) -> String {
    let Ok(mut told) = serde_json::from_str::<Value>(said) else { return said.to_owned() };
    strip(&mut told);
    told.to_string()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !["version", "created", "lastModified"].contains(&key.as_str()));
            object.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_notices_no_hold() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        for (one, other, domain, way) in [
            ("zann", "zbob", "riverside.example", "DELETE"),
            ("zeve", "zdan", "elsewhere.example", "DELETE"),
            ("zkim", "zlea", "riverside.example", "Bulk"),
        ] {
            let held = story(&push, (one, domain, way), true).await;
            let free = story(&push, (other, domain, way), false).await;
            assert_eq!(held, free, "{way} at {domain}");
            let statuses: Vec<u16> = held.iter().map(|(status, _)| *status).collect();
            let gone = if way == "Bulk" { 200 } else { 204 };
            assert_eq!(statuses, [200, gone, 404, 404, 404, 200, 200, 200, 201, 200], "{way} at {domain}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whose_record_is_held_is_out_at_once_and_what_was_asked_for_happens_at_the_end() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        clinic.leaves_jobs();
        clinic.joins("priya", "harbour").await;
        listening(clinic, "calendar", "http://127.0.0.1:1").await;
        let (browser, user) = (clinic.browser("priya").await, clinic.user("priya").await);
        let tokens = clinic.tokens(&browser, "calendar", "organization=riverside").await;
        let introspected = async || {
            let form = format!("token={}", tokens["access_token"].as_str().unwrap());
            clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json()["active"] == true
        };
        assert!(introspected().await);
        let (ours, theirs) = (hold(clinic, "riverside", &user).await, hold(clinic, "harbour", &user).await);
        let of = push.door.riverside().await;
        let member = clinic.app.storage.read().await.unwrap().memberships().of(&of, &user).await.unwrap().unwrap().id;
        // A membership that people made is theirs to end.
        let (context, at) = (clinic.context(), of.clone());
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    lanyard::directory::membership::remove(tx, &context, &at, &member).await?;
                    Ok(())
                })
            })
            .await;
        assert!(!introspected().await, "a hold keeps nobody in");
        assert_eq!(left(clinic, "riverside", &user).await, (1, false));
        assert_eq!(left(clinic, "harbour", &user).await, (0, false), "nobody left there");

        let ask = async || {
            let (context, user) = (clinic.context(), user.clone());
            clinic
                .write(move |tx| Box::pin(async move { Ok(user::delete_once_released(tx, &context, &user).await?) }))
                .await
        };
        assert!(matches!(ask().await, Erasure::Held(by) if by.len() == 2));
        release(clinic, "riverside", ours).await;
        assert_eq!(left(clinic, "riverside", &user).await, (0, false), "the other organization's hold lasts");
        release(clinic, "harbour", theirs).await;
        assert_eq!(left(clinic, "harbour", &user).await, (0, true));
    }
}
