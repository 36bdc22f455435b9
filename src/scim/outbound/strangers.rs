//! People whom only the app knows: they are counted and told, and stay unless somebody asked otherwise.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    brake::Crowd,
    decision::Leaver,
    push::name_of,
    reconcile::is_active,
    remote::Changed,
    runner::{End, Runner},
};
use crate::{
    clock::Timestamp,
    scim::{Document, ResourceType, patch::PATCH_SCHEMA},
};

/// Strangers that are told.
const MOST_TOLD: usize = 50;

/// Strangers that are kept in mind, and taken out of an app at once.
const MOST_KEPT: usize = 10_000;

/// Somebody whom only the app knows: the id there and what they are called.
pub(super) type Stranger = (String, String);

/// Notes somebody whom only the app knows.
pub(super) fn note(runner: &mut Runner<'_>, kind: ResourceType, (id, document): (&String, &Document)) {
    // Whoever is not active there is gone already; groups of its own are the app's affair.
    if kind == ResourceType::Group || !is_active(document) {
        return;
    }
    runner.report.unknown += 1;
    let name = document.get(name_of(kind)).and_then(Value::as_str).unwrap_or(id);
    if runner.strangers.len() < MOST_KEPT {
        runner.strangers.push((id.clone(), name.chars().filter(|one| !one.is_control()).take(200).collect()));
    }
}

/// The list is read from its beginning again.
pub(super) fn forget(runner: &mut Runner<'_>) {
    runner.strangers.clear();
    runner.report.unknown = 0;
}

/// Tells of those whom still only the app knows, now that everybody of ours is in it, and takes them out where that was asked.
pub(super) async fn tell_of(runner: &mut Runner<'_>) -> Result<(), End> {
    let mut strangers = std::mem::take(&mut runner.strangers);
    let ids: Vec<String> = strangers.iter().map(|(id, _)| id.clone()).collect();
    let ours = {
        let mut tx = runner.app.storage.read().await?;
        tx.pushed(&runner.target.id).by_remote(ResourceType::User, &ids).await?
    };
    let ours: HashSet<&str> = ours.iter().filter_map(|one| one.remote_id.as_deref()).collect();
    strangers.retain(|(id, _)| !ours.contains(id.as_str()));
    runner.report.unknown -= ours.len() as u64;
    runner.report.strangers = strangers.iter().take(MOST_TOLD).map(|(_, name)| name.clone()).collect();
    if runner.order.removes_unknown { remove(runner, strangers).await } else { Ok(()) }
}

/// Takes out whom only the app knows: somebody asked for it.
async fn remove(runner: &mut Runner<'_>, strangers: Vec<Stranger>) -> Result<(), End> {
    let live = {
        let mut tx = runner.app.storage.read().await?;
        tx.pushed(&runner.target.id).crowd(Timestamp(0)).await?.0
    };
    let crowd = Crowd { live: live + runner.report.unknown, leaving: runner.report.unknown, left: 0 };
    if !runner.order.is_confirmed && crowd.is_too_many(runner.target.settings.brake) {
        runner.report.braked = Some(crowd.leaving);
        return Ok(());
    }
    let inactive = json!({
        "schemas": [PATCH_SCHEMA], "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    for (id, name) in strangers {
        if runner.is_halted() {
            break;
        }
        let done = match runner.target.settings.leaver {
            Leaver::Deactivate => runner.remote.patch(ResourceType::User, &id, &inactive).await,
            Leaver::Delete => runner.remote.delete(ResourceType::User, &id).await,
        };
        match done {
            Ok(Changed::Yes) => runner.report.left += 1,
            Ok(Changed::Gone) => keeps(runner, &name, "the app lists it and does not have it"),
            Err(failure) if failure.problem.is_of_all() => return Err(failure.into()),
            Err(failure) => keeps(runner, &name, &failure.problem.detail),
        }
    }
    Ok(())
}

fn keeps(runner: &mut Runner<'_>, name: &str, why: &str) {
    runner.report.failed += 1;
    if runner.report.kept.len() < MOST_TOLD {
        runner.report.kept.push(format!("{name} ({why})"));
    }
}
