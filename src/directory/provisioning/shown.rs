//! A member as protocols tell of them: the text of the attributes, made straight from what is stored, as it is told far more
//! often than it is changed. What it says is what [`Known::seen`] says.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    ENTERPRISE, Known, PRACTITIONER,
    known::{URN, value_of},
    manager,
};
use crate::{clock::Timestamp, id::MembershipId};

/// A member as protocols tell of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The membership.
    pub id: MembershipId,
    /// The source's own id of the member.
    pub external_id: Option<String>,
    /// Whether the member may act.
    pub is_active: bool,
    /// When the membership was made.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub changed_at: Timestamp,
    /// The attributes.
    pub attributes: AttributeText,
}

/// Attributes as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeText {
    /// The members of a JSON object by their names in RFC 7643, in order, without the braces.
    pub members: String,
    /// The schemas of extensions among them.
    pub extensions: Vec<String>,
}

/// What the person and the membership say.
#[derive(Debug, Clone, Copy)]
pub(in crate::directory) struct Beneath<'a> {
    /// What sources call the member; without them, what they sign in with.
    pub(in crate::directory) user_name: &'a str,
    pub(in crate::directory) name: &'a str,
    pub(in crate::directory) given_name: Option<&'a str>,
    pub(in crate::directory) family_name: Option<&'a str>,
    pub(in crate::directory) email: Option<&'a str>,
    pub(in crate::directory) phone: Option<&'a str>,
    pub(in crate::directory) locale: Option<&'a str>,
    pub(in crate::directory) picture: Option<&'a str>,
    pub(in crate::directory) title: Option<&'a str>,
    pub(in crate::directory) kind: &'a str,
    pub(in crate::directory) profession: Option<&'a str>,
    pub(in crate::directory) registration_number: Option<&'a str>,
    pub(in crate::directory) registration_body: Option<&'a str>,
    pub(in crate::directory) registration_expires_at: Option<Timestamp>,
    /// When the registration was compared with the register.
    pub(in crate::directory) verified_at: Option<Timestamp>,
    pub(in crate::directory) specialty: Option<&'a str>,
    /// The membership that they report to.
    pub(in crate::directory) manager: Option<&'a str>,
}

impl Shown {
    /// Of a member who is loaded.
    #[must_use]
    pub(crate) fn of(known: &Known) -> Self {
        let member = &known.membership;
        let manager = known.record.as_ref().and_then(|record| value_of(&record.attributes, &manager::key()));
        let beneath = Beneath {
            user_name: &known.user_name(),
            name: known.name.as_str(),
            given_name: known.given_name.as_deref(),
            family_name: known.family_name.as_deref(),
            email: known.email.as_ref().map(crate::text::EmailAddress::as_str),
            phone: known.phone.as_deref(),
            locale: known.locale.as_deref(),
            picture: known.picture.as_deref(),
            title: member.title.as_deref(),
            kind: member.kind.as_str(),
            profession: member.profession.as_deref(),
            registration_number: member.registration_number.as_deref(),
            registration_body: member.registration_body.as_deref(),
            registration_expires_at: member.registration_expires_at,
            verified_at: member.verification.as_ref().map(|verification| verification.at),
            specialty: member.specialty.as_deref(),
            manager: manager.and_then(|manager| manager["value"].as_str()),
        };
        let written = known.record.as_ref().map(|record| json(&record.attributes));
        let attributes = attributes(&beneath, written.as_deref()).expect("it was just written");
        Self {
            id: member.id.clone(),
            external_id: known.external_id.clone(),
            is_active: member.disabled_at.is_none(),
            created_at: member.created_at,
            changed_at: known.changed_at(),
            attributes,
        }
    }
}

/// The members of an object of JSON, each value as its text, in the order of their names.
#[derive(Default)]
struct Parts<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Parts<'a> {
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(one, _)| (*one).cmp(name))
    }

    fn set(&mut self, name: &'a str, value: Cow<'a, str>) {
        match self.find(name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Without those that have no value.
    fn prune(&mut self) {
        self.0.retain(|(_, value)| value != NULL);
    }

    /// An object.
    fn object(&self) -> String {
        format!("{{{}}}", self.members())
    }

    /// Names are those of schemas: nothing in them has to be escaped.
    fn members(&self) -> String {
        let mut text = String::with_capacity(self.0.iter().map(|(name, value)| name.len() + value.len() + 4).sum());
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push(',');
            }
            text.extend(["\"", name, "\":", value]);
        }
        text
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut all = Vec::with_capacity(16);
        while let Some((name, value)) = map.next_entry::<&str, &RawValue>()? {
            all.push((name, Cow::Borrowed(value.get())));
        }
        all.sort_by_key(|(name, _)| *name);
        Ok(Parts(all))
    }
}

/// What sources wrote, an object of JSON, over what is beneath it.
///
/// # Errors
/// When it is no object.
pub(in crate::directory) fn attributes(
    beneath: &Beneath<'_>,
    written: Option<&str>,
) -> serde_json::Result<AttributeText> {
    let mut all: Parts<'_> = written.map(serde_json::from_str).transpose()?.unwrap_or_default();
    beneath.lay_under(&mut all);
    let own = beneath.practitioner();
    match all.find(PRACTITIONER) {
        Ok(at) if all.0[at].1 == NULL => {}
        Ok(at) => {
            let written = std::mem::take(&mut all.0[at].1);
            let mut both = own;
            for (name, value) in serde_json::from_str::<Parts<'_>>(&written)?.0 {
                both.set(name, value);
            }
            both.prune();
            all.0[at].1 = Cow::Owned(both.object());
        }
        Err(_) => all.set(PRACTITIONER, Cow::Owned(own.object())),
    }
    beneath.say_manager(&mut all)?;
    let mut extensions = vec![];
    for (name, value) in all.0.iter_mut().filter(|(name, _)| name.starts_with(URN)) {
        // Most have no member without a value, and stay as they are.
        if value.contains(NULL) && value != NULL {
            let mut inner: Parts<'_> = serde_json::from_str(value)?;
            inner.prune();
            let pruned = inner.object();
            *value = Cow::Owned(pruned);
        }
        if value != "{}" && value != NULL {
            extensions.push((*name).to_owned());
        }
    }
    all.0.retain(|(_, value)| value != NULL && value != "{}");
    Ok(AttributeText { members: all.members(), extensions })
}

impl<'a> Beneath<'a> {
    fn lay_under(&self, all: &mut Parts<'a>) {
        let mut say = |name: &'a str, value: &dyn Fn() -> Option<String>| {
            if let Err(at) = all.find(name)
                && let Some(value) = value()
            {
                all.0.insert(at, (name, Cow::Owned(value)));
            }
        };
        say("userName", &|| Some(json(self.user_name)));
        say("displayName", &|| Some(json(self.name)));
        say("name", &|| {
            let parts =
                [("familyName", self.family_name), ("formatted", Some(self.name)), ("givenName", self.given_name)];
            Some(texts(&parts).object())
        });
        say("emails", &|| {
            let email = self.email.map(json)?;
            Some(format!(r#"[{{"primary":true,"type":"work","value":{email}}}]"#))
        });
        let one = |value: &str, kind: &str| format!(r#"[{{"type":"{kind}","value":{}}}]"#, json(value));
        say("phoneNumbers", &|| self.phone.map(|phone| one(phone, "work")));
        say("photos", &|| self.picture.map(|picture| one(picture, "photo")));
        say("preferredLanguage", &|| self.locale.map(json));
        say("title", &|| self.title.map(json));
    }

    /// The manager whom the membership names, and nobody else.
    fn say_manager(&self, all: &mut Parts<'a>) -> serde_json::Result<()> {
        let at = all.find(ENTERPRISE);
        let written = at.map_or(NULL, |at| all.0[at].1.as_ref());
        if self.manager.is_none() && !written.contains(MANAGER) {
            return Ok(());
        }
        let mut parts: Parts<'_> = if written == NULL { Parts::default() } else { serde_json::from_str(written)? };
        match self.manager {
            Some(id) => parts.set("manager", Cow::Owned(format!(r#"{{"value":{}}}"#, json(id)))),
            None => parts.0.retain(|(name, _)| *name != "manager"),
        }
        let text = parts.object();
        all.set(ENTERPRISE, Cow::Owned(text));
        Ok(())
    }

    /// Of the extension for practitioners.
    fn practitioner(&self) -> Parts<'a> {
        let mut all = texts(&[
            ("membershipKind", Some(self.kind)),
            ("profession", self.profession),
            ("registrationNumber", self.registration_number),
            ("registrationBody", self.registration_body),
        ]);
        if let Some(one) = self.specialty {
            all.set("specialties", Cow::Owned(format!("[{}]", json(one))));
        }
        if let Some(end) = self.registration_expires_at {
            all.set("registrationExpires", Cow::Owned(json(&end.to_string())));
        }
        if self.registration_number.is_some() {
            all.set("registrationVerification", self.verification());
        }
        all
    }

    fn verification(&self) -> Cow<'a, str> {
        match self.verified_at {
            Some(at) => Cow::Owned(format!(r#"{{"state":"verified","verifiedAt":"{at}"}}"#)),
            None => Cow::Borrowed(r#"{"state":"unverified"}"#),
        }
    }
}

const NULL: &str = "null";

/// How the text of a manager begins.
const MANAGER: &str = r#""manager":"#;

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and objects of them are JSON")
}

fn texts<'a>(all: &[(&'a str, Option<&str>)]) -> Parts<'a> {
    let mut parts = Parts::default();
    for (name, value) in all {
        if let Some(value) = value {
            parts.set(name, Cow::Owned(json(value)));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::directory::{
        membership::Membership,
        origin::Origin,
        provisioning::{Attributes, Record},
        registration::Verification,
        validity::Validity,
    };

    fn known(record: Option<Value>, verified_at: Option<Timestamp>) -> Known {
        let record = record.map(|attributes| {
            let Value::Object(attributes) = attributes else { panic!("an object") };
            let (sources, updated_at) = (std::collections::BTreeMap::default(), Timestamp(2));
            Record { user_name: "PNair".into(), attributes, sources, updated_at }
        });
        let stored = |text: &str| text.to_owned();
        let membership = Membership {
            id: MembershipId::from_stored(stored("mem_1")),
            organization_id: crate::id::OrganizationId::from_stored(stored("org_1")),
            user_id: crate::id::UserId::from_stored(stored("usr_1")),
            kind: crate::text::Slug::from_stored(stored("practitioner")),
            profession: Some("Nurse".into()),
            registration_number: Some("R \"1".into()),
            registration_body: Some("\"Board\"".into()),
            registration_expires_at: Some(Timestamp(5_000)),
            verification: verified_at.map(|at| Verification { at, by: Origin::from_stored(stored("scim:scn_1")) }),
            specialty: Some("Knee".into()),
            title: Some("Dr".into()),
            origin: Origin::from_stored(stored("scim:scn_1")),
            validity: Validity::ALWAYS,
            created_at: Timestamp(1),
            disabled_at: Some(Timestamp(3)),
            removed_at: None,
            tokens_void_before: None,
        };
        Known {
            membership,
            name: crate::text::Name::from_stored(stored("Priya \"P\" Nair")),
            given_name: Some("Priya".into()),
            family_name: None,
            email: Some(crate::text::EmailAddress::from_stored(stored("priya@x.example"))),
            phone: Some("1".into()),
            locale: Some("da".into()),
            picture: None,
            updated_at: Timestamp(1),
            is_pending: false,
            manager_left_at: None,
            external_id: Some("x\"1".into()),
            record,
        }
    }

    #[test]
    fn what_is_told_is_what_is_seen() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut verified_at = None;
        for written in [
            None,
            Some(json!({})),
            Some(json!({"userName": "PNair", "displayName": "P\u{1F600}", "emails": [{"value": "a"}], "name": {}})),
            Some(json!({"userName": "PNair", "title": null, "emails": null, "name": null})),
            Some(json!({"userName": "PNair", (PRACTITIONER): {"profession": "Doctor", "specialties": null, "x": 1}})),
            Some(json!({"userName": "PNair", (PRACTITIONER): null, (enterprise): {"department": null}})),
            Some(
                json!({"userName": "PNair", (enterprise): {"department": "GP", "manager": {"value": "m"}, "a": null}}),
            ),
            Some(json!({
                "userName": "PNair",
                (PRACTITIONER): {"profession": null, "specialties": null, "membershipKind": null, "registrationBody": null},
            })),
        ] {
            let known = known(written.clone(), verified_at);
            let told = Shown::of(&known);
            let text = format!("{{{}}}", told.attributes.members);
            let read: Attributes = serde_json::from_str(&text).unwrap();
            assert_eq!(read, known.seen(), "{written:?}");
            let extensions: Vec<&String> = read.keys().filter(|name| name.starts_with(URN)).collect();
            assert_eq!(told.attributes.extensions.iter().collect::<Vec<_>>(), extensions);
            assert!(!told.is_active);
            verified_at = Some(Timestamp(4_000));
        }
        assert!(attributes(&Beneath { name: "", ..beneath() }, Some("[]")).is_err());
    }

    fn beneath() -> Beneath<'static> {
        let none = None;
        Beneath {
            user_name: "usr_1",
            name: "n",
            given_name: none,
            family_name: none,
            email: none,
            phone: none,
            locale: none,
            picture: none,
            title: none,
            kind: "k",
            profession: none,
            registration_number: none,
            registration_body: none,
            registration_expires_at: None,
            verified_at: None,
            specialty: none,
            manager: none,
        }
    }
}
