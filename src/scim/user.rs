//! A User of SCIM: a membership in the organization of the caller, with the person behind it (RFC 7643 §4.1).

use serde_json::{Map, Value, json};

use super::{document::Document, document::say_schemas, schema::ResourceType, version::Version};
use crate::{
    directory::provisioning::{Desired, Known},
    id::GroupId,
    text::Name,
};

/// What the resource has that is not the source's word.
const OURS: [&str; 6] = ["schemas", "id", "meta", "active", "userName", "externalId"];

/// The groups that a member is directly in.
pub type Places = Vec<(GroupId, Name)>;

/// The resource, with its version; `base` is the address of `/scim/v2`.
#[must_use]
pub fn document(known: &Known, places: &Places, base: &str) -> (Document, Version) {
    let mut all = known.seen();
    let id = known.membership.id.as_str();
    all.insert("id".into(), json!(id));
    if !known.is_active_unsaid() {
        all.insert("active".into(), json!(known.membership.disabled_at.is_none()));
    }
    if let Some(external) = known.record.as_ref().and_then(|record| record.external_id.as_ref()) {
        all.insert("externalId".into(), json!(external));
    }
    say_schemas(ResourceType::User, &mut all);
    let mut meta = Map::from_iter([
        ("resourceType".to_owned(), json!(ResourceType::User.name())),
        ("created".to_owned(), json!(known.membership.created_at.to_string())),
        ("lastModified".to_owned(), json!(known.changed_at().to_string())),
        ("location".to_owned(), json!(format!("{base}{}/{id}", ResourceType::User.endpoint()))),
    ]);
    // Groups are changed by themselves, and have versions of their own.
    let version = Version::of(&Value::Object(all.clone()).to_string());
    meta.insert("version".into(), json!(version.as_str()));
    all.insert("meta".into(), Value::Object(meta));
    if !places.is_empty() {
        let place = |(group, name): &(GroupId, Name)| {
            let address = format!("{base}{}/{group}", ResourceType::Group.endpoint());
            json!({"value": group.as_str(), "$ref": address, "display": name.as_str(), "type": "direct"})
        };
        all.insert("groups".into(), places.iter().map(place).collect());
    }
    (all, version)
}

/// What the resource asks of the directory; `otherwise` whether a member is active of whom the resource does not say it.
#[must_use]
pub fn desired(mut document: Document, otherwise: Option<bool>) -> Desired {
    let text = |document: &Document, name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    let user_name = text(&document, "userName").unwrap_or_default();
    let external_id = text(&document, "externalId");
    let is_active = document.get("active").and_then(Value::as_bool).or(otherwise);
    document.retain(|name, _| !OURS.contains(&name.as_str()) && name != "groups");
    Desired { user_name, external_id, is_active, attributes: document }
}
