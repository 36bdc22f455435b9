//! A member as an outside source sees them: what sources wrote, and beneath it what the person and the membership say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    clock::Timestamp,
    directory::{membership::Membership, origin::Origin},
    text::{EmailAddress, Name},
};

/// Attributes by their names in RFC 7643.
pub type Attributes = Map<String, Value>;

/// Which source wrote an attribute, by the key of the attribute ([`keys`]).
pub type Sources = BTreeMap<String, Origin>;

/// What begins the name of an extension's schema (RFC 7643 §3.3).
pub(super) const URN: &str = "urn:";

/// What outside sources wrote of a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What the source calls the member; unique in the organization, in whatever case.
    pub user_name: String,
    /// Attributes by their names in RFC 7643; null for one that was taken away.
    pub attributes: Attributes,
    /// Who wrote them.
    pub sources: Sources,
    /// When anything was written.
    pub updated_at: Timestamp,
}

impl Record {
    /// Values that mean nothing in the organization, each with the attribute that has it.
    pub fn unmapped(&self) -> impl Iterator<Item = (String, String)> {
        let all = value_of(&self.attributes, &super::mapping::unmapped_key()).and_then(Value::as_array);
        let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        all.into_iter().flatten().map(move |one| (text(one, "type"), text(one, "value")))
    }
}

/// A member with all that a source may know.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The membership.
    pub membership: Membership,
    /// The person's name.
    pub name: Name,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// The address that the person signs in with.
    pub email: Option<EmailAddress>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// Address of a picture.
    pub picture: Option<String>,
    /// When the person's profile last changed.
    pub updated_at: Timestamp,
    /// Whether the person has not joined yet.
    pub is_pending: bool,
    /// When the manager whom a source named was a member no more.
    pub manager_left_at: Option<Timestamp>,
    /// What the source calls the member for which this was asked.
    pub external_id: Option<String>,
    /// What sources wrote.
    pub record: Option<Record>,
}

impl Known {
    /// What the source calls the member: without a record, what they sign in with.
    #[must_use]
    pub fn user_name(&self) -> String {
        let own = || self.email.as_ref().map_or_else(|| self.membership.user_id.to_string(), ToString::to_string);
        self.record.as_ref().map_or_else(own, |record| record.user_name.clone())
    }

    /// When anything of it last changed.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        let membership = &self.membership;
        let instants = [
            Some(membership.created_at),
            membership.disabled_at,
            membership.tokens_void_before,
            self.manager_left_at,
            membership.verification.as_ref().map(|verification| verification.at),
            (!self.is_pending).then_some(self.updated_at),
            self.record.as_ref().map(|record| record.updated_at),
        ];
        instants.into_iter().flatten().max().unwrap_or(membership.created_at)
    }

    /// Its attributes, `userName` among them.
    #[must_use]
    pub fn seen(&self) -> Attributes {
        let mut all = self.own();
        for (name, value) in self.record.iter().flat_map(|record| &record.attributes) {
            lay_over(&mut all, name, value);
        }
        all.insert("userName".into(), json!(self.user_name()));
        all.retain(|_, value| value.as_object().is_none_or(|parts| !parts.is_empty()));
        all
    }

    /// What the person and the membership say.
    fn own(&self) -> Attributes {
        let mut all = Map::new();
        let mut say = |name: &str, value: Option<Value>| value.map(|value| all.insert(name.to_owned(), value));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let mut name = Map::from_iter([("formatted".to_owned(), json!(self.name.as_str()))]);
        for (part, value) in [("givenName", &self.given_name), ("familyName", &self.family_name)] {
            value.as_ref().map(|value| name.insert(part.into(), json!(value)));
        }
        say("name", Some(name.into()));
        say("displayName", Some(json!(self.name.as_str())));
        say(
            "emails",
            self.email.as_ref().map(|email| json!([{"value": email.as_str(), "type": "work", "primary": true}])),
        );
        say("phoneNumbers", self.phone.as_ref().map(|phone| json!([{"value": phone, "type": "work"}])));
        say("photos", self.picture.as_ref().map(|picture| json!([{"value": picture, "type": "photo"}])));
        say("preferredLanguage", text(&self.locale));
        say("title", text(&self.membership.title));
        say(super::PRACTITIONER, Some(self.practitioner().into()));
        all
    }

    /// Of the extension for practitioners (its schema is the protocol's).
    fn practitioner(&self) -> Attributes {
        let membership = &self.membership;
        let specialties = membership.specialty.as_ref().map(|one| json!([one]));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let all = [
            ("membershipKind", Some(json!(membership.kind.as_str()))),
            ("profession", text(&membership.profession)),
            ("registrationNumber", text(&membership.registration_number)),
            ("registrationBody", text(&membership.registration_body)),
            ("registrationExpires", membership.registration_expires_at.map(|end| json!(end.to_string()))),
            ("registrationVerification", self.verification()),
            ("specialties", specialties),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl Known {
    /// What somebody who compared the registration with the register found, where there is one.
    fn verification(&self) -> Option<Value> {
        self.membership.registration_number.as_ref()?;
        Some(match &self.membership.verification {
            Some(verification) => json!({"state": "verified", "verifiedAt": verification.at.to_string()}),
            None => json!({"state": "unverified"}),
        })
    }
}

/// Attributes of extensions one by one; null takes away what is beneath.
fn lay_over(all: &mut Attributes, name: &str, value: &Value) {
    if name.starts_with(URN) && value.is_object() && !all.contains_key(name) {
        all.insert(name.to_owned(), Value::Object(Map::new()));
    }
    match (all.get_mut(name), value) {
        (Some(Value::Object(beneath)), Value::Object(above)) if name.starts_with(URN) => {
            for (name, value) in above {
                lay_over(beneath, name, value);
            }
        }
        (_, Value::Null) => {
            all.remove(name);
        }
        _ => {
            all.insert(name.to_owned(), value.clone());
        }
    }
}

/// The keys by which attributes have sources: their names, and those of extensions each with its schema before it.
pub(super) fn keys(attributes: &Attributes) -> impl Iterator<Item = (String, &Value)> {
    attributes.iter().flat_map(|(name, value)| match value {
        Value::Object(parts) if name.starts_with(URN) => {
            parts.iter().map(|(part, value)| (format!("{name}:{part}"), value)).collect::<Vec<_>>()
        }
        _ => vec![(name.clone(), value)],
    })
}

/// Writes the attribute of this key.
pub(super) fn put(attributes: &mut Attributes, key: &str, value: Value) {
    let parts = key.rsplit_once(':').filter(|_| key.starts_with(URN));
    match parts {
        None => {
            attributes.insert(key.to_owned(), value);
        }
        Some((schema, name)) => {
            let extension = attributes.entry(schema.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(extension) = extension {
                extension.insert(name.to_owned(), value);
            }
        }
    }
}

/// The value of the attribute of this key.
pub(super) fn value_of<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a Value> {
    match key.rsplit_once(':').filter(|_| key.starts_with(URN)) {
        None => attributes.get(key),
        Some((schema, name)) => attributes.get(schema)?.get(name),
    }
}

/// Takes the attribute of this key out, as if nobody had said it; says whether it was there.
pub(super) fn forget(attributes: &mut Attributes, key: &str) -> bool {
    match key.rsplit_once(':').filter(|_| key.starts_with(URN)) {
        None => attributes.remove(key).is_some(),
        Some((schema, name)) => {
            let extension = attributes.get_mut(schema).and_then(Value::as_object_mut);
            extension.is_some_and(|extension| extension.remove(name).is_some())
        }
    }
}
