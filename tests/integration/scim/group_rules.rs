//! Groups with a rule, as an outside system sees and changes them.

use std::time::Duration;

use axum::http::header;
use lanyard::{
    directory::{
        assignment::{self, NewAssignment},
        group,
        origin::Origin,
        rule::{self, Condition},
        validity::Validity,
    },
    id::{GroupId, MembershipId},
};
use serde_json::{Value, json};

use super::{
    me::own_token,
    push::{GROUP, Push, USER, patch},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A group of everybody in the department `desk`, carrying this role; its path.
pub(super) async fn desk(push: &Push, role: Option<&'static str>) -> String {
    group_of(push, "department eq \"desk\"", role).await
}

/// A group of everybody of whom the rule is true.
pub(super) async fn group_of(push: &Push, condition: &'static str, role: Option<&'static str>) -> String {
    let clinic = &push.door.clinic;
    let (context, of) = (clinic.context(), push.door.riverside().await);
    let id: GroupId = clinic
        .write(move |tx| {
            Box::pin(async move {
                let made = group::create(tx, &context, &of, &"desk".parse()?, &"Desk".parse()?).await?.id;
                rule::set(tx, &context, &of, (&made, &Condition::parse(condition)?)).await?;
                if let Some(role) = role {
                    let role = tx.roles().by_slug(&of, &role.parse()?).await?.unwrap();
                    group::give_role(tx, &context, &of, &made, (&role.id, None)).await?;
                }
                Ok(made)
            })
        })
        .await;
    rule::recompute(&clinic.app.storage, &clinic.context(), &id).await.unwrap();
    format!("/Groups/{id}")
}

fn department(name: &str) -> Value {
    patch(json!([{"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": name}]))
}

pub(super) async fn members(push: &Push, path: &str) -> Vec<String> {
    let group = push.told("GET", path, &Value::Null, 200).await;
    let all = group["members"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_by_rule_follows_what_is_written_and_is_not_taken_out() {
    for push in Push::each().await {
        let (ann, bo) = (push.person("ann").await, push.person("bo").await);
        let path = desk(&push, None).await;
        assert_eq!(members(&push, &path).await, <[String; 0]>::default());
        let tag = async || push.ask("GET", &path, &Value::Null).await.header(header::ETAG).to_owned();
        let before = tag().await;
        // The answer to the very change tells of it.
        let changed = push.told("PATCH", &format!("/Users/{ann}"), &department("Desk"), 200).await;
        assert_eq!(changed["groups"][0]["display"], "Desk", "{changed}");
        assert_eq!(members(&push, &path).await, std::slice::from_ref(&ann));
        assert_ne!(tag().await, before);
        let new = json!({"schemas": [USER, ENTERPRISE], "userName": "cy", (ENTERPRISE): {"department": "desk"}});
        let cy = push.told("POST", "/Users", &new, 201).await;
        assert_eq!(cy["groups"][0]["display"], "Desk");
        push.told("DELETE", &format!("/Users/{}", cy["id"].as_str().unwrap()), &Value::Null, 204).await;

        for operation in [
            json!({"op": "remove", "path": format!("members[value eq \"{ann}\"]")}),
            json!({"op": "remove", "path": "members", "value": [{"value": ann}]}),
            json!({"op": "remove", "path": "members"}),
            json!({"op": "replace", "path": "members", "value": [{"value": bo}]}),
        ] {
            let refused = push.ask("PATCH", &path, &patch(json!([operation]))).await;
            let error = refused.json();
            assert_eq!((refused.status.as_u16(), &error["scimType"]), (400, &json!("mutability")), "{operation}");
            assert!(error["detail"].as_str().unwrap().contains("the rule of the group"), "{error}");
        }
        // Who tells the whole leaves alone what is not theirs; whom they name they keep.
        let put = |all: Value| json!({"schemas": [GROUP], "displayName": "Desk", "members": all});
        push.told("PUT", &path, &put(json!([{"value": bo}])), 200).await;
        let mut both = [ann.clone(), bo.clone()];
        both.sort();
        assert_eq!(members(&push, &path).await, both);
        push.told("PUT", &path, &put(json!([{"value": ann}])), 200).await;
        assert_eq!(members(&push, &path).await, std::slice::from_ref(&ann));
        push.told("PATCH", &format!("/Users/{ann}"), &department("Board"), 200).await;
        assert_eq!(members(&push, &path).await, std::slice::from_ref(&ann), "the source keeps her");
        push.told("PUT", &path, &put(json!([])), 200).await;
        assert_eq!(members(&push, &path).await, <[String; 0]>::default());
        push.told("PATCH", &format!("/Users/{ann}"), &department("Desk"), 200).await;
        let gone = patch(json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}]));
        let without = push.told("PATCH", &format!("/Users/{ann}"), &gone, 200).await;
        assert_eq!(without.get("groups"), None, "{without}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_role_by_what_a_source_says_of_them() {
    for push in Push::each().await {
        let ann = push.person("ann").await;
        let path = desk(&push, Some("manager")).await;
        let one = format!("/Users/{ann}");
        let before = push.told("GET", &one, &Value::Null, 200).await;
        let answer = push.ask("PATCH", &one, &department("Desk")).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(answer.json()["detail"].as_str().unwrap().contains("`manager`"), "{}", answer.body);
        let new = json!({"schemas": [USER, ENTERPRISE], "userName": "cy", (ENTERPRISE): {"department": "desk"}});
        assert_eq!(push.ask("POST", "/Users", &new).await.status, 403);
        assert_eq!(push.told("GET", &one, &Value::Null, 200).await, before, "nothing of it is kept");
        assert_eq!(members(&push, &path).await, <[String; 0]>::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_role_by_what_they_say_of_themselves() {
    for push in Push::each().await {
        let head = group_of(&push, "title eq \"head\"", Some("manager")).await;
        let priya = own_token(&push, "priya").await;
        let title = |title: &str| patch(json!([{"op": "replace", "path": "title", "value": title}]));
        let say = async |said: &str| push.ask_as(&priya, "PATCH", "/Me", (&title(said), &[])).await;
        let refused = say("Head").await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        let me = push.ask_as(&priya, "GET", "/Me", (&Value::Null, &[])).await.json();
        assert_ne!(me["title"], "Head", "nothing of it is kept");
        assert_eq!(members(&push, &head).await, <[String; 0]>::default());
        assert_eq!(say("Foot").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rule_keeps_a_leaver_in() {
    for push in Push::each().await {
        let ann = push.person("ann").await;
        let path = desk(&push, Some("manager")).await;
        let leaves = patch(json!([
            {"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Desk"},
            {"op": "replace", "path": "active", "value": false},
        ]));
        let left = push.told("PATCH", &format!("/Users/{ann}"), &leaves, 200).await;
        assert_eq!((&left["active"], left.get("groups")), (&json!(false), None));
        assert_eq!(members(&push, &path).await, <[String; 0]>::default());
    }
}

/// Gives a role to the group at this path.
async fn carry(push: &Push, path: &str, role: &'static str) {
    let clinic = &push.door.clinic;
    let (context, of) = (clinic.context(), push.door.riverside().await);
    let id: GroupId = path.strip_prefix("/Groups/").unwrap().parse().unwrap();
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let role = tx.roles().by_slug(&of, &role.parse()?).await?.unwrap();
                Ok(group::give_role(tx, &context, &of, &id, (&role.id, None)).await?)
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_of_a_request_is_settled_by_itself() {
    for push in Push::each().await {
        let (ann, bo) = (push.person("ann").await, push.person("bo").await);
        let path = desk(&push, None).await;
        let of_ann = |what: &str| {
            let by_path = json!({"op": what, "path": format!("members[value eq \"{ann}\"]")});
            let by_value = json!({"op": what, "path": "members", "value": [{"value": ann}]});
            patch(json!([if what == "remove" { by_path } else { by_value }]))
        };
        push.told("PATCH", &path, &of_ann("add"), 204).await;
        push.told("PATCH", &format!("/Users/{ann}"), &department("Desk"), 200).await;
        carry(&push, &path, "manager").await;
        let bulk = |operations: Value| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
        let statuses = async |operations: Value| {
            let answer = push.told("POST", "/Bulk", &bulk(operations), 200).await;
            let all = answer["Operations"].as_array().unwrap();
            all.iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        // The source lets go of its place; she is there by the rule, as she was before. That is no doing of what comes next.
        let title = patch(json!([{"op": "replace", "path": "title", "value": "Dr"}]));
        let found = statuses(json!([
            {"method": "PATCH", "path": path, "data": of_ann("remove")},
            {"method": "PATCH", "path": format!("/Users/{bo}"), "data": title},
        ]))
        .await;
        assert_eq!(found, ["204", "200"]);
        assert_eq!(members(&push, &path).await, std::slice::from_ref(&ann));
        // Who would come in is refused, and nobody else.
        let leaves = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        let found = statuses(json!([
            {"method": "PATCH", "path": format!("/Users/{bo}"), "data": department("Desk")},
            {"method": "PATCH", "path": format!("/Users/{ann}"), "data": leaves},
        ]))
        .await;
        assert_eq!(found, ["403", "200"]);
        assert_eq!(members(&push, &path).await, std::slice::from_ref(&ann));
    }
}

/// A rule that was set and not gone through, and a role for an hour of tomorrow.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_goes_through_the_members_and_follows_time() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        let (ann, bo): (String, MembershipId) = (push.person("ann").await, push.person("bo").await.parse().unwrap());
        push.told("PATCH", &format!("/Users/{ann}"), &department("Desk"), 200).await;
        let (context, of, member) = (clinic.context(), push.door.riverside().await, bo.clone());
        let tomorrow = context.now.plus(Duration::from_hours(24));
        let validity = Validity::new(Some(tomorrow), Some(tomorrow.plus(Duration::from_hours(1)))).unwrap();
        let id: GroupId = clinic
            .write(move |tx| {
                Box::pin(async move {
                    let made = group::create(tx, &context, &of, &"both".parse()?, &"Both".parse()?).await?.id;
                    let condition = Condition::parse("department eq \"desk\" or role eq \"billing\"")?;
                    rule::set(tx, &context, &of, (&made, &condition)).await?;
                    let role = tx.roles().by_slug(&of, &"billing".parse()?).await?.unwrap().id;
                    let origin = Origin::of(&context);
                    let new = NewAssignment { membership: member, role, location: None, validity, origin };
                    assignment::assign(tx, &context, &of, new).await?;
                    Ok(made)
                })
            })
            .await;
        let path = format!("/Groups/{id}");
        let until = async |expected: &[&str]| {
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            clinic
                .working(async {
                    while members(&push, &path).await != expected {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                })
                .await;
        };
        assert_eq!(members(&push, &path).await, <[String; 0]>::default(), "nobody went through yet");
        until(&[&ann]).await;
        clinic.app.clock.advance(Duration::from_hours(24));
        until(&[&ann, bo.as_str()]).await;
        clinic.app.clock.advance(Duration::from_hours(1));
        until(&[&ann]).await;
    }
}
