//! One value as its attribute wants it (RFC 7643 §2.3 to §2.5): names in canonical spelling, types checked, sizes bounded.
//!
//! Three things that well-known clients send are taken for what they mean: `"True"` for `true`, a plain text for an object
//! that has a `value`, and a list of one object where one is wanted.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde_json::{Map, Value};

use super::{
    error::{ScimError, echo, invalid_syntax, invalid_value},
    schema::{Attribute, Kind, Mutability, Schema},
};
use crate::clock::Timestamp;

/// The most bytes of a text.
pub const LONGEST_TEXT: usize = 8 * 1024;

/// The most characters of what resources are looked up by: an index of PostgreSQL has no longer keys.
pub const LONGEST_KEY: usize = 500;

/// The most values of a multi-valued attribute other than `members`.
pub const MOST_VALUES: usize = 1_000;

/// What is bounded by configuration.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most members of a group that one request may name.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { members: 100_000 }
    }
}

impl Limits {
    pub(super) fn of(self, attribute: &Attribute) -> usize {
        if attribute.name == "members" { self.members } else { MOST_VALUES }
    }
}

/// Where a value stands, for the detail of a refusal: `emails[2].value`.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(super) const fn top(name: &'a str) -> Self {
        Self { above: None, step: Step::Name(name) }
    }

    pub(super) const fn below(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), step: Step::Name(name) }
    }

    pub(super) const fn item(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Index(index) => write!(f, "[{index}]"),
            // A URN goes on with a colon (RFC 7644 §3.10).
            Step::Name(name) => match self.above {
                Some(Place { above: None, step: Step::Name(urn) }) if Schema::by_id(urn).is_some() => {
                    write!(f, ":{name}")
                }
                Some(_) => write!(f, ".{name}"),
                None => f.write_str(name),
            },
        }
    }
}

/// The value in canonical form; none when it is absent (RFC 7643 §2.5: `null`, and a list or an object without values).
pub(super) fn canonical(
    attribute: &Attribute,
    value: Value,
    place: &Place<'_>,
    limits: Limits,
) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) if attribute.multi_valued => list(attribute, items, place, limits),
        _ if attribute.multi_valued => Err(invalid_value(format!("'{place}' must be an array"))),
        value => single(attribute, value, place),
    }
}

fn list(
    attribute: &Attribute,
    items: Vec<Value>,
    place: &Place<'_>,
    limits: Limits,
) -> Result<Option<Value>, ScimError> {
    check_count(items.len(), attribute, place, limits)?;
    let mut kept = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if !item.is_null() {
            kept.extend(single(attribute, item, &place.item(index))?);
        }
    }
    check_primary(&kept, place)?;
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

pub(super) fn check_count(
    count: usize,
    attribute: &Attribute,
    place: &Place<'_>,
    limits: Limits,
) -> Result<(), ScimError> {
    let most = limits.of(attribute);
    if count > most {
        return Err(invalid_value(format!("'{place}' has {count} values, more than {most}")));
    }
    Ok(())
}

/// RFC 7643 §2.4: `true` appears no more than once.
fn check_primary(items: &[Value], place: &Place<'_>) -> Result<(), ScimError> {
    if items.iter().filter(|item| is_primary(item)).count() > 1 {
        return Err(invalid_value(format!("'{place}' has more than one value with primary: true")));
    }
    Ok(())
}

pub(super) fn is_primary(item: &Value) -> bool {
    item.get("primary") == Some(&Value::Bool(true))
}

/// One value that is not null, an element of a multi-valued attribute perhaps.
pub(super) fn single(attribute: &Attribute, value: Value, place: &Place<'_>) -> Result<Option<Value>, ScimError> {
    match attribute.kind {
        Kind::Complex => complex(attribute, value, place),
        Kind::Boolean => boolean(&value, place).map(Some),
        Kind::Integer if value.is_i64() || value.is_u64() => Ok(Some(value)),
        Kind::Decimal if value.is_number() => Ok(Some(value)),
        Kind::Integer | Kind::Decimal => Err(not_a(attribute.kind, place)),
        Kind::String | Kind::Reference => {
            let text = text(attribute.kind, value, place)?;
            if ["userName", "externalId"].contains(&attribute.name) && text.chars().count() > LONGEST_KEY {
                return Err(invalid_value(format!("'{place}' is longer than {LONGEST_KEY} characters")));
            }
            Ok(Some(text.into()))
        }
        Kind::Binary => {
            let text = text(attribute.kind, value, place)?;
            let coded = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
                .iter()
                .any(|code| code.decode(text.as_bytes()).is_ok());
            if coded { Ok(Some(text.into())) } else { Err(invalid_value(format!("'{place}' must be base64"))) }
        }
        Kind::DateTime => {
            let text = text(attribute.kind, value, place)?;
            let parsed = instant(&text);
            parsed.map(|_| Some(text.into())).ok_or_else(|| not_a(attribute.kind, place))
        }
    }
}

/// RFC 7643 §2.3.5: an `xsd:dateTime` with date and time; without an offset it is taken as UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.get(10..11).filter(|mark| *mark == "T")?;
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}Z"))).ok()
}

/// A Boolean, also as the text that Entra ID sends for it.
pub(super) fn boolean_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn boolean(value: &Value, place: &Place<'_>) -> Result<Value, ScimError> {
    boolean_of(value).map(Value::Bool).ok_or_else(|| not_a(Kind::Boolean, place))
}

fn text(kind: Kind, value: Value, place: &Place<'_>) -> Result<String, ScimError> {
    let Value::String(text) = value else { return Err(not_a(kind, place)) };
    if text.len() > LONGEST_TEXT {
        return Err(invalid_value(format!("'{place}' is longer than {LONGEST_TEXT} bytes")));
    }
    // No database keeps it in a text.
    if text.contains('\0') {
        return Err(invalid_value(format!("'{place}' holds a null character")));
    }
    Ok(text)
}

fn complex(attribute: &Attribute, value: Value, place: &Place<'_>) -> Result<Option<Value>, ScimError> {
    let members = match value {
        Value::Object(members) => members,
        Value::String(_) if attribute.sub_attribute("value").is_some() => Map::from_iter([("value".to_owned(), value)]),
        Value::Array(items) if !attribute.multi_valued && items.len() == 1 && items[0].is_object() => {
            return items.into_iter().next().map_or(Ok(None), |item| complex(attribute, item, place));
        }
        _ => return Err(not_a(Kind::Complex, place)),
    };
    let mut kept = Map::new();
    for (name, value) in members {
        let Some(sub) = attribute.sub_attribute(&name) else {
            return Err(invalid_syntax(format!("'{}' is not an attribute", echo(&place.below(&name).to_string()))));
        };
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        // No complex attribute has `members` or lists below it: the limits are those of any attribute.
        if let Some(value) = canonical(sub, value, &place.below(sub.name), Limits { members: 0 })? {
            insert_once(&mut kept, sub.name, value, place)?;
        }
    }
    Ok((!kept.is_empty()).then_some(Value::Object(kept)))
}

/// RFC 7643 §2.1: names that differ in case only are one name.
fn insert_once(kept: &mut Map<String, Value>, name: &str, value: Value, place: &Place<'_>) -> Result<(), ScimError> {
    match kept.insert(name.to_owned(), value) {
        Some(_) => Err(invalid_syntax(format!("'{}' is given twice", place.below(name)))),
        None => Ok(()),
    }
}

fn not_a(kind: Kind, place: &Place<'_>) -> ScimError {
    let wanted = match kind {
        Kind::String | Kind::Reference => "a string",
        Kind::Boolean => "true or false",
        Kind::Decimal => "a number",
        Kind::Integer => "a whole number",
        Kind::DateTime => "a date with time like 2026-11-22T08:30:00Z",
        Kind::Binary => "a string of base64",
        Kind::Complex => "an object",
    };
    invalid_value(format!("'{place}' must be {wanted}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::{ENTERPRISE_USER, ResourceType};

    fn of_user(name: &str, value: Value) -> Result<Option<Value>, String> {
        let attribute = ResourceType::User.attribute(name).or_else(|| ENTERPRISE_USER.attribute(name)).unwrap();
        canonical(attribute, value, &Place::top(attribute.name), Limits::default()).map_err(|error| error.detail)
    }

    #[test]
    fn a_value_that_fits_is_canonical() {
        for (name, given, expected) in [
            ("active", json!("False"), Some(json!(false))),
            ("active", json!(true), Some(json!(true))),
            ("title", json!(null), None),
            ("title", json!(""), Some(json!(""))),
            ("name", json!({}), None),
            ("name", json!({"FAMILYNAME": "Nair", "givenName": null}), Some(json!({"familyName": "Nair"}))),
            ("emails", json!([]), None),
            ("emails", json!([null, {}]), None),
            (
                "emails",
                json!([{"Value": "a@b.example", "PRIMARY": "True"}]),
                Some(json!([{"value": "a@b.example", "primary": true}])),
            ),
            ("roles", json!(["nurse"]), Some(json!([{"value": "nurse"}]))),
            ("manager", json!("mem_1"), Some(json!({"value": "mem_1"}))),
            ("manager", json!([{"value": "mem_1", "$ref": null, "displayName": 7}]), Some(json!({"value": "mem_1"}))),
            ("x509Certificates", json!([{"value": "MII="}]), Some(json!([{"value": "MII="}]))),
        ] {
            assert_eq!(of_user(name, given.clone()), Ok(expected), "{name}: {given}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_by_its_place() {
        let two = json!([{"value": "a", "primary": true}, {"value": "b", "primary": "true"}]);
        for (name, given, expected) in [
            ("active", json!("yes"), "'active' must be true or false"),
            ("active", json!(1), "'active' must be true or false"),
            ("title", json!(7), "'title' must be a string"),
            ("title", json!("a\0b"), "'title' holds a null character"),
            ("title", json!("x".repeat(8193)), "'title' is longer than 8192 bytes"),
            ("userName", json!("ä".repeat(501)), "'userName' is longer than 500 characters"),
            ("externalId", json!("x".repeat(501)), "'externalId' is longer than 500 characters"),
            ("name", json!("Priya Nair"), "'name' must be an object"),
            ("name", json!({"nick": "P"}), "'name.nick' is not an attribute"),
            ("name", json!({"givenName": "P", "GivenName": "P"}), "'name.givenName' is given twice"),
            ("emails", json!({"value": "a"}), "'emails' must be an array"),
            ("emails", json!([{"value": "a"}, {"value": 1}]), "'emails[1].value' must be a string"),
            ("emails", json!([["a"]]), "'emails[0]' must be an object"),
            ("emails", two, "'emails' has more than one value with primary: true"),
            ("emails", json!(vec!["a"; 1001]), "'emails' has 1001 values, more than 1000"),
            ("x509Certificates", json!([{"value": "not base64!"}]), "'x509Certificates[0].value' must be base64"),
            ("manager", json!([{"value": "a"}, {"value": "b"}]), "'manager' must be an object"),
        ] {
            assert_eq!(of_user(name, given.clone()), Err(expected.to_owned()), "{name}: {given:.80}");
        }
    }

    #[test]
    fn an_instant_has_a_date_and_a_time() {
        for (text, expected) in [
            ("2011-05-13T04:42:34Z", Some(1_305_261_754_000)),
            ("2011-05-13T06:42:34+02:00", Some(1_305_261_754_000)),
            ("2011-05-13T04:42:34.5Z", Some(1_305_261_754_500)),
            ("2011-05-13T04:42:34", Some(1_305_261_754_000)),
            ("2011-05-13", None),
            ("2011-05-13 04:42:34Z", None),
            ("ä011-05-13T04:42:34Z", None),
            ("", None),
        ] {
            assert_eq!(instant(text).map(|at| at.0), expected, "{text}");
        }
    }
}
