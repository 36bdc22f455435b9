//! A Group of SCIM: a group of the directory (RFC 7643 §4.2).

use serde_json::{Value, json};

use super::{
    document::{Document, say_schemas},
    error::{ScimError, invalid_value},
    resource::Resource,
    schema::ResourceType,
    version::Version,
};
use crate::{
    directory::provisioning::{DesiredGroup, KnownGroup, Part},
    text::Name,
};

/// What lies in a group, with its name for whoever may see that.
pub type Member = (Part, Option<String>);

/// Its version.
#[must_use]
pub fn version(known: &KnownGroup) -> Version {
    Version::of(&format!("{} {} {}", known.group.id, known.version, known.group.name))
}

/// The resource; `base` is the address of `/scim/v2`.
#[must_use]
pub fn resource(known: &KnownGroup, members: Option<&Vec<Member>>, base: &str) -> Resource {
    let (id, version) = (known.group.id.as_str(), version(known));
    let mut all = Document::new();
    all.insert("id".into(), json!(id));
    all.insert("displayName".into(), json!(known.group.name.as_str()));
    if let Some(external) = &known.external_id {
        all.insert("externalId".into(), json!(external));
    }
    say_schemas(ResourceType::Group, &mut all);
    let meta = json!({
        "resourceType": ResourceType::Group.name(),
        "created": known.group.created_at.to_string(),
        "lastModified": known.changed_at.to_string(),
        "location": format!("{base}{}/{id}", ResourceType::Group.endpoint()),
        "version": version.as_str(),
    });
    all.insert("meta".into(), meta);
    if let Some(members) = members.filter(|members| !members.is_empty()) {
        all.insert("members".into(), members.iter().map(|member| value(member, base)).collect());
    }
    Resource::of_tree(ResourceType::Group, all, version)
}

/// One value of `members`.
#[must_use]
pub fn value((part, display): &Member, base: &str) -> Value {
    let (id, kind) = match part {
        Part::Member(id) => (id.as_str(), ResourceType::User),
        Part::Group(id) => (id.as_str(), ResourceType::Group),
    };
    let mut value = json!({"value": id, "$ref": format!("{base}{}/{id}", kind.endpoint()), "type": kind.name()});
    if let Some(display) = display {
        value["display"] = json!(display);
    }
    value
}

/// What the resource asks of the directory, but for its members.
///
/// # Errors
/// `invalidValue` for a name that is none.
pub fn desired(document: &Document) -> Result<DesiredGroup, ScimError> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let name = text("displayName").unwrap_or_default();
    let name: Name = name.parse().map_err(|error| invalid_value(format!("'displayName' {error}")))?;
    Ok(DesiredGroup { name, external_id: text("externalId").map(str::to_owned) })
}

/// The members that a document names.
///
/// # Errors
/// `invalidValue` for what can be no member.
pub fn parts(document: &Document) -> Result<Vec<Part>, ScimError> {
    let values = document.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    values
        .iter()
        .map(|member| {
            let id = member.get("value").and_then(Value::as_str);
            part(id.ok_or_else(|| invalid_value("'members' has one without 'value'"))?)
        })
        .collect()
}

/// What this id is of.
///
/// # Errors
/// `invalidValue` where it is neither of a user nor of a group.
pub fn part(id: &str) -> Result<Part, ScimError> {
    let member = id.parse().map(Part::Member);
    member.or_else(|_| id.parse().map(Part::Group)).map_err(|_| {
        invalid_value(format!("'members' names '{}', no user or group of this organization", super::error::echo(id)))
    })
}
