//! Everything that an app has, against what it was told: drift is found and noted, so that the rest of the run repairs it.
//!
//! The app is read page by page, by cursor where it has them (RFC 9865). Whoever was changed over there is sent again; whoever
//! is not listed is asked for by name before they are taken for lost; whoever carries one of our ids and is not remembered is
//! ours. Whom only the app knows are counted and told, and stay unless somebody asked otherwise.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{
    brake::Crowd,
    decision::{Leaver, Standing},
    listing::Walk,
    plan::{self, Planned},
    problem::Trouble,
    projection,
    push::name_of,
    remote::{self, Changed, Failure},
    runner::{End, Runner},
    store::{Outcome, Pushed},
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    id::GroupId,
    scim::{Document, ResourceType, patch::PATCH_SCHEMA},
    storage::{self, Tx},
};

/// Strangers that are told.
const MOST_TOLD: usize = 50;

/// Strangers that are kept in mind, and taken out of an app at once.
const MOST_KEPT: usize = 10_000;

/// Rows that are asked for one by one.
const BATCH: u32 = 100;

/// Somebody whom only the app knows: the id there and what they are called.
pub(super) type Stranger = (String, String);

/// Reads all of the app and notes what differs; whom only the app knows.
pub(super) async fn crawl(runner: &mut Runner<'_>) -> Result<Vec<Stranger>, End> {
    let begun = runner.app.clock.now();
    let mut strangers = vec![];
    for kind in [ResourceType::User, ResourceType::Group] {
        if kind == ResourceType::User || has_groups(runner).await? {
            list(runner, kind, begun, &mut strangers).await?;
            look_for_lost(runner, kind, begun).await?;
        }
    }
    check_members(runner).await?;
    Ok(strangers)
}

/// Tells of those whom still only the app knows, now that everybody of ours is in it, and takes them out where that was asked.
pub(super) async fn tell_of(runner: &mut Runner<'_>, mut strangers: Vec<Stranger>) -> Result<(), End> {
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

async fn has_groups(runner: &Runner<'_>) -> storage::Result<bool> {
    let target = &runner.target;
    let remembered = runner.app.storage.read().await?.pushed(&target.id).counts().await?.groups > 0;
    Ok(remembered || target.settings.every_group || !target.groups.is_empty())
}

async fn list(
    runner: &mut Runner<'_>,
    kind: ResourceType,
    begun: Timestamp,
    strangers: &mut Vec<Stranger>,
) -> Result<(), End> {
    let mut walk = Some(Walk::begin(runner.features.cursor));
    while let Some(here) = walk {
        if runner.is_halted() {
            return Ok(());
        }
        let page = match runner.remote.page(kind, &here.place).await {
            // Not every app lists what it has; each one of ours is asked for by itself.
            Err(failure) if matches!(failure.problem.trouble, Trouble::Unsupported | Trouble::Rights) => return Ok(()),
            page => page?,
        };
        walk = here.behind(&page).map_err(Failure::from)?;
        compare(runner, kind, page.resources, (begun, strangers)).await?;
        (runner.watch.tell)(&runner.report);
    }
    Ok(())
}

/// Compares a page.
async fn compare(
    runner: &mut Runner<'_>,
    kind: ResourceType,
    resources: Vec<Document>,
    (begun, strangers): (Timestamp, &mut Vec<Stranger>),
) -> Result<(), End> {
    let there: HashMap<String, Document> =
        resources.into_iter().filter_map(|document| Some((remote::id(&document)?, document))).collect();
    let ids: Vec<String> = there.keys().cloned().collect();
    let mut tx = runner.app.storage.read().await?;
    let known = tx.pushed(&runner.target.id).by_remote(kind, &ids).await?;
    let by_remote: HashSet<&str> = known.iter().filter_map(|one| one.remote_id.as_deref()).collect();
    let unknown: Vec<(&String, &Document)> = there.iter().filter(|(id, _)| !by_remote.contains(id.as_str())).collect();
    let found = ours(&mut tx, runner, kind, &unknown).await?;
    let mut seen: Vec<String> = known.iter().map(|one| one.thing.id().to_owned()).collect();
    let planned = plan::tasks(&mut tx, (&runner.target, &runner.slug), known, begun).await?;
    drop(tx);
    let mut outcomes: Vec<(Thing, Outcome)> =
        planned.into_iter().filter_map(|one| drifted(one, &there, begun)).collect();
    runner.report.drift += (outcomes.len() + found.len()) as u64;
    let adopted: HashSet<&str> = found.iter().filter_map(|one| one.remote_id.as_deref()).collect();
    for (id, document) in unknown.iter().filter(|(id, _)| !adopted.contains(id.as_str())) {
        stranger(runner, kind, (id, document), strangers);
    }
    seen.extend(found.iter().map(|one| one.thing.id().to_owned()));
    outcomes.extend(found.into_iter().map(|one| (one.thing.clone(), Outcome::Keep(Box::new(one), None))));
    let id = runner.target.id.clone();
    let write = async move |tx: &mut Tx| {
        tx.pushed(&id).settle(&outcomes).await?;
        tx.pushed(&id).seen(&seen, begun).await
    };
    Ok(runner.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?)
}

/// What is to be remembered of one that is not as it was told.
fn drifted(planned: Planned, there: &HashMap<String, Document>, now: Timestamp) -> Option<(Thing, Outcome)> {
    let Planned::Task(task) = planned else { return None };
    let before = &task.pushed;
    let remote = there.get(before.remote_id.as_deref()?)?;
    let is_active = is_active(remote);
    let is_live = match (task.standing, &task.document) {
        // What is new here is sent anyway; it has not drifted over there.
        (Standing::Wanted, Some(document)) => {
            let is_told = before.is_live && before.digest.as_deref() == Some(&projection::digest(document));
            if !is_told || projection::differences(document, remote).is_empty() {
                return None;
            }
            true
        }
        // Somebody let in over there who had left.
        _ if task.pushed.thing.kind() == ResourceType::User && !before.is_live && is_active => true,
        _ => return None,
    };
    let after = Pushed { digest: None, due_at: Some(now), is_live, ..before.clone() };
    Some((before.thing.clone(), Outcome::Keep(Box::new(after), None)))
}

/// Whether somebody is active over there; string booleans are as common as wrong.
fn is_active(document: &Document) -> bool {
    match document.get("active") {
        Some(Value::Bool(is_active)) => *is_active,
        Some(Value::String(text)) => !text.eq_ignore_ascii_case("false"),
        _ => true,
    }
}

/// Those that carry one of our ids and are not remembered: an answer was lost, or the database came back from a backup.
async fn ours(
    tx: &mut Tx,
    runner: &Runner<'_>,
    kind: ResourceType,
    unknown: &[(&String, &Document)],
) -> storage::Result<Vec<Pushed>> {
    let external = |document: &Document| document.get("externalId").and_then(Value::as_str).map(str::to_owned);
    let is_id = |id: &String| match kind {
        ResourceType::User => id.parse::<crate::id::MembershipId>().is_ok(),
        ResourceType::Group => id.parse::<GroupId>().is_ok(),
    };
    let named: HashMap<String, &String> =
        unknown.iter().filter_map(|(remote, document)| Some((external(document).filter(is_id)?, *remote))).collect();
    if named.is_empty() {
        return Ok(vec![]);
    }
    let (of, now) = (&runner.target.organization, runner.app.clock.now());
    let things: Vec<Thing> = named.keys().map(|id| Thing::from_stored(id.clone())).collect();
    let (mut people, mut groups) = (vec![], vec![]);
    for thing in things {
        match thing {
            Thing::Person(id) => people.push(id),
            Thing::Group(id) => groups.push(id),
        }
    }
    let mut scope = tx.scope(&runner.target.id, of, now);
    let mut things: Vec<Thing> = scope.people(&people).await?.into_iter().map(|(id, _)| Thing::Person(id)).collect();
    things.extend(scope.groups(&groups, true).await?.into_iter().map(Thing::Group));
    let ids: Vec<String> = things.iter().map(|thing| thing.id().to_owned()).collect();
    let remembered = tx.pushed(&runner.target.id).by_id(&ids).await?;
    let is_free = |thing: &Thing| {
        let row = remembered.iter().find(|row| row.thing == *thing);
        row.is_none_or(|row| row.remote_id.is_none())
    };
    let adopt = |thing: Thing| {
        let remote_id = named.get(thing.id()).map(|id| (*id).clone());
        Pushed { remote_id, is_live: true, due_at: Some(now), ..Pushed::nothing(thing) }
    };
    Ok(things.into_iter().filter(is_free).map(adopt).collect())
}

fn stranger(
    runner: &mut Runner<'_>,
    kind: ResourceType,
    (id, document): (&String, &Document),
    strangers: &mut Vec<Stranger>,
) {
    // Whoever is not active there is gone already; groups of its own are the app's affair.
    if kind == ResourceType::Group || !is_active(document) {
        return;
    }
    runner.report.unknown += 1;
    let name = document.get(name_of(kind)).and_then(Value::as_str).unwrap_or(id);
    if strangers.len() < MOST_KEPT {
        strangers.push((id.clone(), name.chars().filter(|one| !one.is_control()).take(200).collect()));
    }
}

/// Asks for each one that the list did not show.
async fn look_for_lost(runner: &mut Runner<'_>, kind: ResourceType, begun: Timestamp) -> Result<(), End> {
    while !runner.is_halted() {
        let rows = runner.app.storage.read().await?.pushed(&runner.target.id).unseen(kind, begun, BATCH).await?;
        if rows.is_empty() {
            break;
        }
        let (mut outcomes, mut seen, mut emptied) = (vec![], vec![], vec![]);
        for row in rows {
            let Some(remote_id) = row.remote_id.clone() else { continue };
            seen.push(row.thing.id().to_owned());
            if runner.remote.get(kind, &remote_id).await?.is_some() {
                continue;
            }
            runner.report.drift += 1;
            if let Thing::Group(group) = &row.thing {
                emptied.push(group.clone());
            }
            // Under another id it may be there: it is looked for before anything else is believed.
            let (due_at, name) = (Some(begun), row.name.clone());
            let lost = Pushed { due_at, name, tried_at: Some(begun), ..Pushed::nothing(row.thing.clone()) };
            outcomes.push((row.thing, Outcome::Keep(Box::new(lost), None)));
        }
        let id = runner.target.id.clone();
        let write = async move |tx: &mut Tx| {
            let mut pushed = tx.pushed(&id);
            pushed.settle(&outcomes).await?;
            for group in &emptied {
                pushed.take_members(group, None).await?;
            }
            pushed.seen(&seen, begun).await
        };
        runner.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?;
    }
    Ok(())
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

/// Who is in each group over there.
async fn check_members(runner: &mut Runner<'_>) -> Result<(), End> {
    let mut after = GroupId::PREFIX.to_owned();
    while !runner.is_halted() {
        let rows = runner.app.storage.read().await?.pushed(&runner.target.id).page(&after, BATCH).await?;
        let Some(last) = rows.last() else { break };
        last.thing.id().clone_into(&mut after);
        for row in rows {
            if let (Thing::Group(group), Some(remote_id)) = (&row.thing, &row.remote_id) {
                check_group(runner, group, remote_id).await?;
            }
        }
    }
    Ok(())
}

async fn check_group(runner: &mut Runner<'_>, group: &GroupId, remote_id: &str) -> Result<(), End> {
    let there = match runner.remote.get(ResourceType::Group, remote_id).await {
        Ok(Some((there, _))) => there,
        Ok(None) => return Ok(()),
        // A group that is too large to be read is changed member by member all the same.
        Err(failure) if !failure.problem.is_of_all() => return Ok(()),
        Err(failure) => return Err(failure.into()),
    };
    let values = there.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let there: HashSet<String> = values.iter().filter_map(|one| one["value"].as_str()).map(str::to_owned).collect();
    let mut tx = runner.app.storage.read().await?;
    let remembered = tx.pushed(&runner.target.id).members(group).await?;
    let is_there = |remote: &Option<String>| remote.as_ref().is_some_and(|remote| there.contains(remote));
    let lost: Vec<_> =
        remembered.iter().filter(|(_, remote)| !is_there(remote)).map(|(member, _)| member.clone()).collect();
    let ours: HashSet<&String> = remembered.iter().filter_map(|(_, remote)| remote.as_ref()).collect();
    let others: Vec<String> = there.iter().filter(|id| !ours.contains(id)).cloned().collect();
    let others = tx.pushed(&runner.target.id).by_remote(ResourceType::User, &others).await?;
    drop(tx);
    let new: Vec<_> = others
        .into_iter()
        .filter_map(|one| match one.thing {
            Thing::Person(id) => Some(id),
            Thing::Group(_) => None,
        })
        .collect();
    if lost.is_empty() && new.is_empty() {
        return Ok(());
    }
    runner.report.drift += (lost.len() + new.len()) as u64;
    let (id, group) = (runner.target.id.clone(), group.clone());
    let write = async move |tx: &mut Tx| {
        let mut pushed = tx.pushed(&id);
        pushed.take_members(&group, Some(&lost)).await?;
        pushed.add_members(&group, &new).await
    };
    Ok(runner.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?)
}
