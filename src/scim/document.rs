//! The body of a POST or PUT becomes a canonical resource (RFC 7644 §3.3, §3.5.1).
//!
//! What Lanyard alone writes is dropped, what the schema does not know is refused by name, what is null is absent. A value
//! that can be set but not read is checked and dropped, so that nobody keeps a password by accident.

use serde_json::{Map, Value};

use super::{
    error::{ScimError, ScimType, echo, invalid_syntax, invalid_value},
    schema::{Attribute, Mutability, ResourceType, Schema},
    size,
    value::{self, Limits, Place},
};
use crate::keys::strict_json;

/// A resource: core attributes by name, extensions by URN.
pub type Document = Map<String, Value>;

/// How schemas begin that are named beside that of SCIM 2.0 without any attribute of them being sent: one of its own by Entra
/// ID, when it creates a group, and that of SCIM 1 by Google Workspace.
const IGNORED_SCHEMAS: [&str; 2] =
    ["http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/", "urn:scim:schemas:core:1.0"];

/// The object in a body (RFC 7644 §3.1): no member twice, nothing nested deeply.
///
/// # Errors
/// `invalidSyntax` with the place.
pub fn parse(body: &[u8]) -> Result<Document, ScimError> {
    let refusal =
        |error| invalid_syntax(format!("The body is not an unambiguous JSON object: {}", echo(&format!("{error}"))));
    strict_json::check_object(body).map_err(refusal)?;
    serde_json::from_slice(body).map_err(refusal)
}

/// The resource that a POST asks for (RFC 7644 §3.3).
///
/// # Errors
/// `invalidSyntax` for what the schema does not know, `invalidValue` for what does not fit, is missing or is
/// too large.
pub fn create(kind: ResourceType, body: Document, limits: Limits) -> Result<Document, ScimError> {
    let mut document = Document::new();
    check_schemas(kind, &body)?;
    for (name, value) in body {
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let (name, value) = match Member::of(kind, &name)? {
            Member::Attribute(attribute) => {
                (attribute.name, kept(attribute, value, &Place::top(attribute.name), limits)?)
            }
            Member::Extension(schema) => (schema.id, extension(schema, value, limits)?),
        };
        insert_once(&mut document, name, value)?;
    }
    check_required(kind, &document)?;
    size::check(&document)?;
    say_schemas(kind, &mut document);
    Ok(document)
}

/// The resource that a PUT asks for (RFC 7644 §3.5.1): what Lanyard alone writes stays as it is.
///
/// # Errors
/// As [`create`], and `mutability` for a value that can be set but once and is another already.
pub fn replace(kind: ResourceType, body: Document, current: &Document, limits: Limits) -> Result<Document, ScimError> {
    let mut document = create(kind, body, limits)?;
    for attribute in kind.attributes() {
        keep(attribute, current, &mut document, &Place::top(attribute.name))?;
    }
    for schema in kind.extensions() {
        let Some(Value::Object(before)) = current.get(schema.id) else { continue };
        let mut after = object_or_empty(document.remove(schema.id));
        for attribute in schema.attributes {
            keep(attribute, before, &mut after, &Place::top(schema.id).below(attribute.name))?;
        }
        if !after.is_empty() {
            document.insert(schema.id.to_owned(), Value::Object(after));
        }
    }
    say_schemas(kind, &mut document);
    Ok(document)
}

/// What a name at the top of a resource stands for.
pub(super) enum Member {
    /// An attribute of the core schema, or a common one.
    Attribute(&'static Attribute),
    /// All attributes of an extension.
    Extension(&'static Schema),
}

impl Member {
    pub(super) fn of(kind: ResourceType, name: &str) -> Result<Self, ScimError> {
        let attribute = kind.attribute(name).map(Self::Attribute);
        attribute
            .or_else(|| kind.extension(name).map(Self::Extension))
            .ok_or_else(|| invalid_syntax(format!("'{}' is not an attribute of {}", echo(name), kind.name())))
    }
}

/// RFC 7643 §3: `schemas` names the core schema. An extension that is used but not named is accepted (Entra ID forgets it).
fn check_schemas(kind: ResourceType, body: &Document) -> Result<(), ScimError> {
    let named = strings(body, "schemas")?;
    for urn in &named {
        let known = urn.eq_ignore_ascii_case(kind.core().id) || kind.extension(urn).is_some();
        if !known && !IGNORED_SCHEMAS.iter().any(|ignored| urn.starts_with(ignored)) {
            return Err(invalid_syntax(format!("'schemas' names '{}', no schema of {}", echo(urn), kind.name())));
        }
    }
    if named.iter().any(|urn| urn.eq_ignore_ascii_case(kind.core().id)) {
        return Ok(());
    }
    Err(invalid_syntax(format!("'schemas' must name '{}'", kind.core().id)))
}

/// The texts of an array in a body; none when it is missing.
pub(super) fn strings<'b>(body: &'b Document, name: &str) -> Result<Vec<&'b str>, ScimError> {
    let Some(value) = member(body, name)? else { return Ok(vec![]) };
    let texts = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
    texts.ok_or_else(|| invalid_syntax(format!("'{name}' must be an array of strings")))
}

/// The member of this name, whatever its case (RFC 7643 §2.1).
pub(super) fn member<'b>(body: &'b Document, name: &str) -> Result<Option<&'b Value>, ScimError> {
    let mut found = body.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(invalid_syntax(format!("'{name}' is given twice"))),
        (first, _) => Ok(first.map(|(_, value)| value).filter(|value| !value.is_null())),
    }
}

/// The value of an attribute that a client may write; none when it is absent, or Lanyard's own, or never read.
pub(super) fn kept(
    attribute: &Attribute,
    value: Value,
    place: &Place<'_>,
    limits: Limits,
) -> Result<Option<Value>, ScimError> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(None);
    }
    let value = value::canonical(attribute, value, place, limits)?;
    Ok(value.filter(|_| attribute.mutability != Mutability::WriteOnly))
}

fn extension(schema: &Schema, value: Value, limits: Limits) -> Result<Option<Value>, ScimError> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(None),
        _ => return Err(invalid_value(format!("'{}' must be an object", schema.id))),
    };
    let mut document = Document::new();
    let place = Place::top(schema.id);
    for (name, value) in members {
        if is_repeated(schema, &name) {
            continue;
        }
        let Some(attribute) = schema.attribute(&name) else {
            return Err(invalid_syntax(format!("'{}:{}' is not an attribute", schema.id, echo(&name))));
        };
        let value = kept(attribute, value, &place.below(attribute.name), limits)?;
        insert_once(&mut document, attribute.name, value)?;
    }
    Ok((!document.is_empty()).then_some(Value::Object(document)))
}

/// scim2-client names the schema of an extension once more among its attributes.
pub(super) fn is_repeated(schema: &Schema, name: &str) -> bool {
    name.eq_ignore_ascii_case("schemas") && schema.attribute(name).is_none()
}

fn insert_once(document: &mut Document, name: &str, value: Option<Value>) -> Result<(), ScimError> {
    let Some(value) = value else { return Ok(()) };
    match document.insert(name.to_owned(), value) {
        Some(_) => Err(invalid_syntax(format!("'{name}' is given twice"))),
        None => Ok(()),
    }
}

/// RFC 7643 §2.2: a required attribute has a value; a blank text is none.
pub(super) fn check_required(kind: ResourceType, document: &Document) -> Result<(), ScimError> {
    let is_missing = |attribute: &&Attribute| match document.get(attribute.name) {
        None => true,
        Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
    };
    match kind.core().attributes.iter().filter(|attribute| attribute.required).find(is_missing) {
        Some(attribute) => Err(invalid_value(format!("'{}' is required", attribute.name))),
        None => Ok(()),
    }
}

/// RFC 7643 §3: `schemas` names exactly the schemas of the attributes that are there.
pub(super) fn say_schemas(kind: ResourceType, document: &mut Document) {
    let used = kind.extensions().iter().map(|schema| schema.id).filter(|id| document.contains_key(*id));
    let schemas: Vec<&str> = std::iter::once(kind.core().id).chain(used).collect();
    document.insert("schemas".to_owned(), schemas.into());
}

/// RFC 7644 §3.5.1: read-only values are ignored, immutable ones must match those that are set.
fn keep(attribute: &Attribute, before: &Document, after: &mut Document, place: &Place<'_>) -> Result<(), ScimError> {
    let Some(value) = before.get(attribute.name) else { return Ok(()) };
    match attribute.mutability {
        Mutability::ReadWrite | Mutability::Restricted | Mutability::WriteOnly => return Ok(()),
        Mutability::ReadOnly => {}
        Mutability::Immutable if after.get(attribute.name).is_none_or(|new| new == value) => {}
        Mutability::Immutable => {
            return Err(ScimError::new(ScimType::Mutability, format!("'{place}' cannot be changed once it is set")));
        }
    }
    after.insert(attribute.name.to_owned(), value.clone());
    Ok(())
}

pub(super) fn object_or_empty(value: Option<Value>) -> Document {
    match value {
        Some(Value::Object(members)) => members,
        _ => Document::new(),
    }
}

#[cfg(test)]
pub(super) mod tests;
