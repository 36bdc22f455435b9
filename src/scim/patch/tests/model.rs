//! PATCH against a simple model, and against whatever can be sent.

use proptest::prelude::*;

use super::*;
use crate::scim::document::tests::any_json;

/// What can be done to e-mail addresses, told without JSON.
#[derive(Debug, Clone)]
enum Deed {
    Add(u8, u8),
    Remove(u8),
    RemoveType(u8),
    Write(u8, u8),
    Replace(Vec<u8>),
    Clear,
}

impl Deed {
    fn operation(&self) -> Value {
        match self {
            Self::Add(value, kind) => json!({"op": "add", "path": "emails", "value": [email(*value, *kind)]}),
            Self::Remove(value) => json!({"op": "remove", "path": format!(r#"emails[value eq "v{value}"]"#)}),
            Self::RemoveType(kind) => {
                json!({"op": "remove", "path": "emails", "value": [{"type": format!("t{kind}")}]})
            }
            Self::Write(value, kind) => {
                json!({"op": "replace", "path": format!(r#"emails[type eq "t{kind}"].value"#), "value": format!("v{value}")})
            }
            Self::Replace(values) => {
                json!({"op": "replace", "value": {"emails": values.iter().map(|value| email(*value, 0)).collect::<Vec<_>>()}})
            }
            Self::Clear => json!({"op": "remove", "path": "emails"}),
        }
    }

    /// None where nothing matches.
    fn done(&self, mut emails: Vec<(u8, u8)>) -> Option<Vec<(u8, u8)>> {
        let count = emails.len();
        match self {
            Self::Add(value, kind) => {
                if !emails.contains(&(*value, *kind)) {
                    emails.push((*value, *kind));
                }
                return Some(emails);
            }
            Self::Write(value, kind) => {
                let mut found = false;
                for email in emails.iter_mut().filter(|email| email.1 == *kind) {
                    (email.0, found) = (*value, true);
                }
                if !found {
                    emails.push((*value, *kind));
                }
                return Some(emails);
            }
            Self::Replace(values) => return Some(values.iter().map(|value| (*value, 0)).collect()),
            Self::Clear => return Some(vec![]),
            Self::Remove(value) => emails.retain(|email| email.0 != *value),
            Self::RemoveType(kind) => emails.retain(|email| email.1 != *kind),
        }
        (emails.len() < count).then_some(emails)
    }
}

fn email(value: u8, kind: u8) -> Value {
    json!({"value": format!("v{value}"), "type": format!("t{kind}")})
}

fn with(emails: &[(u8, u8)]) -> Value {
    match emails {
        [] => person(json!({})),
        emails => {
            person(json!({"emails": emails.iter().map(|(value, kind)| email(*value, *kind)).collect::<Vec<_>>()}))
        }
    }
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let small = 0u8..3;
    prop_oneof![
        3 => (small.clone(), small.clone()).prop_map(|(value, kind)| Deed::Add(value, kind)),
        1 => small.clone().prop_map(Deed::Remove),
        1 => small.clone().prop_map(Deed::RemoveType),
        3 => (small.clone(), small.clone()).prop_map(|(value, kind)| Deed::Write(value, kind)),
        1 => prop::collection::vec(small, 0..3).prop_map(Deed::Replace),
        1 => Just(Deed::Clear),
    ]
}

proptest! {
    #[test]
    fn a_patch_does_what_its_operations_do_one_after_the_other(
        before in prop::collection::vec((0u8..3, 0u8..3), 0..4),
        deeds in prop::collection::vec(any_deed(), 1..6),
    ) {
        let expected = deeds.iter().try_fold(before.clone(), |emails, deed| deed.done(emails));
        let operations: Vec<Value> = deeds.iter().map(Deed::operation).collect();
        match (patched(ResourceType::User, &with(&before), &operations.into()), expected) {
            (Ok(done), Some(expected)) => {
                prop_assert_eq!(done.changed, before != expected);
                prop_assert_eq!(Value::Object(done.document), with(&expected));
            }
            (Err(refused), None) => prop_assert!(refused.starts_with("noTarget"), "{}", refused),
            (done, expected) => prop_assert!(false, "{done:?} is not {expected:?}"),
        }
    }

    /// What is patched could have been sent by PUT just as well.
    #[test]
    fn whatever_is_sent_is_refused_or_gives_a_canonical_resource(
        op in prop::sample::select(vec!["add", "Remove", "replace"]),
        path in prop::option::of(prop::sample::select(vec!["emails", "name", "emails[type eq \"work\"]", "emails.value", "active",
            "emails[type eq \"work\" and primary eq true].display", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "members", "displayName"])),
        value in any_json(),
    ) {
        for (kind, resource) in [
            (ResourceType::User, with(&[(0, 0)])),
            (ResourceType::Group, json!({"schemas": [ResourceType::Group.core().id], "displayName": "GPs"})),
        ] {
            if let Ok(done) = patched(kind, &resource, &json!([{"op": op, "path": path, "value": value}])) {
                prop_assert_eq!(document::create(kind, done.document.clone(), Limits::default()), Ok(done.document));
            }
        }
        if let Value::Object(body) = value {
            let _ = PatchOp::parse(ResourceType::User, &body, Limits::default());
        }
    }
}
