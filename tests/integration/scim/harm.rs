//! What somebody sends who has a right token and means harm, or does not know what else happens.

use axum::http::{Method, header};
use lanyard::{
    directory::{group, user},
    id::{GroupId, MembershipId},
    scim::{caller::ResourceSet, connection::Rights},
};
use serde_json::{Value, json};

use super::{
    door::{ask, from, refused, request},
    push::{GROUP, Push, USER, patch},
};

fn filtered(kind: &str, filter: &str) -> String {
    format!("/{kind}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish())
}

async fn made(push: &Push, name: &str, members: &[&str]) -> String {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
    push.told("POST", "/Groups", &body, 201).await["id"].as_str().unwrap().to_owned()
}

async fn tag(push: &Push, path: &str) -> String {
    push.ask("GET", path, &Value::Null).await.header(header::ETAG).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_request_makes_no_large_resource() {
    for push in Push::each().await {
        let path = format!("/Users/{}", push.person("ann").await);
        let before = push.told("GET", &path, &Value::Null, 200).await;
        let many: Vec<Value> = (0..1000).map(|n| json!({"type": n.to_string()})).collect();
        let long = "x".repeat(8192);
        let blow_up = patch(json!([
            {"op": "add", "path": "addresses", "value": many},
            {"op": "replace", "path": "addresses.formatted", "value": long},
            {"op": "replace", "path": "addresses.region", "value": long},
        ]));
        assert_eq!(push.refused("PATCH", &path, &blow_up).await, (400, Some("invalidValue".into())));
        let photos: Vec<Value> = (0..9).map(|n| json!({"value": format!("{n}{}", &long[1..])})).collect();
        let large = json!({"schemas": [USER], "userName": "ann@riverside.example", "photos": photos});
        assert_eq!(push.refused("PUT", &path, &large).await, (400, Some("invalidValue".into())));
        assert_eq!(push.refused("POST", "/Users", &large).await, (400, Some("invalidValue".into())));
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_over_all_members_is_bounded() {
    for push in Push::each().await {
        let (ann, bob) = (push.person("ann").await, push.person("bob").await);
        let inner = made(&push, "Inner", &[]).await;
        let path = format!("/Groups/{}", made(&push, "Outer", &[&ann, &bob]).await);
        let by_name = |name: &str| json!({"op": "remove", "path": format!("members[display eq \"{name}\"]")});
        let nested =
            |n: usize| json!({"op": (["add", "remove"][n % 2]), "path": "members", "value": [{"value": inner}]});
        let too_many: Vec<Value> = (0..11).map(|_| by_name("ann")).collect();
        assert_eq!(push.refused("PATCH", &path, &patch(json!(too_many))).await, (400, Some("invalidValue".into())));
        let too_many: Vec<Value> = (0..21).map(nested).collect();
        assert_eq!(push.refused("PATCH", &path, &patch(json!(too_many))).await, (400, Some("invalidValue".into())));
        let enough: Vec<Value> = (0..19).map(nested).chain([by_name("ann"), by_name("bob")]).collect();
        push.told("PATCH", &path, &patch(json!(enough)), 204).await;
        let left = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!(left["members"].as_array().unwrap().len(), 1);
        assert_eq!(left["members"][0]["value"], inner);
        // Each finds what those before it left.
        let twice = patch(json!([by_name("Inner"), by_name("Inner")]));
        assert_eq!(push.refused("PATCH", &path, &twice).await, (400, Some("noTarget".into())));
    }
}

/// The ways to change a group beside SCIM, and by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_another_version_whoever_changed_what_lies_in_it() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        let (ann, bob, cy) = (push.person("ann").await, push.person("bob").await, push.person("cy").await);
        let inner: GroupId = made(&push, "Inner", &[]).await.parse().unwrap();
        let id = made(&push, "GPs", &[&ann, &bob, &cy]).await;
        let (path, of) = (format!("/Groups/{id}"), push.door.riverside().await);
        let (key, member): (GroupId, MembershipId) = (id.parse().unwrap(), push.person("dan").await.parse().unwrap());
        let bob: MembershipId = bob.parse().unwrap();
        let known = clinic.app.storage.read().await.unwrap().memberships().by_id(&of, &bob).await.unwrap().unwrap();
        for way in ["add", "remove", "nest", "unnest", "erase", "leave"] {
            let before = tag(&push, &path).await;
            let (context, of, key, member, inner, person) =
                (clinic.context(), of.clone(), key.clone(), member.clone(), inner.clone(), known.user_id.clone());
            if way == "leave" {
                push.told("DELETE", &format!("/Users/{cy}"), &Value::Null, 204).await;
            } else {
                let by_hand = clinic.write(move |tx| {
                    Box::pin(async move {
                        match way {
                            "remove" => group::remove_member(tx, &context, &of, &key, &member).await?,
                            "add" => group::add_member(tx, &context, &of, &key, &member).await?,
                            "nest" => group::nest(tx, &context, &of, &inner, &key).await?,
                            "unnest" => group::unnest(tx, &context, &of, &inner, &key).await?,
                            _ => drop(user::delete(tx, &context, &person).await?),
                        }
                        Ok(())
                    })
                });
                by_hand.await;
            }
            let put = json!({"schemas": [GROUP], "displayName": "GPs", "members": [{"value": ann}]});
            let answer = push.ask_if("PUT", &path, &put, ("if-match", &before)).await;
            assert_eq!(answer.status, 412, "{way}: {}", answer.body);
            assert_ne!(tag(&push, &path).await, before, "{way}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_watched_at_me_too() {
    for push in Push::each_with(&[("scim.requests_per_second", "10"), ("scim.burst", "3")]).await {
        let door = &push.door;
        let networks = vec!["192.0.2.0/24".parse().unwrap()];
        let (_, token) = door.connect("okta", Rights { networks, ..Rights::default() }).await;
        let bearer = format!("Bearer {token}");
        let router = door.whole();
        let me = async |peer: &str| {
            let request = request(Method::GET.as_str(), "/scim/v2/Me", &[("authorization", &bearer)]);
            ask(&router, from(peer, request)).await
        };
        assert_eq!(refused(&me("203.0.113.9").await, 403), "this connection may not be used from 203.0.113.9");
        assert_eq!(door.failures().await["it may not be used from this address"], 1, "a stolen token is seen");
        for _ in 0..3 {
            assert_eq!(me("192.0.2.7").await.status, 404);
        }
        assert_eq!(refused(&me("192.0.2.7").await, 429), "this connection asks too often; try again later");
    }
}

/// What a connection is told that sees one kind alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_learns_nothing_of_the_kind_that_it_does_not_see() {
    for push in Push::each().await {
        let ann = push.person("ann").await;
        let inner = made(&push, "Inner", &[]).await;
        let group = made(&push, "GPs", &[&ann, &inner]).await;
        let of = |resources| Rights { resources, ..Rights::default() };
        let (_, users) = push.door.connect("people", of(ResourceSet::Users)).await;
        let (_, groups) = push.door.connect("teams", of(ResourceSet::Groups)).await;
        let told = async |token: &str, path: &str| {
            let answer = push.ask_as(token, "GET", path, (&Value::Null, &[])).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            answer.json()
        };
        let person = told(&users, &format!("/Users/{ann}")).await;
        assert_eq!((person.get("groups"), &person["userName"]), (None, &json!("ann@riverside.example")));
        for filter in ["groups.display eq \"GPs\"", "groups pr", &format!("groups.value eq \"{group}\"")] {
            assert_eq!(told(&users, &filtered("Users", filter)).await["totalResults"], 0, "{filter}");
            let seen = push.told("GET", &filtered("Users", filter), &Value::Null, 200).await;
            assert_ne!(seen["totalResults"], 0, "{filter}");
        }
        let shown = told(&groups, &format!("/Groups/{group}")).await;
        let shown: Vec<_> =
            shown["members"].as_array().unwrap().iter().map(|one| one.get("display").cloned()).collect();
        assert_eq!(shown, [Some(json!("Inner")), None], "a group is of the kind that it sees");
        let by_name = "members.display eq \"ann\"";
        assert_eq!(told(&groups, &filtered("Groups", by_name)).await["totalResults"], 0);
        assert_eq!(push.told("GET", &filtered("Groups", by_name), &Value::Null, 200).await["totalResults"], 1);
        let remove = patch(json!([{"op": "remove", "path": "members[display eq \"ann\"]"}]));
        let answer = push.ask_as(&groups, "PATCH", &format!("/Groups/{group}"), (&remove, &[])).await;
        assert_eq!(answer.json()["scimType"], "noTarget", "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_no_index_answers_costs_more() {
    for push in Push::each_with(&[("scim.requests_per_second", "10"), ("scim.burst", "4")]).await {
        let list = async |filter: &str| push.ask("GET", &filtered("Users", filter), &Value::Null).await;
        let everybody = "title co \"x\"";
        assert_eq!(list(everybody).await.status, 200);
        assert_eq!(list("userName eq \"ann\"").await.status, 200, "one of four is left");
        let answer = list(everybody).await;
        assert_eq!(refused(&answer, 429), "this connection asks too often; try again later");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
        push.door.clinic.app.clock.advance(std::time::Duration::from_millis(200));
        assert_eq!(list(everybody).await.status, 200);
    }
}
