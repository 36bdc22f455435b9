//! What can be told of a person, by the names of RFC 7643 and of the schema of clinics.

use serde_json::{Map, Value, json};

use crate::directory::provisioning::{Attributes, ENTERPRISE, PRACTITIONER};

/// An attribute that a mapping may fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    name: &'static str,
    shape: Shape,
}

/// How its values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One text.
    Text,
    /// One text, in this complex attribute.
    PartOf(&'static str),
    /// Several, each with a `value`; the first is the primary one.
    Values,
    /// Several texts.
    Words,
    /// The name of another entry.
    Entry,
}

/// Attributes of the extensions are written as `enterprise.…` and `practitioner.…`.
const KEYS: &[Key] = &[
    key("userName", Shape::Text),
    key("displayName", Shape::Text),
    key("nickName", Shape::Text),
    key("title", Shape::Text),
    key("userType", Shape::Text),
    key("preferredLanguage", Shape::Text),
    key("locale", Shape::Text),
    key("timezone", Shape::Text),
    key("name.formatted", Shape::PartOf("name")),
    key("name.givenName", Shape::PartOf("name")),
    key("name.familyName", Shape::PartOf("name")),
    key("name.middleName", Shape::PartOf("name")),
    key("name.honorificPrefix", Shape::PartOf("name")),
    key("name.honorificSuffix", Shape::PartOf("name")),
    key("emails", Shape::Values),
    key("phoneNumbers", Shape::Values),
    key("roles", Shape::Values),
    key("entitlements", Shape::Values),
    key("enterprise.employeeNumber", Shape::Text),
    key("enterprise.costCenter", Shape::Text),
    key("enterprise.organization", Shape::Text),
    key("enterprise.division", Shape::Text),
    key("enterprise.department", Shape::Text),
    key("enterprise.manager", Shape::Entry),
    key("practitioner.profession", Shape::Text),
    key("practitioner.registrationNumber", Shape::Text),
    key("practitioner.registrationBody", Shape::Text),
    key("practitioner.registrationExpires", Shape::Text),
    key("practitioner.specialties", Shape::Words),
    key("practitioner.locations", Shape::Values),
    key("practitioner.membershipKind", Shape::Text),
];

const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape }
}

impl Key {
    /// The key of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        KEYS.iter().copied().find(|key| key.name == name)
    }

    /// All names, for whoever typed another one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KEYS.iter().map(|key| key.name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether it has several values.
    #[must_use]
    pub const fn is_many(self) -> bool {
        matches!(self.shape, Shape::Values | Shape::Words)
    }

    /// Whether it names another entry of the upstream, whom only the upstream's keeper can find.
    #[must_use]
    pub fn is_entry(self) -> bool {
        self.shape == Shape::Entry
    }

    /// Writes values into what is told of a person; those that are there stay, and one that takes one keeps the first.
    pub fn write(self, attributes: &mut Attributes, values: &[String]) {
        let Some(first) = values.first() else { return };
        let (target, name) = self.place(attributes);
        match self.shape {
            Shape::Text | Shape::Entry | Shape::PartOf(_) => {
                target.entry(name).or_insert_with(|| json!(first));
            }
            Shape::Words => add(target, name, values, |value, _| json!(value)),
            Shape::Values => add(target, name, values, |value, is_first| {
                if is_first && matches!(self.name, "emails" | "phoneNumbers") {
                    json!({"value": value, "primary": true})
                } else {
                    json!({"value": value})
                }
            }),
        }
    }

    /// Whether something is written there.
    pub(super) fn is_in(self, attributes: &Attributes) -> bool {
        let (outer, name) = match self.name.split_once('.') {
            Some(("enterprise", name)) => (Some(ENTERPRISE), name),
            Some(("practitioner", name)) => (Some(PRACTITIONER), name),
            Some((outer, name)) => (Some(outer), name),
            None => (None, self.name),
        };
        let found = match outer {
            Some(outer) => attributes.get(outer).and_then(|inner| inner.get(name)),
            None => attributes.get(name),
        };
        found.is_some_and(|value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
    }

    /// The object that it lies in, and what it is called there.
    fn place(self, attributes: &mut Attributes) -> (&mut Map<String, Value>, &'static str) {
        let (outer, name) = match self.name.split_once('.') {
            Some(("enterprise", name)) => (Some(ENTERPRISE), name),
            Some(("practitioner", name)) => (Some(PRACTITIONER), name),
            Some((outer, name)) => (Some(outer), name),
            None => (None, self.name),
        };
        let Some(outer) = outer else { return (attributes, name) };
        let inner = attributes.entry(outer).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        (inner.as_object_mut().expect("it was just made one"), name)
    }
}

fn add(target: &mut Map<String, Value>, name: &str, values: &[String], one: impl Fn(&str, bool) -> Value) {
    let list = target.entry(name).or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return };
    for value in values {
        let is_there = |known: &Value| known.as_str().or_else(|| known["value"].as_str()) == Some(value);
        if !list.iter().any(is_there) {
            list.push(one(value, list.is_empty()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_scim_has_them() {
        let mut attributes = Attributes::new();
        let texts = |values: &[&str]| values.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (name, values) in [
            ("userName", &["ada", "second"][..]),
            ("name.givenName", &["Ada"]),
            ("emails", &["a@clinic.example", "b@clinic.example", "a@clinic.example"]),
            ("roles", &["gp"]),
            ("roles", &["nurse@main-street", "gp"]),
            ("practitioner.specialties", &["Pain", "Sleep"]),
            ("enterprise.department", &["X-ray"]),
            ("title", &[]),
        ] {
            Key::named(name).expect("a key").write(&mut attributes, &texts(values));
        }
        assert_eq!(
            Value::Object(attributes),
            json!({
                "userName": "ada",
                "name": {"givenName": "Ada"},
                "emails": [{"value": "a@clinic.example", "primary": true}, {"value": "b@clinic.example"}],
                "roles": [{"value": "gp"}, {"value": "nurse@main-street"}],
                (PRACTITIONER): {"specialties": ["Pain", "Sleep"]},
                (ENTERPRISE): {"department": "X-ray"},
            })
        );
        assert_eq!(Key::named("active"), None, "whether somebody may sign in is no text");
        assert_eq!(Key::named("urn:x"), None);
    }
}
