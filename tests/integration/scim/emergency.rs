//! Emergency accounts are nobody to an outside system: what names one is refused, and changes nothing.

use lanyard::directory::{
    emergency::{self, Account},
    group,
};
use serde_json::{Value, json};

use super::push::{GROUP, Push, USER, patch};

/// Makes one of Riverside; with the id of its membership.
async fn with_one(push: &Push) -> (Account, String) {
    let clinic = &push.door.clinic;
    let (context, of) = (clinic.context(), push.door.riverside().await);
    let (_, hash) = clinic.app.random.token();
    let account = clinic
        .write(move |tx| {
            Box::pin(async move { Ok(emergency::create(tx, &context, &of, ("safe".parse()?, hash)).await?) })
        })
        .await;
    let mut tx = clinic.app.storage.read().await.unwrap();
    let member = tx.memberships().of(&account.organization, &account.user).await.unwrap().unwrap();
    (account, member.id.to_string())
}

/// What could be changed of it.
async fn state(push: &Push, account: &Account) -> String {
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let user = tx.users().by_id(&account.user).await.unwrap();
    let member = tx.memberships().of(&account.organization, &account.user).await.unwrap().unwrap();
    let roles = tx.assignments().of_member(&account.organization, &member.id).await.unwrap();
    let kept = tx.emergency_accounts().of_user(&account.user).await.unwrap();
    format!("{user:?} {member:?} {roles:?} {kept:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_reaches_one() {
    for push in Push::each().await {
        let (account, member) = with_one(&push).await;
        let before = state(&push, &account).await;
        let path = format!("/Users/{member}");
        let put = json!({"schemas": [USER], "userName": "me@riverside.example", "active": false});
        let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        for (method, body) in [("GET", Value::Null), ("PATCH", off), ("PUT", put), ("DELETE", Value::Null)] {
            // RFC 7644 §3.12: a resource that is not there has no `scimType`.
            assert_eq!(push.refused(method, &path, &body).await, (404, None), "{method}");
            if method == "GET" {
                continue;
            }
            let operation = json!({"method": method, "path": path, "data": body});
            let bulk =
                json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]});
            let bulk = push.told("POST", "/Bulk", &bulk, 200).await;
            assert_eq!(bulk["Operations"][0]["status"], "404", "{method}: {bulk}");
        }
        let listed = push.told("GET", "/Users?count=1000", &Value::Null, 200).await;
        assert!(!listed.to_string().contains(&member), "{listed}");
        // Nor is one a member of a group, or somebody's manager.
        let group = json!({"schemas": [GROUP], "displayName": "Desk", "members": [{"value": member}]});
        assert_eq!(push.refused("POST", "/Groups", &group).await, (400, Some("invalidValue".into())));
        let ann = push.person("ann").await;
        let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
        let manager = patch(json!([{"op": "replace", "path": manager, "value": {"value": member}}]));
        let refused = push.refused("PATCH", &format!("/Users/{ann}"), &manager).await;
        assert_eq!(refused, (400, Some("invalidValue".into())));
        assert_eq!(state(&push, &account).await, before, "nothing has changed");
        // People here may put one into a group; the source does not see it there.
        let desk = push.told("POST", "/Groups", &json!({"schemas": [GROUP], "displayName": "Desk"}), 201).await;
        let path = format!("/Groups/{}", desk["id"].as_str().unwrap());
        let (context, of, id) = (push.door.clinic.context(), account.organization.clone(), member.parse().unwrap());
        let group = desk["id"].as_str().unwrap().parse().unwrap();
        push.door
            .clinic
            .write(move |tx| Box::pin(async move { Ok(group::add_member(tx, &context, &of, &group, &id).await?) }))
            .await;
        let shown = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!(shown["members"], Value::Null, "{shown}");
        push.door.clinic.leaves_jobs();
    }
}
