//! Groups that are pushed, with their members.

use serde_json::{Value, json};

use super::push::{GROUP, Push, patch};

async fn members(push: &Push, path: &str) -> Vec<String> {
    let group = push.told("GET", path, &Value::Null, 200).await;
    let members = group["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = members.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_in_every_spelling() {
    for push in Push::each().await {
        let people = [push.person("ann").await, push.person("bob").await, push.person("cy").await];
        let value = |id: &String| json!({"value": id});
        let new = json!({"schemas": [GROUP], "displayName": "GPs", "externalId": "g1", "members": [value(&people[0])]});
        let made = push.told("POST", "/Groups", &new, 201).await;
        assert_eq!(made["members"][0]["type"], "User");
        let path = format!("/Groups/{}", made["id"].as_str().unwrap());
        for (case, operation, expected) in [
            (
                "add",
                json!({"op": "Add", "path": "members", "value": [value(&people[1]), value(&people[2])]}),
                vec![0, 1, 2],
            ),
            ("add again", json!({"op": "add", "path": "members", "value": [value(&people[1])]}), vec![0, 1, 2]),
            (
                "remove by path",
                json!({"op": "remove", "path": format!("members[value eq \"{}\"]", people[0])}),
                vec![1, 2],
            ),
            ("remove by value", json!({"op": "Remove", "path": "members", "value": [value(&people[1])]}), vec![2]),
            (
                "replace",
                json!({"op": "replace", "path": "members", "value": [value(&people[0]), value(&people[1])]}),
                vec![0, 1],
            ),
            ("by display", json!({"op": "remove", "path": "members[display eq \"bob\"]"}), vec![0]),
            ("remove all", json!({"op": "remove", "path": "members"}), vec![]),
            ("without path", json!({"op": "add", "value": {"members": [value(&people[2])]}}), vec![2]),
        ] {
            push.told("PATCH", &path, &patch(json!([operation])), 204).await;
            let mut expected: Vec<String> = expected.into_iter().map(|n: usize| people[n].clone()).collect();
            expected.sort();
            assert_eq!(members(&push, &path).await, expected, "{case}");
        }
        let nobody = json!([{"op": "remove", "path": "members[display eq \"bob\"]"}]);
        assert_eq!(push.refused("PATCH", &path, &patch(nobody)).await, (400, Some("noTarget".into())));
        // Whoever is named and is no member (any more) is none afterwards: sources repeat themselves.
        let named = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", people[1])}]);
        push.told("PATCH", &path, &patch(named), 204).await;
        let user = push.told("GET", &format!("/Users/{}", people[2]), &Value::Null, 200).await;
        assert_eq!(user["groups"][0]["display"], "GPs");
        let named = push
            .told(
                "PATCH",
                &format!("{path}?attributes=displayName"),
                &patch(json!([{"op": "replace", "value": {"displayName": "Doctors"}}])),
                200,
            )
            .await;
        assert_eq!(named["displayName"], "Doctors");
        let put = json!({"schemas": [GROUP], "displayName": "GPs", "members": [value(&people[0])]});
        push.told("PUT", &path, &put, 200).await;
        assert_eq!(members(&push, &path).await, [people[0].clone()]);
        push.told("DELETE", &path, &Value::Null, 204).await;
        assert_eq!(push.refused("GET", &path, &Value::Null).await, (404, None));
        push.told("POST", "/Groups", &new, 201).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_found_and_lie_in_each_other() {
    for push in Push::each().await {
        let ann = push.person("ann").await;
        let make = async |name: &str, members: Value| {
            let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
            push.told("POST", "/Groups", &body, 201).await["id"].as_str().unwrap().to_owned()
        };
        let inner = make("Inner", json!([{"value": ann}])).await;
        let outer = make("Outer", json!([{"value": inner}])).await;
        let found = async |query: &str| {
            let list = push.told("GET", &format!("/Groups?{query}"), &Value::Null, 200).await;
            let all = list["Resources"].as_array().unwrap().clone();
            all.into_iter().map(|one| one["displayName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("filter=displayName%20eq%20%22inner%22&excludedAttributes=members").await, ["Inner"]);
        assert_eq!(found(&format!("filter=members.value%20eq%20%22{ann}%22")).await, ["Inner"]);
        assert_eq!(found(&format!("filter=members%5Bvalue%20eq%20%22{inner}%22%5D")).await, ["Outer"]);
        let shown = push.told("GET", &format!("/Groups/{outer}"), &Value::Null, 200).await;
        assert_eq!((&shown["members"][0]["type"], &shown["members"][0]["value"]), (&json!("Group"), &json!(inner)));
        assert_eq!(shown["members"][0]["display"], "Inner");
        let ids = push.told("GET", &format!("/Groups/{outer}?attributes=members.value"), &Value::Null, 200).await;
        assert_eq!(ids["members"], json!([{"value": inner}]));
        let circle = patch(json!([{"op": "add", "path": "members", "value": [{"value": outer}]}]));
        assert_eq!(
            push.refused("PATCH", &format!("/Groups/{inner}"), &circle).await,
            (400, Some("invalidValue".into()))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_another_organization_comes_in() {
    for push in Push::each().await {
        let other = push.of("harbour").await;
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "x"});
        let stranger =
            push.ask_as(&other, "POST", "/Users", (&body, &[])).await.json()["id"].as_str().unwrap().to_owned();
        let group = json!({"schemas": [GROUP], "displayName": "Strangers", "members": [{"value": stranger}]});
        assert_eq!(push.refused("POST", "/Groups", &group).await, (400, Some("invalidValue".into())));
        let nobody = json!({"schemas": [GROUP], "displayName": "Strangers", "members": [{"value": "nobody"}]});
        assert_eq!(push.refused("POST", "/Groups", &nobody).await, (400, Some("invalidValue".into())));
        let list = push.told("GET", "/Groups?filter=displayName%20eq%20%22Strangers%22", &Value::Null, 200).await;
        assert_eq!(list["totalResults"], 0, "nothing of a refused request is kept");
    }
}
