//! One operation on one person or group, carried out at the app.
//!
//! What the app has already is never created twice: whoever may be there is looked for first, by `externalId` (our id) and
//! by what they are called; whom the app calls a conflict is looked for and adopted; whom it has lost is created again.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use super::{
    decision::{Operation, Standing},
    problem::{Problem, Trouble},
    projection,
    remote::{self, Changed, Failure, Features, Remote, Result},
    store::{Outcome, Pushed},
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    id::TargetId,
    scim::{Document, ResourceType, patch::PATCH_SCHEMA},
    storage::{self, Storage, Tx},
};

/// How often a change is made anew that somebody else was quicker with.
const MOST_VERSIONS: usize = 3;

/// What was done, for the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// Created.
    Created,
    /// Changed or adopted.
    Changed,
    /// Deactivated or removed.
    Left,
}

/// What came of it.
pub type Done = (Outcome, Deed);

/// One person or group, with what is to be done.
#[derive(Debug)]
pub struct Task {
    /// What is remembered.
    pub pushed: Pushed,
    /// Where it stands.
    pub standing: Standing,
    /// What is to be done.
    pub operation: Operation,
    /// What the app is to be told; none for whoever is not to be there.
    pub document: Option<Document>,
}

/// Carries out operations at one app.
pub struct Pusher<'p> {
    /// The app.
    pub remote: &'p Remote,
    storage: &'p Storage,
    target: &'p TargetId,
    patches: AtomicBool,
    filters: bool,
    /// Ids of the app that belong to somebody since this run began.
    claims: Mutex<HashMap<(ResourceType, String), Thing>>,
    now: Timestamp,
}

impl<'p> Pusher<'p> {
    /// For an app that can do this.
    #[must_use]
    pub fn new(
        remote: &'p Remote,
        storage: &'p Storage,
        (target, features): (&'p TargetId, Features),
        now: Timestamp,
    ) -> Self {
        let (patches, filters) = (AtomicBool::new(features.patch), features.filter);
        Self { remote, storage, target, patches, filters, claims: Mutex::default(), now }
    }

    /// Whether the app takes PATCH, as far as it is known by now.
    #[must_use]
    pub fn patches(&self) -> bool {
        self.patches.load(Ordering::Relaxed)
    }

    /// Carries out a task.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn carry_out(&self, task: &Task) -> Result<Done> {
        let known = task.pushed.remote_id.as_deref();
        match (task.operation, known) {
            (Operation::Keep, _) => Ok((as_it_was(task), Deed::Nothing)),
            (Operation::Find, _) => self.find(task).await,
            (Operation::Update, Some(id)) => self.update(task, id).await,
            (Operation::Create | Operation::Update, _) => self.create(task).await,
            (Operation::Deactivate, Some(id)) => self.deactivate(task, id).await,
            (Operation::Delete, Some(id)) => self.delete(task, id).await,
            (Operation::Forget, _) | (Operation::Deactivate | Operation::Delete, None) => {
                Ok((Outcome::Forget, Deed::Nothing))
            }
        }
    }

    async fn find(&self, task: &Task) -> Result<Done> {
        let found = self.look_up(task).await?;
        match (found, task.standing) {
            (Some(id), Standing::Wanted) => self.adopt(task, &id).await,
            (Some(id), Standing::Unwanted) => self.deactivate(task, &id).await,
            (Some(id), Standing::Erased) => self.delete(task, &id).await,
            (None, Standing::Wanted) => self.create(task).await,
            (None, _) => Ok((Outcome::Forget, Deed::Nothing)),
        }
    }

    async fn create(&self, task: &Task) -> Result<Done> {
        let kind = task.pushed.thing.kind();
        let made = match self.remote.create(kind, document(task)).await {
            Ok(id) => id,
            Err(failure) if failure.problem.trouble == Trouble::Conflict => {
                let found = self.look_up(task).await?.ok_or(failure)?;
                return self.adopt(task, &found).await;
            }
            Err(failure) => return Err(failure),
        };
        let id = match made {
            Some(id) => id,
            None => self.look_up(task).await?.ok_or_else(|| {
                Problem::new(Trouble::Nonsense, "the app created it, says no id, and does not find it again")
            })?,
        };
        self.claim(task, &id).await?;
        Ok((has(task, &id), Deed::Created))
    }

    /// Somebody who is there already becomes ours.
    async fn adopt(&self, task: &Task, id: &str) -> Result<Done> {
        self.claim(task, id).await?;
        match self.write(task, id).await? {
            Changed::Yes => Ok((has(task, id), Deed::Changed)),
            Changed::Gone => Err(Problem::new(Trouble::Missing, "the app finds it and does not have it").into()),
        }
    }

    async fn update(&self, task: &Task, id: &str) -> Result<Done> {
        match self.write(task, id).await? {
            Changed::Yes => Ok((has(task, id), Deed::Changed)),
            Changed::Gone => self.find(task).await,
        }
    }

    async fn deactivate(&self, task: &Task, id: &str) -> Result<Done> {
        let thing = &task.pushed.thing;
        if thing.kind() == ResourceType::Group {
            return self.delete(task, id).await;
        }
        let inactive = Document::from_iter([("active".to_owned(), json!(false))]);
        let changed = self.set(thing.kind(), id, (&inactive, &[])).await?;
        let remote_id = (changed == Changed::Yes).then(|| id.to_owned());
        let pushed = Pushed { remote_id, sent: task.pushed.sent.clone(), ..Pushed::nothing(thing.clone()) };
        Ok((Outcome::Keep(Box::new(pushed), Some(self.now)), Deed::Left))
    }

    async fn delete(&self, task: &Task, id: &str) -> Result<Done> {
        let thing = &task.pushed.thing;
        self.remote.delete(thing.kind(), id).await?;
        if thing.kind() == ResourceType::Group {
            return Ok((Outcome::Forget, Deed::Left));
        }
        // Who has just left counts for the brake; nothing else is kept.
        Ok((Outcome::Keep(Box::new(Pushed::nothing(thing.clone())), Some(self.now)), Deed::Left))
    }

    async fn write(&self, task: &Task, id: &str) -> Result<Changed> {
        self.set(task.pushed.thing.kind(), id, (document(task), &task.pushed.sent)).await
    }

    /// Makes a resource be as the document says; what was `sent` before and is not in it goes.
    async fn set(&self, kind: ResourceType, id: &str, (document, sent): (&Document, &[String])) -> Result<Changed> {
        if self.patches() {
            let patch = projection::patch(document, sent);
            let removes = sent.iter().any(|path| !projection::paths(document).contains(path));
            match self.remote.patch(kind, id, &patch).await {
                Err(failure) if failure.problem.trouble == Trouble::Unsupported => {
                    self.patches.store(false, Ordering::Relaxed);
                }
                // An app that never kept an attribute may refuse to remove it.
                Err(failure) if failure.problem.trouble == Trouble::Refused && removes => {}
                done => return done,
            }
        }
        self.replace(kind, id, |there| projection::overlay(document, sent, there)).await
    }

    /// Replaces a resource by what `change` makes of it; anew where somebody else was quicker.
    pub(super) async fn replace(
        &self,
        kind: ResourceType,
        id: &str,
        change: impl Fn(&Document) -> Document,
    ) -> Result<Changed> {
        let mut last = Failure::from(Problem::new(Trouble::Version, "somebody else keeps changing it"));
        for _ in 0..MOST_VERSIONS {
            let Some((there, version)) = self.remote.get(kind, id).await? else { return Ok(Changed::Gone) };
            match self.remote.put(kind, id, &change(&there), version.as_deref()).await {
                Err(failure) if failure.problem.trouble == Trouble::Version => last = failure,
                done => return done,
            }
        }
        Err(last)
    }

    /// Whether the app has it already: by our id, else by what it is called.
    async fn look_up(&self, task: &Task) -> Result<Option<String>> {
        let (kind, ours) = (task.pushed.thing.kind(), task.pushed.thing.id());
        if !self.filters {
            return Ok(None);
        }
        let by_id = match self.remote.find(kind, "externalId", ours).await {
            // Not every app can look for it.
            Err(failure) if !failure.problem.is_of_all() => vec![],
            found => found?,
        };
        if let Some(id) = by_id.iter().find_map(remote::id) {
            return Ok(Some(id));
        }
        let attribute = name_of(kind);
        let name = task.document.as_ref().and_then(|document| document.get(attribute)).and_then(Value::as_str);
        let Some(name) = name else { return Ok(None) };
        let found = self.remote.find(kind, attribute, name).await?;
        match found.as_slice() {
            [one] => Ok(remote::id(one)),
            [] => Ok(None),
            _ => Err(Problem::new(Trouble::Conflict, &format!("{} are called `{name}` there", found.len())).into()),
        }
    }

    /// Makes sure that nobody else of ours is the same one there.
    async fn claim(&self, task: &Task, id: &str) -> Result<()> {
        let thing = &task.pushed.thing;
        let key = (thing.kind(), id.to_owned());
        let shared = |other: &Thing| Problem::new(Trouble::Shared, &format!("{other} is the same in the app"));
        {
            let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
            match claims.get(&key) {
                Some(other) if other != thing => return Err(shared(other).into()),
                _ => drop(claims.insert(key, thing.clone())),
            }
        }
        let other = self.other(thing, id).await.map_err(|error| {
            tracing::error!(error = %error, "What an app has could not be read.");
            Problem::new(Trouble::Fault, "the database of Lanyard failed")
        })?;
        other.map_or(Ok(()), |other| Err(shared(&other).into()))
    }

    /// Who else is this one there. Whoever left leaves the place to whom comes back as a new member.
    async fn other(&self, thing: &Thing, id: &str) -> storage::Result<Option<Thing>> {
        let found = self.storage.read().await?.pushed(self.target).by_remote(thing.kind(), &[id.to_owned()]).await?;
        let Some(other) = found.into_iter().find(|one| one.thing != *thing) else { return Ok(None) };
        if other.is_live {
            return Ok(Some(other.thing));
        }
        let (target, gone) = (self.target.clone(), vec![(other.thing, Outcome::Forget)]);
        let forget = async move |tx: &mut Tx| tx.pushed(&target).settle(&gone).await;
        self.storage.write(move |tx| Box::pin(async move { forget(tx).await })).await?;
        Ok(None)
    }
}

fn as_it_was(task: &Task) -> Outcome {
    let pushed = Pushed { due_at: None, tried_at: None, attempts: 0, trouble: None, ..task.pushed.clone() };
    Outcome::Keep(Box::new(pushed), None)
}

/// The app has this document now.
fn has(task: &Task, id: &str) -> Outcome {
    let document = document(task);
    let pushed = Pushed {
        remote_id: Some(id.to_owned()),
        digest: Some(projection::digest(document)),
        sent: projection::paths(document),
        is_live: true,
        ..Pushed::nothing(task.pushed.thing.clone())
    };
    Outcome::Keep(Box::new(pushed), None)
}

/// The attribute that people know it by.
#[must_use]
pub const fn name_of(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "userName",
        ResourceType::Group => "displayName",
    }
}

fn document(task: &Task) -> &Document {
    task.document.as_ref().expect("whoever is wanted has a document")
}

/// The PATCH that puts members into a group.
#[must_use]
pub fn joining(members: &[&str]) -> Value {
    let values: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [PATCH_SCHEMA], "Operations": [{"op": "add", "path": "members", "value": values}]})
}

/// The PATCH that takes members out of a group.
#[must_use]
pub fn leaving(members: &[&str]) -> Value {
    let one = |id: &&str| json!({"op": "remove", "path": format!("members[value eq {}]", Value::from(*id))});
    let operations: Vec<Value> = members.iter().map(one).collect();
    json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
}
