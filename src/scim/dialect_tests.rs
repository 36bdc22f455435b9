//! What Entra ID, Okta and others really send, with where its shape is documented (`tests/integration/scim/exchanges/`).
//!
//! Each exchange has `body` (what is sent), `before` (the resource as it is), `resource` (what it becomes), `changed` (true
//! unless it says otherwise), `members` (changes of the members of a group), or `matches` (whether `before` is found).

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use super::{
    Limits, ListQuery, MemberChange, PatchOp, ResourceType,
    document::{self, Document},
};

#[test]
fn every_recorded_exchange_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/scim/exchanges");
    for (file, least) in [
        ("authentik.json", 5),
        ("entra_id.json", 29),
        ("google_workspace.json", 2),
        ("okta.json", 13),
        ("sailpoint.json", 1),
    ] {
        let text = fs::read(folder.join(file)).expect("the exchanges can be read");
        let exchanges: Vec<Value> = serde_json::from_slice(&text).expect("the exchanges are JSON");
        assert!(exchanges.len() >= least, "{file}");
        for exchange in &exchanges {
            assert!(exchange["documented"].as_str().is_some_and(|url| url.starts_with("https://")), "{file}");
            check(exchange, &format!("{file}: {}", exchange["name"]));
        }
    }
}

fn check(exchange: &Value, name: &str) {
    let address = exchange["address"].as_str().expect("an address");
    let kind = if address.starts_with("/Users") { ResourceType::User } else { ResourceType::Group };
    let object = |member: &str| exchange[member].as_object().cloned().unwrap_or_default();
    let (body, before) = (object("body"), object("before"));
    let limits = Limits::default();
    let (resource, changed, members) = match exchange["method"].as_str() {
        Some("POST") => (document::create(kind, body, limits).expect(name), true, vec![]),
        Some("PUT") => {
            let resource = document::replace(kind, body, &before, limits).expect(name);
            (resource, true, vec![])
        }
        Some("PATCH") => {
            let patch = PatchOp::parse(kind, &body, limits).expect(name);
            let patched = patch.apply(&before).expect(name);
            (patched.document, patched.changed, patched.members)
        }
        _ => return assert_eq!(is_found(kind, address, &before), exchange["matches"].as_bool(), "{name}"),
    };
    assert_eq!(Value::Object(resource), exchange["resource"], "{name}");
    assert_eq!(changed, exchange["changed"].as_bool().unwrap_or(true), "{name}");
    let expected = exchange["members"].as_array().cloned().unwrap_or_default();
    assert_eq!(members.iter().map(told).collect::<Vec<_>>(), expected, "{name}");
}

fn is_found(kind: ResourceType, address: &str, resource: &Document) -> Option<bool> {
    let (_, query) = address.split_once('?')?;
    let query = ListQuery::from_pairs(query.split('&').filter_map(|pair| pair.split_once('='))).ok()?;
    query.projection(&[kind]).ok()?;
    Some(query.filter(kind).ok()??.matches(resource))
}

fn told(change: &MemberChange) -> Value {
    let (name, ids) = match change {
        MemberChange::Add(ids) => ("add", json!(ids)),
        MemberChange::Remove(ids) => ("remove", json!(ids)),
        MemberChange::RemoveMatching(filters) => {
            ("removeMatching", json!(filters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")))
        }
        MemberChange::Replace(ids) => ("replace", json!(ids)),
        MemberChange::Clear => ("clear", Value::Null),
    };
    Value::Object(Map::from_iter([(name.to_owned(), ids)]))
}
