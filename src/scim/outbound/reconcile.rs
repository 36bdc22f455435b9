//! Everything that an app has, against what it was told: drift is found and noted, so that the rest of the run repairs it.
//!
//! The app is read page by page, by cursor where it has them (RFC 9865), and never more than a step at a time: a crawl knows
//! where it stands. Whoever was changed over there is sent again; whoever is not listed is asked for by name before they are
//! taken for lost; whoever carries one of our ids and is not remembered is ours. Whom only the app knows are noted (`strangers`).
//! An app whose lists make no sense is told of, and pushed to all the same.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    decision::Standing,
    listing::Walk,
    plan::{self, Planned},
    problem::Trouble,
    projection,
    remote::{self, Failure},
    run::Kind,
    runner::{End, Runner, STEP},
    store::{Outcome, Pushed},
    strangers,
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    id::GroupId,
    scim::{Document, ResourceType},
    storage::{self, Tx},
};

/// Rows that are asked for one by one.
const BATCH: u32 = 100;

/// How far an app was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crawl {
    /// When that began.
    pub begun: Timestamp,
    stage: Stage,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Stage {
    /// The list of people.
    Users(Walk),
    /// People whom it did not show.
    LostUsers,
    /// The list of groups.
    Groups(Walk),
    /// Groups that it did not show.
    LostGroups,
    /// Who is in each group, behind the one of this id.
    Members(String),
}

impl Crawl {
    /// At the beginning of everything.
    #[must_use]
    pub fn begin(now: Timestamp, is_by_cursor: bool) -> Self {
        Self { begun: now, stage: Stage::Users(Walk::begin(is_by_cursor)) }
    }
}

/// Reads on for a step.
pub(super) async fn step(runner: &mut Runner<'_>, crawl: Crawl) -> Result<(), End> {
    let problem = match read(runner, &crawl).await {
        Ok(Some(stage)) => {
            runner.progress.crawl = Some(Crawl { stage, ..crawl });
            return Ok(());
        }
        Ok(None) => None,
        Err(End::App(failure)) if !failure.problem.is_of_all() => Some(failure.problem),
        Err(end) => {
            runner.progress.crawl = Some(crawl);
            return Err(end);
        }
    };
    runner.unread = problem;
    runner.whole = Some(Kind::Reconcile);
    runner.progress.reconciled_at = runner.app.clock.now();
    Ok(())
}

/// What is read next; nothing at the end.
async fn read(runner: &mut Runner<'_>, crawl: &Crawl) -> Result<Option<Stage>, End> {
    let begun = crawl.begun;
    let is_by_cursor = runner.features.cursor;
    Ok(match &crawl.stage {
        Stage::Users(walk) => match list(runner, ResourceType::User, (begun, walk)).await? {
            Some(walk) => Some(Stage::Users(walk)),
            None => Some(Stage::LostUsers),
        },
        Stage::LostUsers if look_for_lost(runner, ResourceType::User, begun).await? => Some(Stage::LostUsers),
        Stage::LostUsers if has_groups(runner).await? => Some(Stage::Groups(Walk::begin(is_by_cursor))),
        Stage::LostUsers => None,
        Stage::Groups(walk) => match list(runner, ResourceType::Group, (begun, walk)).await? {
            Some(walk) => Some(Stage::Groups(walk)),
            None => Some(Stage::LostGroups),
        },
        Stage::LostGroups if look_for_lost(runner, ResourceType::Group, begun).await? => Some(Stage::LostGroups),
        Stage::LostGroups => Some(Stage::Members(GroupId::PREFIX.to_owned())),
        Stage::Members(after) => check_members(runner, after).await?.map(Stage::Members),
    })
}

async fn has_groups(runner: &Runner<'_>) -> storage::Result<bool> {
    let target = &runner.target;
    let remembered = runner.app.storage.read().await?.pushed(&target.id).counts().await?.groups > 0;
    Ok(remembered || target.settings.every_group || !target.groups.is_empty())
}

/// Reads a page; the next one, where there is one.
async fn list(
    runner: &mut Runner<'_>,
    kind: ResourceType,
    (begun, here): (Timestamp, &Walk),
) -> Result<Option<Walk>, End> {
    let page = match runner.remote.page(kind, &here.place).await {
        // Not every app lists what it has; each one of ours is asked for by itself.
        Err(failure) if matches!(failure.problem.trouble, Trouble::Unsupported | Trouble::Rights) => return Ok(None),
        // A cursor does not live for ever (RFC 9865 §2.3): the list is read anew, by numbers.
        Err(failure) if failure.problem.trouble == Trouble::Refused && here.place.is_behind_cursor() => {
            strangers::forget(runner);
            return Ok(Some(Walk::begin(false)));
        }
        page => page?,
    };
    let next = here.clone().behind(&page).map_err(Failure::from)?;
    compare(runner, kind, page.resources, begun).await?;
    Ok(next)
}

/// Compares a page.
async fn compare(
    runner: &mut Runner<'_>,
    kind: ResourceType,
    resources: Vec<Document>,
    begun: Timestamp,
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
        strangers::note(runner, kind, (id, document));
    }
    seen.extend(found.iter().map(|one| one.thing.id().to_owned()));
    outcomes.extend(found.into_iter().map(|one| (one.thing.clone(), Outcome::Keep(Box::new(one), None))));
    if !outcomes.is_empty() {
        runner.recount();
    }
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
pub(super) fn is_active(document: &Document) -> bool {
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

/// Asks for some of those that the list did not show, one by one; whether there were any.
async fn look_for_lost(runner: &mut Runner<'_>, kind: ResourceType, begun: Timestamp) -> Result<bool, End> {
    let until = Instant::now() + STEP;
    let rows = runner.app.storage.read().await?.pushed(&runner.target.id).unseen(kind, begun, BATCH).await?;
    let (mut outcomes, mut seen, mut emptied) = (vec![], vec![], vec![]);
    for row in rows {
        if !seen.is_empty() && Instant::now() >= until {
            break;
        }
        let Some(remote_id) = row.remote_id.clone() else { continue };
        let is_there = match runner.remote.get(kind, &remote_id).await {
            // Of one that the app does not show nothing follows.
            Err(failure) if !failure.problem.is_of_all() => {
                runner.report.failed += 1;
                true
            }
            there => there?.is_some(),
        };
        seen.push(row.thing.id().to_owned());
        if is_there {
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
    if seen.is_empty() {
        return Ok(false);
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
    Ok(true)
}

/// Looks who is in some groups over there, behind this one; the last of them, unless there are no more.
async fn check_members(runner: &mut Runner<'_>, after: &str) -> Result<Option<String>, End> {
    let until = Instant::now() + STEP;
    let rows = runner.app.storage.read().await?.pushed(&runner.target.id).page(after, BATCH).await?;
    let mut last = None;
    for row in rows {
        // Groups come before people.
        let Thing::Group(group) = &row.thing else { break };
        if last.is_some() && Instant::now() >= until {
            break;
        }
        if let Some(remote_id) = &row.remote_id {
            check_group(runner, group, remote_id).await?;
        }
        last = Some(group.as_str().to_owned());
    }
    Ok(last)
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
