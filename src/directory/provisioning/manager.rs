//! Whose manager is whose (RFC 7643 §4.3): a member of the same organization.
//!
//! Circles are the source's word like everything else (systems of HR make the head of a clinic their own manager): whoever
//! walks up stops at somebody met before.
//!
//! The source's word is kept with all others; the membership points at the manager. When a manager's membership ends, nobody
//! has that manager any more.

use serde_json::{Value, json};

use super::{
    Attributes, ENTERPRISE, Speaker,
    known::{forget, put, value_of},
};
use crate::{
    clock::Timestamp,
    directory::{Noun, Result, membership::Membership, store::Report},
    id::{MembershipId, UserId},
    storage::{self, Tx},
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
    tx.memberships().by_id(speaker.organization, &manager).await?.ok_or_else(unknown)?;
    Ok(tx.managers().set(&member.id, Some(&manager)).await?)
}

/// A membership has ended: whoever reported to it has no manager.
pub(in crate::directory) async fn end(tx: &mut Tx, manager: &MembershipId, now: Timestamp) -> storage::Result<()> {
    let reports = tx.managers().records_of_reports(manager.as_str()).await?;
    tx.managers().leave(manager.as_str(), &without_manager(reports, now)).await
}

/// The same for all memberships of a person.
pub(in crate::directory) async fn end_all_of(tx: &mut Tx, user: &UserId, now: Timestamp) -> storage::Result<()> {
    let reports = tx.managers().records_of_reports(user.as_str()).await?;
    tx.managers().leave(user.as_str(), &without_manager(reports, now)).await
}

fn without_manager(mut reports: Vec<Report>, now: Timestamp) -> Vec<Report> {
    for Report { record, .. } in &mut reports {
        forget(&mut record.attributes, &key());
        record.sources.remove(&key());
        record.updated_at = now;
        if record.attributes.get(ENTERPRISE).and_then(Value::as_object).is_some_and(Attributes::is_empty) {
            record.attributes.remove(ENTERPRISE);
        }
    }
    reports
}

#[cfg(test)]
mod tests {
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
