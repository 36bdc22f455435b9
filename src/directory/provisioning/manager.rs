//! Whose manager is whose (RFC 7643 §4.3): a member of the same organization.
//!
//! Circles are the source's word like everything else (systems of HR make the head of a clinic their own manager): whoever
//! walks up stops at somebody met before.
//!
//! The membership points at the manager, and is the only one to know: whoever reads a member asks whether the manager still
//! is one. So a manager of thousands leaves without a word to any of them, and nobody tells of whoever is gone.

use serde_json::json;

use super::{
    Attributes, ENTERPRISE, Record, Speaker,
    known::{forget, put, value_of},
};
use crate::{
    directory::{Noun, Result, membership::Membership},
    id::MembershipId,
    storage::Tx,
};

/// The key of the attribute.
pub(super) fn key() -> String {
    format!("{ENTERPRISE}:manager")
}

/// Keeps of a manager the id alone: the rest is ours to say. An address without an id names it by its end.
pub(super) fn simplify(attributes: &mut Attributes) {
    let Some(manager) = value_of(attributes, &key()) else { return };
    let named = manager["value"].as_str().or_else(|| manager["$ref"].as_str()?.rsplit('/').next());
    match named.map(|id| json!({"value": id})) {
        Some(id) => put(attributes, &key(), id),
        None => drop(forget(attributes, &key())),
    }
}

/// Lets a membership point at the manager that it has now.
pub(super) async fn set(tx: &mut Tx, speaker: Speaker<'_>, member: &Membership, attributes: &Attributes) -> Result<()> {
    let named = value_of(attributes, &key()).and_then(|manager| manager["value"].as_str());
    let Some(named) = named else { return Ok(tx.managers().set(&member.id, None).await?) };
    let unknown = || Noun::Manager.unknown(named);
    let manager: MembershipId = named.parse().map_err(|_| unknown())?;
    if tx.group_records().members_among(speaker.organization, std::slice::from_ref(&manager)).await?.is_empty() {
        return Err(unknown());
    }
    Ok(tx.managers().set(&member.id, Some(&manager)).await?)
}

/// Lets members point at managers of whom the source spoke before it brought them: pairs of a member and their manager.
///
/// # Errors
/// When the database fails.
pub async fn set_managers(tx: &mut Tx, speaker: Speaker<'_>, pairs: &[(MembershipId, MembershipId)]) -> Result<()> {
    Ok(tx.managers().set_all(speaker.organization, pairs).await?)
}

/// Says of the manager what the membership does: the word of a source, as long as the manager is a member.
pub(in crate::directory) fn restore(record: &mut Record, manager: Option<&str>) {
    if let Some(id) = manager {
        put(&mut record.attributes, &key(), json!({"value": id}));
    } else {
        forget(&mut record.attributes, &key());
        record.sources.remove(&key());
    }
}

/// What is written of a member besides: the manager is the membership's to say.
pub(in crate::directory) fn without(attributes: &Attributes) -> Attributes {
    let mut rest = attributes.clone();
    forget(&mut rest, &key());
    rest
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_manager_is_an_id() {
        for (given, expected) in [
            (json!({"value": "mem_max", "displayName": "Max", "$ref": "x"}), Some("mem_max")),
            (json!({"$ref": "https://id.example/scim/v2/Users/mem_max"}), Some("mem_max")),
            (json!({"displayName": "Max"}), None),
        ] {
            let Value::Object(mut attributes) = json!({(ENTERPRISE): {"manager": given, "department": "GP"}}) else {
                panic!("an object")
            };
            simplify(&mut attributes);
            let found = &attributes[ENTERPRISE];
            assert_eq!(found.get("manager").map(|manager| manager["value"].as_str()), expected.map(Some), "{found}");
            assert_eq!(found["department"], "GP");
        }
    }
}
