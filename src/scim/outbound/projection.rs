//! A document as it is sent: its digest, its paths, and the operations that make another document the same.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    scim::{Document, patch::PATCH_SCHEMA},
    secret::sha256,
};

/// What begins the name of an extension's schema (RFC 7643 §3.3).
const URN: &str = "urn:";

/// Tells one document from another.
#[must_use]
pub fn digest(document: &Document) -> String {
    let text = Value::Object(document.clone()).to_string();
    BASE64URL_NOPAD.encode(&sha256(text.as_bytes())[..18])
}

/// Each single attribute with its value: parts of a name, attributes of an extension and whole lists.
#[must_use]
pub fn leaves(document: &Document) -> Vec<(String, &Value)> {
    let mut found = vec![];
    for (name, value) in document.iter().filter(|(name, _)| *name != "schemas") {
        match value {
            Value::Object(parts) => {
                let separator = if name.starts_with(URN) { ':' } else { '.' };
                found.extend(parts.iter().map(|(part, value)| (format!("{name}{separator}{part}"), value)));
            }
            value => found.push((name.clone(), value)),
        }
    }
    found
}

/// The names of [`leaves`].
#[must_use]
pub fn paths(document: &Document) -> Vec<String> {
    leaves(document).into_iter().map(|(path, _)| path).collect()
}

/// The PATCH (RFC 7644 §3.5.2) after which a resource is as `document` says, when these paths were sent before.
#[must_use]
pub fn patch(document: &Document, before: &[String]) -> Value {
    let after = leaves(document);
    let gone = before.iter().filter(|path| !after.iter().any(|(there, _)| there == *path));
    let mut operations: Vec<Value> = gone.map(|path| json!({"op": "remove", "path": path})).collect();
    operations.extend(after.iter().map(|(path, value)| json!({"op": "replace", "path": path, "value": value})));
    json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
}

/// The PUT (RFC 7644 §3.5.1) that does the same: what the app has of its own stays.
#[must_use]
pub fn overlay(document: &Document, before: &[String], remote: &Document) -> Document {
    let mut all = remote.clone();
    for path in before {
        take(&mut all, path);
    }
    for name in ["meta", "groups", "password"] {
        all.remove(name);
    }
    for (name, value) in document {
        match (all.get_mut(name), value) {
            (Some(Value::Object(there)), Value::Object(parts)) => there.extend(parts.clone()),
            (Some(Value::Array(there)), Value::Array(schemas)) if name == "schemas" => {
                there.extend(schemas.iter().filter(|one| !there.contains(one)).cloned().collect::<Vec<_>>());
            }
            _ => drop(all.insert(name.clone(), value.clone())),
        }
    }
    all.retain(|_, value| value.as_object().is_none_or(|parts| !parts.is_empty()));
    all
}

fn take(all: &mut Document, path: &str) {
    let parts = if path.starts_with(URN) { path.rsplit_once(':') } else { path.split_once('.') };
    match parts {
        Some((whole, part)) => {
            if let Some(Value::Object(there)) = all.get_mut(whole) {
                there.remove(part);
            }
        }
        None => drop(all.remove(path)),
    }
}

/// One attribute that is not as it should be: what it is and what it should be.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// Which.
    pub path: String,
    /// What the app has.
    pub there: Value,
    /// What it should have.
    pub wanted: Value,
}

/// What an app has otherwise than it was told. Attributes that it has beyond that are its own; so are members of values that
/// it adds (`display`), the order of values, and the case of what has no case.
#[must_use]
pub fn differences(document: &Document, remote: &Document) -> Vec<Difference> {
    let there = leaves(remote);
    let find = |path: &str| {
        let found = there.iter().find(|(name, _)| name.eq_ignore_ascii_case(path));
        found.map_or(&Value::Null, |(_, value)| value)
    };
    let differs = |(path, wanted): (String, &Value)| {
        let there = find(&path);
        let is_name = path == "userName";
        (!holds(there, wanted, is_name)).then(|| Difference { path, there: there.clone(), wanted: wanted.clone() })
    };
    leaves(document).into_iter().filter_map(differs).collect()
}

/// Whether a value that an app has is the one that it was given.
fn holds(there: &Value, wanted: &Value, ignores_case: bool) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(name, value)| {
            let found = there.get(name).unwrap_or(&Value::Null);
            // `primary: false` is what an app may leave out.
            holds(found, value, false) || (value == &Value::Bool(false) && found.is_null())
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && wanted.iter().all(|one| there.iter().any(|other| holds(other, one, false)))
        }
        (Value::String(there), Value::String(wanted)) if ignores_case => there.to_lowercase() == wanted.to_lowercase(),
        // String booleans are as common as wrong.
        (Value::String(there), Value::Bool(wanted)) => there.eq_ignore_ascii_case(&wanted.to_string()),
        _ => there == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn map(value: Value) -> Document {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn a_patch_sets_each_attribute_and_removes_what_was_sent_before() {
        let document = map(json!({
            "schemas": ["x"], "userName": "a", "name": {"givenName": "A"}, "emails": [{"value": "a@x.dk"}],
            (ENTERPRISE): {"department": "GP"},
        }));
        let department = format!("{ENTERPRISE}:department");
        let before = ["userName", "name.givenName", "name.familyName", "title"].map(str::to_owned);
        let patch = patch(&document, &before);
        let operations: Vec<String> = patch["Operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {} {}", one["op"].as_str().unwrap(), one["path"].as_str().unwrap(), one["value"]))
            .collect();
        assert_eq!(
            operations,
            [
                "remove name.familyName null",
                "remove title null",
                r#"replace emails [{"value":"a@x.dk"}]"#,
                r#"replace name.givenName "A""#,
                &format!(r#"replace {department} "GP""#),
                r#"replace userName "a""#,
            ]
        );
        assert_ne!(digest(&document), digest(&map(json!({"userName": "a"}))));
        assert_eq!(digest(&document), digest(&document.clone()));
    }

    #[test]
    fn a_put_keeps_what_the_app_has_of_its_own() {
        let remote = map(json!({
            "schemas": ["core", "own"], "id": "7", "meta": {"version": "1"}, "userName": "a", "title": "Dr", "own": {"x": 1},
            "name": {"givenName": "A", "familyName": "B", "middleName": "C"}, (ENTERPRISE): {"department": "GP"},
        }));
        let before = ["title".to_owned(), "name.familyName".to_owned(), format!("{ENTERPRISE}:department")];
        let document = map(json!({"schemas": ["core"], "userName": "b", "name": {"givenName": "D"}}));
        let expected = map(json!({
            "schemas": ["core", "own"], "id": "7", "userName": "b", "own": {"x": 1},
            "name": {"givenName": "D", "middleName": "C"},
        }));
        assert_eq!(overlay(&document, &before, &remote), expected);
    }

    #[test]
    fn drift_is_what_was_told_and_is_no_more() {
        let document = map(json!({
            "schemas": ["x"], "userName": "Ann@x.dk", "active": true, "name": {"givenName": "A"},
            "emails": [{"value": "a@x.dk", "type": "work", "primary": true}, {"value": "b@x.dk", "primary": false}],
        }));
        let same = json!({
            "id": "7", "username": "ann@x.dk", "active": "True", "name": {"givenName": "A", "formatted": "A B"}, "own": 1,
            "emails": [{"value": "b@x.dk"}, {"value": "a@x.dk", "type": "work", "primary": true, "display": "a"}],
        });
        let same = map(same);
        assert_eq!(differences(&document, &same), []);
        let with = |name: &str, value: Value| {
            let mut other = same.clone();
            other.insert(name.to_owned(), value);
            differences(&document, &other).into_iter().map(|one| one.path).collect::<Vec<_>>()
        };
        for (name, value, expected) in [
            ("active", json!(false), "active"),
            ("name", json!({"givenName": "B"}), "name.givenName"),
            ("name", Value::Null, "name.givenName"),
            ("emails", json!([{"value": "a@x.dk", "type": "work", "primary": true}]), "emails"),
            ("username", json!("bob@x.dk"), "userName"),
        ] {
            assert_eq!(with(name, value.clone()), [expected], "{name}: {value}");
        }
    }
}
