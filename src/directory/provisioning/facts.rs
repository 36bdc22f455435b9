//! What attributes of sources mean to the directory: addresses, and the profile of the person and the member.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Attributes, PRACTITIONER};
use crate::{
    clock::Timestamp,
    directory::profile::{Attribute, Edit, Refusal},
    text::{EmailAddress, Name},
};

/// The addresses, the first one to write to first: the primary one, or that in `userName`.
pub(super) fn addresses(attributes: &Attributes) -> Vec<EmailAddress> {
    let user_name = attributes.get("userName").and_then(Value::as_str);
    let mut found: Vec<EmailAddress> = vec![];
    for text in values(attributes, "emails").into_iter().chain(user_name) {
        if let Ok(email) = text.parse()
            && !found.contains(&email)
        {
            found.push(email);
        }
    }
    found
}

/// The texts of a multi-valued attribute, the primary one first.
fn values<'a>(attributes: &'a Attributes, name: &str) -> Vec<&'a str> {
    let all = attributes.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_primary = |one: &&Value| one["primary"].as_bool() == Some(true);
    let (primary, others): (Vec<&Value>, Vec<&Value>) = all.iter().partition(is_primary);
    primary.into_iter().chain(others).filter_map(|one| one.as_str().or_else(|| one["value"].as_str())).collect()
}

/// What the person is called: as shown, else as written, else of the parts, else `userName`.
pub(super) fn name(attributes: &Attributes) -> Option<Name> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let part = |part: &str| text(attributes.get("name").and_then(|name| name.get(part)));
    let parts = [part("givenName"), part("familyName")];
    let ways = [
        text(attributes.get("displayName")),
        part("formatted"),
        Some(joined(parts.each_ref().map(Option::as_deref))),
        text(attributes.get("userName")),
    ];
    ways.into_iter().flatten().find_map(|text| text.parse().ok())
}

/// Given and family name, as they are written together.
pub(super) fn joined(parts: [Option<&str>; 2]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The kind of membership that is asked for.
pub(super) fn kind(attributes: &Attributes) -> Option<&str> {
    attributes.get(PRACTITIONER)?.get("membershipKind")?.as_str()
}

/// The edits of the profile that follow from these changed attributes, with what the person is called from now on. A value
/// that does not fit a profile is kept by the source alone.
pub(super) fn edits(attributes: &Attributes, changed: &BTreeSet<String>, name: Option<Name>) -> Vec<Edit> {
    let mut edits = vec![];
    let mut edit = |attribute, value: Option<String>| {
        edits.extend(match value {
            Some(value) => Edit::set(attribute, &value).or_else(|_| instead(attribute)).ok(),
            None => Edit::clear(attribute).ok(),
        });
    };
    let first = |name: &str| values(attributes, name).first().map(|text| (*text).to_owned());
    let part = |name: &str, part: &str| attributes.get(name)?.get(part)?.as_str().map(str::to_owned);
    if changed.contains("name") || changed.contains("displayName") {
        edit(Attribute::Name, name.map(String::from));
        edit(Attribute::GivenName, part("name", "givenName"));
        edit(Attribute::FamilyName, part("name", "familyName"));
    }
    for (key, attribute, value) in [
        ("phoneNumbers", Attribute::Phone, first("phoneNumbers")),
        ("photos", Attribute::Picture, first("photos")),
        (
            "preferredLanguage",
            Attribute::Locale,
            text(attributes, "preferredLanguage").map(|text| text.replace('_', "-")),
        ),
        ("title", Attribute::Title, text(attributes, "title")),
    ] {
        if changed.contains(key) {
            edit(attribute, value);
        }
    }
    let specialties = attributes.get(PRACTITIONER).and_then(|extension| extension.get("specialties"));
    let specialties = specialties.and_then(Value::as_array).map(|all| {
        all.iter().filter_map(|one| one.as_str().or_else(|| one["value"].as_str())).collect::<Vec<_>>().join(", ")
    });
    for (name, attribute, value) in [
        ("profession", Attribute::Profession, part(PRACTITIONER, "profession")),
        ("registrationNumber", Attribute::RegistrationNumber, part(PRACTITIONER, "registrationNumber")),
        ("registrationBody", Attribute::RegistrationBody, part(PRACTITIONER, "registrationBody")),
        ("registrationExpires", Attribute::RegistrationExpires, part(PRACTITIONER, "registrationExpires").map(in_utc)),
        ("specialties", Attribute::Specialty, specialties),
    ] {
        if changed.contains(&format!("{PRACTITIONER}:{name}")) {
            edit(attribute, value);
        }
    }
    edits
}

/// What a profile says instead of a value that does not fit: what it said before, but not of another registration.
fn instead(attribute: Attribute) -> Result<Edit, Refusal> {
    match attribute {
        Attribute::RegistrationNumber | Attribute::RegistrationBody => Edit::clear(attribute),
        _ => Err(Refusal::NoName),
    }
}

/// A date with time, which without an offset is taken as UTC (RFC 7643 §2.3.5).
fn in_utc(text: String) -> String {
    if Timestamp::parse(&text).is_ok() { text } else { format!("{text}Z") }
}

fn text(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Attributes {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn the_primary_address_comes_first() {
        for (attributes, expected) in [
            (json!({"userName": "jd"}), vec![]),
            (json!({"userName": "JD@x.example"}), vec!["jd@x.example"]),
            (
                json!({"userName": "jd", "emails": [{"value": "a@x.example"}, {"value": "b@x.example", "primary": true}]}),
                vec!["b@x.example", "a@x.example"],
            ),
            (
                json!({"emails": [{"value": "no address"}, {"type": "work"}, {"value": "A@x.example"}, {"value": "a@x.example"}]}),
                vec!["a@x.example"],
            ),
        ] {
            let found: Vec<String> = addresses(&map(attributes.clone())).into_iter().map(String::from).collect();
            assert_eq!(found, expected, "{attributes}");
        }
    }

    #[test]
    fn a_name_is_found_in_one_place_or_another() {
        for (attributes, expected) in [
            (json!({"displayName": "Jo Do", "name": {"formatted": "x"}}), Some("Jo Do")),
            (json!({"name": {"formatted": "Dr Jo"}}), Some("Dr Jo")),
            (json!({"displayName": " ", "name": {"familyName": "Do", "givenName": "Jo"}}), Some("Jo Do")),
            (json!({"userName": "jd"}), Some("jd")),
            (json!({}), None),
        ] {
            assert_eq!(name(&map(attributes.clone())).map(String::from).as_deref(), expected, "{attributes}");
        }
    }

    #[test]
    fn what_fits_no_profile_stays_with_the_source() {
        let attributes = map(json!({
            "displayName": "Jo Do", "name": {"givenName": "Jo"}, "phoneNumbers": [{"value": "call me"}], "title": "Dr",
            "preferredLanguage": "da_DK", (PRACTITIONER): {
                "profession": "Nurse", "specialties": ["A", "B"], "registrationNumber": "1".repeat(101),
                "registrationExpires": "2027-06-30T12:00:00",
            },
        }));
        let (number, end) =
            (format!("{PRACTITIONER}:registrationNumber"), format!("{PRACTITIONER}:registrationExpires"));
        let changed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let specialties = format!("{PRACTITIONER}:specialties");
        let of = |names: &[&str]| edits(&attributes, &changed(names), name(&attributes));
        let set = |attribute, value| Edit::set(attribute, value).unwrap();
        let clear = |attribute| Edit::clear(attribute).unwrap();
        for (names, expected) in [
            (vec!["phoneNumbers", "nickName"], vec![]),
            (vec!["title", "preferredLanguage"], vec![set(Attribute::Locale, "da-DK"), set(Attribute::Title, "Dr")]),
            (vec![specialties.as_str()], vec![set(Attribute::Specialty, "A, B")]),
            (vec!["photos"], vec![clear(Attribute::Picture)]),
            (
                vec![number.as_str(), end.as_str()],
                vec![clear(Attribute::RegistrationNumber), set(Attribute::RegistrationExpires, "2027-06-30T12:00:00Z")],
            ),
            (
                vec!["displayName"],
                vec![set(Attribute::Name, "Jo Do"), set(Attribute::GivenName, "Jo"), clear(Attribute::FamilyName)],
            ),
        ] {
            assert_eq!(of(&names), expected, "{names:?}");
        }
    }
}
