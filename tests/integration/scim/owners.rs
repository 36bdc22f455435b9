//! The last owner of a practice stays, whatever an outside system says.

use lanyard::directory::{assignment, assignment::NewAssignment, origin::Origin, validity::Validity};
use serde_json::{Value, json};

use super::push::{Push, USER, patch};

/// Makes a member an owner by hand.
async fn own(push: &Push, member: &str) {
    let clinic = &push.door.clinic;
    let (context, of, member) = (clinic.context(), push.door.riverside().await, member.parse().unwrap());
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let role = tx.roles().by_slug(&of, &"owner".parse()?).await?.unwrap().id;
                let origin = Origin::of(&context);
                let new =
                    NewAssignment { membership: member, role, location: None, validity: Validity::ALWAYS, origin };
                assignment::assign(tx, &context, &of, new).await?;
                Ok(())
            })
        })
        .await;
}

/// How many lasting owners Riverside has.
async fn owners(push: &Push) -> usize {
    let of = push.door.riverside().await;
    let now = push.door.clinic.app.clock.now();
    push.door.clinic.app.storage.read().await.unwrap().assignments().lasting_owners(&of, now).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_is_neither_suspended_nor_removed_nor_demoted() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let (of, olivia) = (push.door.riverside().await, push.door.clinic.user("olivia").await);
        let member = push.door.clinic.app.storage.read().await.unwrap().memberships().of(&of, &olivia).await.unwrap();
        let path = format!("/Users/{}", member.unwrap().id);
        assert_eq!(owners(&push).await, 1, "Olivia is the only one");
        let before = push.told("GET", &path, &Value::Null, 200).await;
        let put = |more: Value| {
            let mut body = json!({"schemas": [USER], "userName": "olivia@clinic.example"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let off = [
            ("PATCH", patch(json!([{"op": "replace", "path": "active", "value": false}]))),
            ("PATCH", patch(json!([{"op": "replace", "value": {"title": "Dr", "active": "False"}}]))),
            ("PUT", put(json!({"active": false}))),
            ("DELETE", Value::Null),
        ];
        for (method, body) in &off {
            let answer = push.ask(method, &path, body).await;
            assert_eq!(answer.status, 403, "{method} {body}: {}", answer.body);
            assert!(answer.json()["detail"].as_str().unwrap().contains("last owner"), "{}", answer.body);
            let operation = json!({"method": method, "path": path, "data": body});
            let bulk =
                json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]});
            let bulk = push.told("POST", "/Bulk", &bulk, 200).await;
            assert_eq!(bulk["Operations"][0]["status"], "403", "{method} {body}: {bulk}");
        }
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, before, "nothing of it is kept");

        // A source neither gave the role nor takes it.
        let roles = |all: Value| patch(json!([{"op": "replace", "path": "roles", "value": all}]));
        for (method, body) in [
            ("PATCH", roles(json!([{"value": "billing"}]))),
            ("PATCH", roles(json!([]))),
            ("PATCH", patch(json!([{"op": "remove", "path": "roles"}]))),
            ("PUT", put(json!({"roles": [{"value": "owner"}]}))),
            ("PUT", put(json!({}))),
        ] {
            push.told(method, &path, &body, 200).await;
            assert_eq!(owners(&push).await, 1, "{method} {body}");
        }

        // With a second one either may go, and then that one stays.
        let bo = push.person("bo").await;
        own(&push, &bo).await;
        let both = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "DELETE", "path": path},
                {"method": "PATCH", "path": format!("/Users/{bo}"), "data": off[0].1},
            ],
        });
        let done = push.told("POST", "/Bulk", &both, 200).await;
        let statuses: Vec<_> = done["Operations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, ["204", "403"], "{done}");
        assert_eq!(owners(&push).await, 1);
    }
}
