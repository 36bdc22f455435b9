//! A group with its members: after the group itself, who is missing over there is put in, who is too many is taken out, in bounded pieces.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    ending::pause_of_one,
    problem::{Problem, Trouble},
    push::{Deed, Done, Pusher, Task, joining, leaving},
    remote::{Changed, Failure},
    store::{Outcome, Place, Pushed, Rank},
    target::Target,
    thing::Thing,
};
use crate::{
    app::App,
    clock::Timestamp,
    id::{GroupId, MembershipId},
    scim::{Document, ResourceType},
    storage::{self, Tx},
};

/// Members of one request.
const PIECE: u32 = 200;

/// The most members of a group of an app that cannot PATCH.
const MOST_WHOLE: usize = 20_000;

/// Why members were not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MembersFault {
    /// The app.
    #[error("{}", .0.problem)]
    App(Failure),
    /// The database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<Failure> for MembersFault {
    fn from(failure: Failure) -> Self {
        Self::App(failure)
    }
}

/// Carries out a task; a group is followed by its members, whose number is told. Those that are not done by then remain due.
pub(super) async fn send(
    app: &App,
    target: &Target,
    sender: &Pusher<'_>,
    task: &Task,
    until: Instant,
) -> Result<(Outcome, Deed, u64), MembersFault> {
    let (outcome, deed): Done = sender.carry_out(task).await?;
    let (Thing::Group(group), Outcome::Keep(kept, _)) = (&task.pushed.thing, &outcome) else {
        return Ok((outcome, deed, 0));
    };
    let Some(remote_id) = &kept.remote_id else { return Ok((outcome, deed, 0)) };
    if task.pushed.remote_id.as_ref() != Some(remote_id) {
        // Another group over there has nobody of ours in it yet.
        let (target, group) = (target.id.clone(), group.clone());
        let empty = async move |tx: &mut Tx| tx.pushed(&target).take_members(&group, None).await;
        app.storage.write(move |tx| Box::pin(async move { empty(tx).await })).await?;
    }
    // The group is remembered before its members, whatever becomes of them.
    let (id, known) = (target.id.clone(), vec![(task.pushed.thing.clone(), due_still(&outcome, app.clock.now()))]);
    let write = async move |tx: &mut Tx| tx.pushed(&id).settle(&known).await;
    app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?;
    match bring_up_to_date(app, target, sender, (group, remote_id, until)).await {
        Err(MembersFault::App(failure)) if failure.problem.trouble == Trouble::Missing => {
            // It is found out whether the group is gone, or only somebody of it.
            let there = sender.remote.get(ResourceType::Group, remote_id).await?;
            if there.is_some() {
                return Err(failure.into());
            }
            let attempts = task.pushed.attempts + 1;
            let due_at = Some(app.clock.now().plus(pause_of_one(Rank::Group, attempts)));
            let gone = Pushed { due_at, attempts, ..Pushed::nothing(task.pushed.thing.clone()) };
            Ok((Outcome::Keep(Box::new(gone), None), deed, 0))
        }
        done => {
            let Members { moved, is_complete } = done?;
            let outcome = if is_complete { outcome } else { due_still(&outcome, app.clock.now()) };
            Ok((outcome, deed, moved))
        }
    }
}

fn due_still(outcome: &Outcome, now: Timestamp) -> Outcome {
    match outcome {
        Outcome::Keep(pushed, left_at) => {
            Outcome::Keep(Box::new(Pushed { due_at: Some(now), ..(**pushed).clone() }), *left_at)
        }
        Outcome::Forget => Outcome::Forget,
    }
}

/// What came of the members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Members {
    /// How many joined or left.
    pub moved: u64,
    /// Whether the group is as it should be.
    pub is_complete: bool,
}

/// Brings the members of a group up to date, for as long as there is time.
///
/// # Errors
/// [`MembersFault`]; what was done by then is remembered.
pub async fn bring_up_to_date(
    app: &App,
    target: &Target,
    pusher: &Pusher<'_>,
    (group, remote_id, until): (&GroupId, &str, Instant),
) -> Result<Members, MembersFault> {
    if !pusher.patches() {
        let moved = whole(app, target, pusher, (group, remote_id)).await?;
        return Ok(Members { moved, is_complete: true });
    }
    let mut moved = 0;
    loop {
        let (surplus, missing) = due(app, target, group, PIECE).await?;
        let is_complete = surplus.is_empty() && missing.is_empty();
        if is_complete || (moved > 0 && Instant::now() >= until) {
            return Ok(Members { moved, is_complete });
        }
        let gone: Vec<&str> = surplus.iter().filter_map(|(_, remote)| remote.as_deref()).collect();
        if !gone.is_empty() {
            patch(pusher, remote_id, &leaving(&gone)).await?;
        }
        took(app, target, group, ids(&surplus)).await?;
        let new: Vec<&str> = missing.iter().filter_map(|(_, remote)| remote.as_deref()).collect();
        if !new.is_empty() {
            patch(pusher, remote_id, &joining(&new)).await?;
        }
        put(app, target, group, ids(&missing)).await?;
        moved += (surplus.len() + missing.len()) as u64;
    }
}

async fn patch(pusher: &Pusher<'_>, remote_id: &str, body: &Value) -> Result<(), Failure> {
    match pusher.remote.patch(ResourceType::Group, remote_id, body).await? {
        Changed::Yes => Ok(()),
        Changed::Gone => Err(Problem::new(Trouble::Missing, "the app has no such group any more").into()),
    }
}

/// All members at once, for an app that cannot PATCH.
async fn whole(
    app: &App,
    target: &Target,
    pusher: &Pusher<'_>,
    (group, remote_id): (&GroupId, &str),
) -> Result<u64, MembersFault> {
    let (surplus, missing) = due(app, target, group, u32::try_from(MOST_WHOLE).unwrap_or(u32::MAX)).await?;
    if surplus.is_empty() && missing.is_empty() {
        return Ok(0);
    }
    let known = app.storage.read().await?.pushed(&target.id).members(group).await?;
    let stays = |(id, _): &&Place| !surplus.iter().any(|(gone, _)| gone == id);
    let members: Vec<&str> =
        known.iter().filter(stays).chain(&missing).filter_map(|(_, remote)| remote.as_deref()).collect();
    if members.len() > MOST_WHOLE {
        let detail = format!("the app cannot PATCH, and the group has more than {MOST_WHOLE} members");
        return Err(Failure::from(Problem::new(Trouble::TooLarge, &detail)).into());
    }
    // Members whom the app put in itself stay.
    let gone: Vec<&str> = surplus.iter().filter_map(|(_, remote)| remote.as_deref()).collect();
    let change = |there: &Document| {
        let own = there.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let own = own.iter().filter_map(|one| one["value"].as_str());
        let own = own.filter(|id| !gone.contains(id) && !members.contains(id));
        let all: Vec<Value> = own.chain(members.iter().copied()).map(|id| json!({"value": id})).collect();
        let mut after = there.clone();
        after.remove("meta");
        after.insert("members".to_owned(), all.into());
        after
    };
    match pusher.replace(ResourceType::Group, remote_id, change).await? {
        Changed::Yes => {}
        Changed::Gone => {
            return Err(Failure::from(Problem::new(Trouble::Missing, "the app has no such group any more")).into());
        }
    }
    took(app, target, group, ids(&surplus)).await?;
    put(app, target, group, ids(&missing)).await?;
    Ok((surplus.len() + missing.len()) as u64)
}

async fn due(app: &App, target: &Target, group: &GroupId, limit: u32) -> storage::Result<(Vec<Place>, Vec<Place>)> {
    let mut tx = app.storage.read().await?;
    let mut scope = tx.scope(&target.id, &target.organization, app.clock.now());
    Ok((scope.surplus_members(group, limit).await?, scope.missing_members(group, limit).await?))
}

fn ids(places: &[Place]) -> Vec<MembershipId> {
    places.iter().map(|(id, _)| id.clone()).collect()
}

async fn took(app: &App, target: &Target, group: &GroupId, members: Vec<MembershipId>) -> storage::Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let (target, group) = (target.id.clone(), group.clone());
    let work = async move |tx: &mut storage::Tx| tx.pushed(&target).take_members(&group, Some(&members)).await;
    app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await
}

async fn put(app: &App, target: &Target, group: &GroupId, members: Vec<MembershipId>) -> storage::Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let (target, group) = (target.id.clone(), group.clone());
    let work = async move |tx: &mut storage::Tx| tx.pushed(&target).add_members(&group, &members).await;
    app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await
}
