//! One operation on one person or group, carried out at the app.
//!
//! What the app has already is never created twice: whoever may be there is looked for first (`lookup`); whom the app calls
//! a conflict is looked for and adopted; whom it has lost is created again. Whoever is to leave has left when the app says
//! so: that it knows nobody of this id is believed once it knows nobody of this name either.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use super::{
    decision::{Operation, Standing},
    ending::is_to_leave,
    features::Features,
    problem::{Problem, Trouble},
    projection,
    remote::{Changed, Failure, Remote, Result},
    store::{Outcome, Pushed},
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    id::TargetId,
    scim::{Document, ResourceType, patch::PATCH_SCHEMA},
    storage::Storage,
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

impl Task {
    /// Whether somebody is to leave.
    #[must_use]
    pub fn is_to_leave(&self) -> bool {
        is_to_leave(&self.pushed.thing, self.standing, self.operation)
    }

    /// Whether it is not in the app yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.operation == Operation::Create
    }
}

/// Carries out operations at one app.
pub struct Pusher<'p> {
    /// The app.
    pub remote: &'p Remote,
    pub(super) storage: &'p Storage,
    pub(super) target: &'p TargetId,
    patches: AtomicBool,
    pub(super) filters: bool,
    /// Ids of the app that belong to somebody since this run began.
    pub(super) claims: Mutex<HashMap<(ResourceType, String), Thing>>,
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
            (Operation::Find, _) if task.standing == Standing::Wanted => self.find(task).await,
            (Operation::Find, _) => self.take_out_found(task, None).await,
            (Operation::Update, Some(id)) => self.update(task, id).await,
            (Operation::Create | Operation::Update, _) => self.create(task).await,
            (Operation::Deactivate | Operation::Delete, Some(id)) => self.leave(task, id).await,
            (Operation::Forget, _) | (Operation::Deactivate | Operation::Delete, None) => {
                Ok((Outcome::Forget, Deed::Nothing))
            }
        }
    }

    async fn find(&self, task: &Task) -> Result<Done> {
        match self.look_up(task).await? {
            Some(id) => self.adopt(task, &id).await,
            None => self.create(task).await,
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
        self.claim(&task.pushed.thing, &id).await?;
        Ok((has(task, &id), Deed::Created))
    }

    /// Somebody who is there already becomes ours.
    async fn adopt(&self, task: &Task, id: &str) -> Result<Done> {
        self.claim(&task.pushed.thing, id).await?;
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

    async fn leave(&self, task: &Task, id: &str) -> Result<Done> {
        match self.take_out(task, id).await? {
            Changed::Gone if task.pushed.thing.kind() == ResourceType::User => {
                self.take_out_found(task, Some(id)).await
            }
            Changed::Yes | Changed::Gone => Ok(self.out(task, Some(id))),
        }
    }

    /// Takes out whoever the app knows as this person; `denied` is an id of which it has just said that there is none.
    async fn take_out_found(&self, task: &Task, denied: Option<&str>) -> Result<Done> {
        let found = self.look_up_leaver(task, denied).await?;
        for id in &found {
            if denied == Some(id) || self.take_out(task, id).await? == Changed::Gone {
                return Err(Problem::new(Trouble::Missing, "the app finds it and does not have it").into());
            }
        }
        match (found.first(), denied) {
            (None, None) => Ok((Outcome::Forget, Deed::Nothing)),
            (id, _) => Ok(self.out(task, id.map(String::as_str))),
        }
    }

    async fn take_out(&self, task: &Task, id: &str) -> Result<Changed> {
        let kind = task.pushed.thing.kind();
        if is_removed(task) {
            return self.remote.delete(kind, id).await;
        }
        let inactive = Document::from_iter([("active".to_owned(), json!(false))]);
        self.set(kind, id, (&inactive, &[])).await
    }

    /// Whoever has left; `id` where the app still has them.
    fn out(&self, task: &Task, id: Option<&str>) -> Done {
        let thing = &task.pushed.thing;
        if thing.kind() == ResourceType::Group {
            return (Outcome::Forget, Deed::Left);
        }
        // Who has just left counts for the brake.
        let nothing = Pushed::nothing(thing.clone());
        let pushed = match id.filter(|_| !is_removed(task)) {
            Some(id) => {
                let (sent, name) = (task.pushed.sent.clone(), task.pushed.name.clone());
                Pushed { remote_id: Some(id.to_owned()), sent, name, ..nothing }
            }
            None => nothing,
        };
        (Outcome::Keep(Box::new(pushed), Some(self.now)), Deed::Left)
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
        name: called(task).map(str::to_owned),
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

/// What the app is to call it.
pub(super) fn called(task: &Task) -> Option<&str> {
    task.document.as_ref()?.get(name_of(task.pushed.thing.kind())).and_then(Value::as_str)
}

/// Whether nothing of it is to stay in the app.
fn is_removed(task: &Task) -> bool {
    task.operation == Operation::Delete
        || task.standing == Standing::Erased
        || task.pushed.thing.kind() == ResourceType::Group
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
