//! A person of two practices, by every way into one of them: what the other one sees and knows stays as it was.

use std::collections::BTreeSet;

use axum::http::header;
use lanyard::id::UserId;
use serde_json::{Value, json};

use super::push::{GROUP, Push, USER, patch};
use crate::oauth::clinic::Answer;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OWN: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// Well formed, and nobody's.
const NOBODY: &str = "mem_0192f3c4d5e6798081828384858687ab";

/// Priya at Riverside, where a source tells of her, and at Harbour Physio: her two ids.
async fn priya(push: &Push) -> (String, String) {
    let clinic = &push.door.clinic;
    let there = clinic.joins("priya", "harbour").await;
    let (riverside, person) = (push.door.riverside().await, clinic.user("priya").await);
    let here = clinic.app.storage.read().await.unwrap().memberships().of(&riverside, &person).await.unwrap();
    let here = here.unwrap().id.to_string();
    let told = json!([
        {"op": "add", "path": "title", "value": "Dr"}, {"op": "add", "path": "externalId", "value": "r-1"},
        {"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "GP"},
    ]);
    push.told("PATCH", &format!("/Users/{here}"), &patch(told), 200).await;
    (here, there.to_string())
}

/// All that Riverside sees of her, and what is her own: names, address, login names, password, whether she may sign in.
async fn view(push: &Push, id: &str) -> (Value, String, Value, String) {
    let one = push.ask("GET", &format!("/Users/{id}"), &Value::Null).await;
    let groups = push.told("GET", "/Groups", &Value::Null, 200).await;
    let (user, of) = (push.door.clinic.user("priya").await, push.door.riverside().await);
    let mut tx = push.door.clinic.app.storage.read().await.unwrap();
    let own = tx.users().by_id(&user).await.unwrap().unwrap();
    let names = tx.login_names().of(&user).await.unwrap();
    let roles = tx.assignments().of_member(&of, &id.parse().unwrap()).await.unwrap();
    let (name, email) = (own.name.to_string(), own.email.as_ref().map(ToString::to_string));
    let person = format!(
        "{name} {email:?} {:?} {:?} {:?} {:?} {names:?} {roles:?}",
        own.given_name, own.phone, own.password_hash, own.disabled_at
    );
    (one.json(), one.header(header::ETAG).to_owned(), groups, person)
}

/// Every way to change one's own view: method, path and body.
fn own_ways(id: &str) -> Vec<(&'static str, String, Value)> {
    let path = format!("/Users/{id}");
    let one = |name: &str, value: Value| patch(json!([{"op": "replace", "path": name, "value": value}]));
    let mut ways = vec![];
    for (name, value) in [
        ("userName", json!("taken.over@harbour.example")),
        ("displayName", json!("Somebody Else")),
        ("name", json!({"givenName": "Some", "familyName": "Body"})),
        ("emails", json!([{"value": "other@harbour.example", "primary": true}])),
        ("phoneNumbers", json!([{"value": "+45 1"}])),
        ("photos", json!([{"value": "https://harbour.example/p.png"}])),
        ("preferredLanguage", json!("es")),
        ("title", json!("Physio")),
        ("nickName", json!("Pri")),
        ("externalId", json!("h-1")),
        ("password", json!("a new password of Harbour")),
        ("roles", json!([{"value": "billing"}])),
        (&format!("{ENTERPRISE}:department"), json!("Physio")),
        (&format!("{OWN}:profession"), json!("Physiotherapist")),
        (&format!("{OWN}:membershipKind"), json!("hirer")),
        ("active", json!(false)),
        ("active", json!(true)),
    ] {
        ways.push(("PATCH", path.clone(), one(name, value)));
    }
    let whole = json!({
        "schemas": [USER], "userName": "whole@harbour.example", "displayName": "Whole", "active": true,
        "emails": [{"value": "whole@harbour.example"}],
    });
    ways.push(("PUT", path.clone(), whole.clone()));
    let bulk = |method: &str, data: Value| json!({"schemas": [BULK], "Operations": [{"method": method, "path": path, "data": data}]});
    ways.push(("POST", "/Bulk".to_owned(), bulk("PATCH", one("displayName", json!("By Bulk")))));
    ways.push(("POST", "/Bulk".to_owned(), bulk("PUT", whole)));
    ways.push(("DELETE", path.clone(), Value::Null));
    ways
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_practice_does_with_its_view_changes_nothing_of_the_other_s() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let (here, there) = priya(&push).await;
        let harbour = push.of("harbour").await;
        let before = view(&push, &here).await;
        for (method, path, body) in own_ways(&there) {
            let answer = push.ask_as(&harbour, method, &path, (&body, &[])).await;
            assert!(answer.status.is_success(), "{method} {path} {body}: {} {}", answer.status, answer.body);
            assert_eq!(view(&push, &here).await, before, "{method} {path} {body}");
        }
        let user: UserId = push.door.clinic.user("priya").await;
        let now = push.door.clinic.app.clock.now();
        let mut tx = push.door.clinic.app.storage.read().await.unwrap();
        assert_eq!(tx.memberships().active_of_user(&user, now).await.unwrap().len(), 1, "she works at Riverside");
    }
}

/// Status, the names of the headers, and the body with the id as `ID`.
fn shape(answer: &Answer, id: &str) -> (u16, BTreeSet<String>, String) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status.as_u16(), names, answer.body.replace(id, "ID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_practice_s_view_answers_as_if_there_were_none() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let (here, _) = priya(&push).await;
        let group = json!({"schemas": [GROUP], "displayName": "GPs", "members": [{"value": here}]});
        let group = push.told("POST", "/Groups", &group, 201).await["id"].as_str().unwrap().to_owned();
        let harbour = push.of("harbour").await;
        let (before, all) = (view(&push, &here).await, ["GET", "PUT", "PATCH", "DELETE"]);
        let own = json!({"schemas": [GROUP], "displayName": "Physios"});
        let own = push.ask_as(&harbour, "POST", "/Groups", (&own, &[])).await.json()["id"].as_str().unwrap().to_owned();
        let title = |_: &str| patch(json!([{"op": "replace", "path": "displayName", "value": "x"}]));
        let whole = |kind: &str| match kind {
            "Users" => json!({"schemas": [USER], "userName": "x"}),
            _ => json!({"schemas": [GROUP], "displayName": "x"}),
        };
        let unknown_group = "grp_0192f3c4d5e6798081828384858687ab";
        for (kind, known, unknown) in [("Users", here.as_str(), NOBODY), ("Groups", group.as_str(), unknown_group)] {
            for method in all {
                let body = match method {
                    "PUT" => whole(kind),
                    "PATCH" => title(kind),
                    _ => Value::Null,
                };
                let ask = async |id: &str| {
                    let answer = push.ask_as(&harbour, method, &format!("/{kind}/{id}"), (&body, &[])).await;
                    let operation = json!({"method": method, "path": format!("/{kind}/{id}"), "data": body});
                    let bulk = json!({"schemas": [BULK], "Operations": [operation]});
                    let bulk = push.ask_as(&harbour, "POST", "/Bulk", (&bulk, &[])).await;
                    (shape(&answer, id), shape(&bulk, id))
                };
                let answer = ask(known).await;
                assert_eq!(answer, ask(unknown).await, "{method} {kind}");
                assert_eq!(answer.0.0, 404, "{method} {kind}");
            }
        }
        // As a member, a manager, a part of another group, or what a filter looks for.
        let member = |id: &str| patch(json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
        let manager = |id: &str| json!({"schemas": [USER, ENTERPRISE], "userName": "new", (ENTERPRISE): {"manager": {"value": id}}});
        for (known, unknown) in [(here.as_str(), NOBODY), (group.as_str(), unknown_group)] {
            let ask = async |id: &str| {
                let group = push.ask_as(&harbour, "PATCH", &format!("/Groups/{own}"), (&member(id), &[])).await;
                let person = push.ask_as(&harbour, "POST", "/Users", (&manager(id), &[])).await;
                (shape(&group, id), shape(&person, id))
            };
            assert_eq!(ask(known).await, ask(unknown).await);
        }
        finds_nothing(&push, &harbour, (&here, &group)).await;
        assert_eq!(view(&push, &here).await, before);
    }
}

/// Whatever is looked for, the other practice's member and group are not found.
async fn finds_nothing(push: &Push, harbour: &str, (here, group): (&str, &str)) {
    for (kind, filter) in [
        ("Users", format!("id eq \"{here}\"")),
        ("Users", "externalId eq \"r-1\"".to_owned()),
        ("Users", format!("{ENTERPRISE}:department eq \"GP\"")),
        ("Users", format!("groups.value eq \"{group}\"")),
        ("Groups", format!("id eq \"{group}\"")),
        ("Groups", "displayName eq \"GPs\"".to_owned()),
        ("Groups", format!("members.value eq \"{here}\"")),
    ] {
        let search = json!({"schemas": [SEARCH], "filter": filter});
        for path in [format!("/{kind}/.search"), "/.search".to_owned()] {
            let found = push.ask_as(harbour, "POST", &path, (&search, &[])).await;
            if found.status == 200 {
                assert_eq!(found.json()["totalResults"], 0, "{path} {filter}: {}", found.body);
            } else {
                assert_eq!((path.as_str(), found.status.as_u16()), ("/.search", 400), "{filter}: {}", found.body);
            }
        }
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
        let found = push.ask_as(harbour, "GET", &format!("/{kind}?{query}"), (&Value::Null, &[])).await;
        assert_eq!(found.json()["totalResults"], 0, "{filter}: {}", found.body);
    }
    let everybody = push.ask_as(harbour, "GET", "/Users?count=1000", (&Value::Null, &[])).await;
    assert!(!everybody.body.contains(here) && !everybody.body.contains("\"GP\""), "{}", everybody.body);
}

/// The same with every value that differs from request to request replaced: ids, instants, versions and the address.
fn normal(answer: &Answer, values: &[(&str, &str)]) -> (u16, Vec<(String, String)>, String) {
    let hide = |text: &str| values.iter().fold(text.to_owned(), |text, (value, name)| text.replace(value, name));
    let version = |text: &str| {
        // A version is a text of one length, whatever it is of.
        assert!(text.is_empty() || text.starts_with("W/\""), "{text}");
        format!("a version of {} bytes", text.len())
    };
    let headers = answer.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap();
        let value = match name.as_str() {
            "etag" => version(value),
            "x-request-id" => "a request".to_owned(),
            _ => hide(value),
        };
        (name.to_string(), value)
    });
    let mut headers: Vec<(String, String)> = headers.collect();
    headers.sort();
    let body = if let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) {
        blank(&mut body, &version);
        body.to_string()
    } else {
        answer.body.clone()
    };
    (answer.status.as_u16(), headers, hide(&body))
}

/// Versions and instants of whatever is in it.
fn blank(body: &mut Value, version: &dyn Fn(&str) -> String) {
    match body {
        Value::Array(all) => all.iter_mut().for_each(|one| blank(one, version)),
        Value::Object(parts) => {
            for (name, value) in parts.iter_mut() {
                match (name.as_str(), value.as_str().map(str::to_owned)) {
                    ("version", Some(text)) => *value = version(&text).into(),
                    ("created" | "lastModified", Some(text)) => *value = format!("{} bytes", text.len()).into(),
                    _ => blank(value, version),
                }
            }
        }
        _ => {}
    }
}

/// RFC 7644 §7.3 and design: who pushes an address does not learn whether somebody has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_foreign_address_answers_as_an_unknown_one_does() {
    for push in Push::each().await {
        push.door.clinic.leaves_jobs();
        let harbour = push.of("harbour").await;
        // The same length, so that versions and sizes would tell.
        let mut exchanges = vec![];
        for address in ["priya@clinic.example", "nobod@clinic.example"] {
            let ask = async |method: &str, path: &str, body: &Value| {
                let answer = push.ask_as(&harbour, method, path, (body, &[])).await;
                assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.body);
                answer
            };
            let new = json!({
                "schemas": [USER], "userName": address, "displayName": "P. N.", "title": "Dr", "active": true,
                "emails": [{"value": address, "type": "work", "primary": true}], "phoneNumbers": [{"value": "+45 1"}],
            });
            let made = ask("POST", "/Users", &new).await;
            let id = made.json()["id"].as_str().unwrap().to_owned();
            let path = format!("/Users/{id}");
            let query = |filter: &str| {
                let filter = form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish();
                format!("/Users?{filter}")
            };
            let one = |name: &str, value: Value| patch(json!([{"op": "replace", "path": name, "value": value}]));
            let mut answers = vec![made];
            for (method, path, body) in [
                ("POST", "/Users".to_owned(), new.clone()),
                ("GET", path.clone(), Value::Null),
                ("GET", query(&format!("userName eq \"{address}\"")), Value::Null),
                ("GET", query(&format!("emails.value eq \"{address}\"")), Value::Null),
                ("GET", query(&format!("id eq \"{id}\" and active eq true")), Value::Null),
                ("GET", query("title eq \"Dr\" and displayName sw \"P.\""), Value::Null),
                ("PATCH", path.clone(), one("displayName", json!("N. P."))),
                ("PATCH", path.clone(), one("preferredLanguage", json!("es"))),
                ("PATCH", path.clone(), one("roles", json!([{"value": "billing"}]))),
                ("PATCH", path.clone(), one("active", json!(false))),
                ("PATCH", path.clone(), one("active", json!(true))),
                ("PUT", path.clone(), new.clone()),
                ("GET", path.clone(), Value::Null),
                ("DELETE", path.clone(), Value::Null),
                ("GET", path.clone(), Value::Null),
                ("POST", "/Users".to_owned(), new.clone()),
            ] {
                answers.push(ask(method, &path, &body).await);
            }
            let again = answers.last().unwrap().json()["id"].as_str().unwrap().to_owned();
            let values = [(id.as_str(), "ID"), (again.as_str(), "AGAIN"), (address, "ADDRESS")];
            exchanges.push(answers.iter().map(|one| normal(one, &values)).collect::<Vec<_>>());
            let last = format!("/Users/{again}");
            ask("DELETE", &last, &Value::Null).await;
        }
        for (step, (known, unknown)) in exchanges[0].iter().zip(&exchanges[1]).enumerate() {
            assert_eq!(known, unknown, "step {step}");
        }
    }
}
