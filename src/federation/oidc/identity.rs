//! Who somebody is, as a provider says: the claims of the ID token, of userinfo, and the groups that were asked for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Objects in objects that are looked into.
const DEEPEST: usize = 3;

/// Somebody, as a provider vouches for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// `sub`: what stays.
    pub subject: String,
    /// What the provider calls its own session (Back-Channel Logout 1.0 §2.1); none where it names none.
    pub session: Option<String>,
    /// When they proved themselves there.
    pub auth_time: Option<Timestamp>,
    /// How, in the provider's word.
    pub acr: Option<String>,
    /// By what (RFC 8176).
    pub amr: Vec<String>,
    /// All that was said.
    pub claims: Map<String, Value>,
}

impl Identity {
    /// All that was said, by its names; what lies in another claim by its path (`realm_access.roles`).
    #[must_use]
    pub fn said(&self) -> BTreeMap<String, Vec<String>> {
        let mut said = BTreeMap::new();
        tell(&mut said, (&self.claims, String::new()), DEEPEST);
        said
    }

    /// The same without the address of their letters, where the provider does not say that it is theirs: somebody may have
    /// written another one there, to be taken for whose it is.
    #[must_use]
    pub fn without_doubtful_address(mut self) -> Self {
        // `xms_edov` is the word of Entra ID for it.
        if !["email_verified", "xms_edov"].iter().any(|name| self.claims.get(*name).is_some_and(is_yes)) {
            self.claims.remove("email");
        }
        self
    }
}

fn tell(said: &mut BTreeMap<String, Vec<String>>, (claims, path): (&Map<String, Value>, String), deepest: usize) {
    for (name, value) in claims {
        let name = format!("{path}{name}");
        match value {
            Value::Object(inner) if deepest > 0 => tell(said, (inner, format!("{name}.")), deepest - 1),
            Value::Array(all) => drop(said.insert(name, all.iter().filter_map(text).collect())),
            one => drop(text(one).and_then(|text| said.insert(name, vec![text]))),
        }
    }
}

/// Some providers write `true` as a text, or as a number.
fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::String(text) => ["true", "1"].contains(&text.as_str()),
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn saying(claims: &Value) -> Identity {
        let claims = claims.as_object().cloned().unwrap_or_default();
        Identity { subject: "s".into(), session: None, auth_time: None, acr: None, amr: vec![], claims }
    }

    #[test]
    fn claims_are_values_of_attributes() {
        let said = saying(&json!({ "a": {"b": {"c": {"d": {"e": "too deep"}}}},
            "name": "Ada", "groups": ["a", {"no": 1}, "b"], "level": 3, "is_staff": true, "none": null,
            "realm_access": {"roles": ["gp"]}, "https://claims.example/site": "main",
        }))
        .said();
        for (name, expected) in [
            ("name", &["Ada"][..]),
            ("groups", &["a", "b"]),
            ("level", &["3"]),
            ("is_staff", &["true"]),
            ("none", &[]),
            ("realm_access.roles", &["gp"]),
            ("realm_access.others", &[]),
            ("a.b.c.d.e", &[]),
            ("https://claims.example/site", &["main"]),
            ("nothing", &[]),
        ] {
            assert_eq!(said.get(name).map_or(&[][..], Vec::as_slice), expected, "{name}");
        }
    }

    #[test]
    fn an_address_counts_where_it_was_verified() {
        for (claims, expected) in [
            (json!({"email": "a@b.example", "email_verified": true}), Some("a@b.example")),
            (json!({"email": "a@b.example", "email_verified": "true"}), Some("a@b.example")),
            (json!({"email": "a@b.example", "email_verified": false}), None),
            (json!({"email": "a@b.example", "email_verified": "false"}), None),
            (json!({"email": "a@b.example", "email_verified": 2}), None),
            (json!({"email": "a@b.example", "email_verified": null}), None),
            (json!({"email": "a@b.example", "xms_edov": "1"}), Some("a@b.example")),
            (json!({"email": "a@b.example", "xms_edov": true}), Some("a@b.example")),
            (json!({"email": "a@b.example"}), None),
        ] {
            let left = saying(&claims).without_doubtful_address();
            assert_eq!(left.claims.get("email").and_then(Value::as_str), expected, "{claims}");
        }
    }
}
