//! What Entra ID, Okta and others really send, over HTTP: each exchange of `exchanges/` against a running server, with what
//! it is answered and what comes of it in the directory.
//!
//! The same files are understood without a server by `scim::dialect_tests`, which says what their members mean. `mem_priya`,
//! `mem_max` and `grp_gps` stand for ids, which are the server's to give.

use std::{collections::BTreeSet, fs, path::Path};

use lanyard::{
    directory::provisioning::{Known, Part},
    id::{GroupId, MembershipId},
};
use serde_json::{Map, Value, json};

use super::push::{GROUP, Push, USER};
use crate::oauth::clinic::Answer;

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_exchange_is_answered_and_done() {
    for push in Push::each().await {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/scim/exchanges");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 2);
        let mut number = 0;
        for file in files {
            let exchanges: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            for exchange in exchanges {
                number += 1;
                let name = format!("{} of {}", exchange["name"], file.file_name().unwrap().display());
                Replay::of(&push, &exchange, number).await.run(&name).await;
            }
        }
    }
}

/// One exchange, with real ids and people of its own.
struct Replay<'p> {
    push: &'p Push,
    exchange: Value,
    priya: String,
    max: String,
    group: String,
    is_user: bool,
}

impl<'p> Replay<'p> {
    /// What was there before is pushed.
    async fn of(push: &'p Push, exchange: &Value, number: usize) -> Self {
        let own = exchange.to_string().replace("@riverside.example", &format!("{number}@riverside.example"));
        let own = own.replace("GPs", &format!("GPs {number}")).replace("gps\\", &format!("gps {number}\\"));
        let own: Value = serde_json::from_str(&own).unwrap();
        let is_user = own["address"].as_str().unwrap().starts_with("/Users");
        let max = push.person(&format!("max{number}")).await;
        let mut before = own["before"].as_object().cloned();
        if let Some(before) = &mut before {
            before.remove("id");
            before.remove("meta");
        }
        let before = Value::from(before.unwrap_or_default()).to_string().replace("mem_max", &max);
        let before: Value = serde_json::from_str(&before).unwrap();
        let (mut priya, mut group) = (String::new(), String::new());
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        if is_user && own["method"] != "POST" {
            priya = id(&push.told("POST", "/Users", &before, 201).await);
        } else {
            priya.push_str(&push.person(&format!("priya-{number}")).await);
        }
        if !is_user && own["method"] != "POST" {
            let mut body = before.clone();
            // Whoever is to go is there, whoever is to come is not.
            let leavers =
                own["members"].as_array().into_iter().flatten().filter_map(|change| change["remove"].as_array());
            let ids = leavers.flatten().map(|id| if id == "mem_max" { &max } else { &priya });
            body["members"] = ids.map(|id| json!({"value": id})).collect();
            group = id(&push.told("POST", "/Groups", &body, 201).await);
        }
        let text = own.to_string().replace("mem_priya", &priya).replace("mem_max", &max).replace("grp_gps", &group);
        Self { push, exchange: serde_json::from_str(&text).unwrap(), priya, max, group, is_user }
    }

    async fn run(&self, name: &str) {
        let method = self.exchange["method"].as_str().unwrap();
        let address = encoded(self.exchange["address"].as_str().unwrap());
        let answer = self.push.ask(method, &address, &self.exchange["body"]).await;
        let expected = match (method, self.is_user) {
            ("POST", _) => 201,
            ("PATCH", false) => 204,
            _ => 200,
        };
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
        let made =
            if method == "GET" { self.check_list(&answer, name) } else { self.check_resource(&answer, name).await };
        let kind = if self.is_user { "Users" } else { "Groups" };
        let ids: BTreeSet<String> = [made, self.priya.clone(), self.max.clone(), self.group.clone()].into();
        for id in ids.iter().filter(|id| !id.is_empty()) {
            let kind = if id.starts_with("mem_") { "Users" } else { kind };
            self.push.told("DELETE", &format!("/{kind}/{id}"), &Value::Null, 204).await;
        }
        self.push.letters().await;
    }

    fn check_list(&self, answer: &Answer, name: &str) -> String {
        let list = answer.json();
        let found = list["Resources"].as_array().cloned().unwrap_or_default();
        let is_found = self.exchange["matches"].as_bool().unwrap();
        assert_eq!(list["totalResults"], u64::from(is_found), "{name}: {list}");
        assert_eq!(found.len(), usize::from(is_found), "{name}: an empty list is a list");
        for one in &found {
            assert!(holds(one, &self.exchange["before"]), "{name}: {one}");
            if self.exchange["address"].as_str().unwrap().contains("excludedAttributes=members") {
                assert_eq!(one.get("members"), None, "{name}");
            }
        }
        String::new()
    }

    /// The answer, the resource as it is read, and the directory say what was asked; the id.
    async fn check_resource(&self, answer: &Answer, name: &str) -> String {
        let (kind, known) = if self.is_user { ("Users", &self.priya) } else { ("Groups", &self.group) };
        let id = if answer.status == 201 { answer.json()["id"].as_str().unwrap().to_owned() } else { known.clone() };
        let read = self.push.told("GET", &format!("/{kind}/{id}"), &Value::Null, 200).await;
        if !answer.body.is_empty() {
            assert_eq!(answer.json(), read, "{name}: what is answered is what is there");
        }
        let resource = &self.exchange["resource"];
        assert!(holds(&read, resource), "{name}: {read} is not {resource}");
        assert_eq!(read.get("password"), None, "{name}");
        // What the exchange takes away is gone; names alone are found elsewhere then.
        let gone = self.exchange["before"].as_object().into_iter().flatten().map(|(name, _)| name);
        for gone in gone.filter(|gone| resource.get(gone.as_str()).is_none()) {
            let beneath = ["name", "displayName", "emails"].contains(&gone.as_str());
            assert!(beneath || read.get(gone).is_none(), "{name}: {gone} of {read}");
        }
        if self.is_user {
            self.check_member(&id, resource, name).await;
        } else {
            self.check_members(&id, name).await;
        }
        id
    }

    async fn check_member(&self, id: &str, resource: &Value, name: &str) {
        let (app, of) = (&self.push.door.clinic.app, self.push.door.riverside().await);
        let member: MembershipId = id.parse().unwrap();
        let mut tx = app.storage.read().await.unwrap();
        let known: Known = tx.member_records().by_id(&of, &member).await.unwrap().unwrap();
        assert_eq!(known.membership.disabled_at.is_some(), resource["active"] == false, "{name}");
        if let Some(called) = resource["displayName"].as_str() {
            assert_eq!(known.name.as_str(), called, "{name}");
        }
        if let Some(given) = resource["name"]["givenName"].as_str() {
            assert_eq!(known.given_name.as_deref(), Some(given), "{name}");
        }
        drop(tx);
        if let Some(email) = resource["emails"][0]["value"].as_str() {
            let path = encoded(&format!("/Users?filter=emails.value eq \"{email}\""));
            let found = self.push.told("GET", &path, &Value::Null, 200).await;
            assert!(found["Resources"].as_array().unwrap().iter().any(|one| one["id"] == id), "{name}: {found}");
        }
    }

    async fn check_members(&self, id: &str, name: &str) {
        let mut expected: BTreeSet<&str> = BTreeSet::new();
        for member in self.exchange["resource"]["members"].as_array().into_iter().flatten() {
            expected.insert(member["value"].as_str().unwrap());
        }
        for change in self.exchange["members"].as_array().into_iter().flatten() {
            let ids = |name: &str| change[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            expected.extend(ids("add").chain(ids("replace")));
        }
        let group: GroupId = id.parse().unwrap();
        let mut tx = self.push.door.clinic.app.storage.read().await.unwrap();
        let parts = tx.group_records().parts(std::slice::from_ref(&group)).await.unwrap();
        let inside: BTreeSet<String> = parts
            .into_iter()
            .map(|(_, part, _)| match part {
                Part::Member(id) => id.to_string(),
                Part::Group(id) => id.to_string(),
            })
            .collect();
        assert_eq!(inside.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{name}");
    }
}

/// The address as clients send it.
fn encoded(address: &str) -> String {
    ["[", "]", "\"", " "]
        .into_iter()
        .fold(address.to_owned(), |address, c| address.replace(c, &format!("%{:02X}", c.as_bytes()[0])))
}

/// Whether everything of `expected` is in `found`; what the server says besides is its own.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let own = |name: &str| name == "meta";
            let has = |(name, value): (&String, &Value)| match name.as_str() {
                "schemas" => is_among(value, found.get(name)),
                name => own(name) || found.get(name).is_some_and(|found| holds(found, value)),
            };
            Map::iter(expected).all(has)
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| holds(found, expected))
        }
        _ => found == expected,
    }
}

fn is_among(expected: &Value, found: Option<&Value>) -> bool {
    let all = found.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    expected.as_array().is_some_and(|expected| expected.iter().all(|schema| all.contains(schema)))
}

#[test]
fn what_is_missing_is_seen() {
    let read = json!({"schemas": [USER, GROUP], "a": {"b": 1, "c": 2}, "d": [{"e": 1}]});
    for (expected, is_held) in [
        (json!({"schemas": [USER], "a": {"b": 1}}), true),
        (json!({"a": {"b": 2}}), false),
        (json!({"d": []}), false),
        (json!({"d": [{"e": 2}]}), false),
        (json!({"f": 1}), false),
        (json!({"schemas": ["x"]}), false),
    ] {
        assert_eq!(holds(&read, &expected), is_held, "{expected}");
    }
}
