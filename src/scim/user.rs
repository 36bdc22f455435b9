//! A User of SCIM: a membership in the organization of the caller, with the person behind it (RFC 7643 §4.1).

use serde_json::Value;

use super::{document::Document, resource::Resource, schema::ResourceType, version::Version};
use crate::{
    directory::provisioning::{Desired, Shown},
    id::{GroupId, MembershipId},
    text::Name,
};

/// What the resource has that is not the source's word.
const OURS: [&str; 6] = ["schemas", "id", "meta", "active", "userName", "externalId"];

/// The groups that a member is directly in.
pub type Places = Vec<(GroupId, Name)>;

/// What is told of a member besides.
#[derive(Debug, Default)]
pub struct Beside {
    /// The groups that they are in.
    pub places: Places,
    /// What the manager is called.
    pub manager: Option<Name>,
}

/// The resource; `base` is the address of `/scim/v2`.
#[must_use]
pub(crate) fn resource(shown: &Shown, beside: &Beside, base: &str) -> Resource {
    let (kind, id) = (ResourceType::User, shown.id.as_str());
    let text = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let mut all = String::with_capacity(shown.attributes.members.len() + 640);
    all.push_str(r#"{"schemas":[""#);
    all.push_str(kind.core().id);
    for extension in &shown.attributes.extensions {
        all.push_str(r#"",""#);
        all.push_str(extension);
    }
    all.push_str(r#""],"id":""#);
    all.push_str(id);
    all.push('"');
    let mut say = |name: &str, value: &str| all.extend([",\"", name, "\":", value]);
    if let Some(external) = &shown.external_id {
        say("externalId", &text(external));
    }
    say("active", if shown.is_active { "true" } else { "false" });
    all.push(',');
    all.push_str(&shown.attributes.members);
    // Groups and managers are changed by themselves, and have versions of their own.
    let version = Version::of(&all);
    if let Some(name) = &beside.manager {
        say_more_of_manager(&mut all, name, base);
    }
    let places = &beside.places;
    if !places.is_empty() {
        for (number, (group, name)) in places.iter().enumerate() {
            all.push_str(if number == 0 { ",\"groups\":[" } else { "," });
            let address = text(&[base, ResourceType::Group.endpoint(), "/", group.as_str()].concat());
            all.extend(["{\"$ref\":", &address, ",\"display\":", &text(name.as_str()), ",\"type\":\"direct\""]);
            all.extend([",\"value\":\"", group.as_str(), "\"}"]);
        }
        all.push(']');
    }
    let location = [base, kind.endpoint(), "/", id].concat();
    all.extend([",\"meta\":{\"resourceType\":\"", kind.name(), "\",\"created\":\"", &shown.created_at.to_string()]);
    all.extend(["\",\"lastModified\":\"", &shown.changed_at.to_string(), "\",\"location\":", &text(&location)]);
    all.extend([",\"version\":", &text(version.as_str()), "}}"]);
    Resource::of_text(kind, all, (id.to_owned(), location, version))
}

/// How the text of a manager begins, who is kept as an id alone. No text of a value has it, where quotes are escaped.
const MANAGER: &str = r#""manager":{"value":""#;

/// The manager's id, if the member has one.
#[must_use]
pub(crate) fn manager_of(shown: &Shown) -> Option<MembershipId> {
    let (_, rest) = shown.attributes.members.split_once(MANAGER)?;
    rest.split_once('"')?.0.parse().ok()
}

/// The address and the name of the manager (RFC 7643 §4.3), which are ours to say.
fn say_more_of_manager(all: &mut String, name: &Name, base: &str) {
    let Some((before, rest)) = all.split_once(MANAGER) else { return };
    let Some((id, after)) = rest.split_once('"') else { return };
    let text = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let address = text(&format!("{base}{}/{id}", ResourceType::User.endpoint()));
    let name = text(name.as_str());
    *all = format!(r#"{before}"manager":{{"value":"{id}","$ref":{address},"displayName":{name}{after}"#);
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
