//! Who of the app somebody of ours is: by `externalId`, which is our id, and by what they are called.
//!
//! Whoever is to be in the app is looked for so that nobody is there twice. Whoever is to leave is looked for so that nobody
//! stays: of them "nobody" is believed only as an answer to the very question, never from an app that cannot look, or that
//! answers something else.

use std::sync::PoisonError;

use serde_json::Value;

use super::{
    problem::{Problem, Trouble},
    push::{Pusher, Task, called, name_of},
    remote::{self, Result},
    store::{Outcome, Pushed},
    thing::Thing,
};
use crate::{
    id::MembershipId,
    scim::Document,
    storage::{self, Tx},
};

impl Pusher<'_> {
    /// Who the app has already as somebody who is to be there.
    pub(super) async fn look_up(&self, task: &Task) -> Result<Option<String>> {
        let (kind, ours) = (task.pushed.thing.kind(), task.pushed.thing.id());
        if !self.filters {
            return Ok(None);
        }
        let by_id = match self.remote.find(kind, "externalId", ours).await {
            // Not every app can look for it.
            Err(failure) if !failure.problem.is_of_all() => vec![],
            found => found?,
        };
        if !by_id.is_empty() {
            return one(&by_id, &format!("have the externalId {ours}"));
        }
        let Some(name) = called(task) else { return Ok(None) };
        match self.remote.find(kind, name_of(kind), name).await {
            Err(failure) if failure.problem.trouble == Trouble::Missing => Ok(None),
            found => one(&found?, &format!("are called `{name}`")),
        }
    }

    /// Whom the app has as somebody who is to leave; `denied` is an id of which it has just said that there is none.
    pub(super) async fn look_up_leaver(&self, task: &Task, denied: Option<&str>) -> Result<Vec<String>> {
        let thing = &task.pushed.thing;
        if !self.filters {
            let Some(id) = denied else { return Ok(vec![]) };
            let is_there = self.remote.get(thing.kind(), id).await?.is_some();
            return Ok(is_there.then(|| id.to_owned()).into_iter().collect());
        }
        let by_id = match self.remote.find(thing.kind(), "externalId", thing.id()).await {
            Ok(found) => Some(found),
            Err(failure) if is_unable(failure.problem.trouble) => None,
            Err(failure) => return Err(failure),
        };
        let found = match (by_id, task.pushed.name.as_deref()) {
            (Some(found), _) if !found.is_empty() => found,
            (_, Some(name)) => {
                let mut found = self.remote.find(thing.kind(), name_of(thing.kind()), name).await?;
                found.retain(|document| !is_another(document, thing));
                found
            }
            (Some(_), None) => vec![],
            (None, None) => {
                let detail = "the app does not know the id any more, and cannot look for the person";
                return Err(Problem::new(Trouble::Missing, detail).into());
            }
        };
        self.of_nobody_else(thing, found).await
    }

    /// The ids of those that belong to nobody else of ours; they belong to `thing` now.
    async fn of_nobody_else(&self, thing: &Thing, found: Vec<Document>) -> Result<Vec<String>> {
        let mut ids = vec![];
        for document in &found {
            let id = remote::id(document)
                .ok_or_else(|| Problem::new(Trouble::Nonsense, "the app names it by an id that cannot be used"))?;
            match self.claim(thing, &id).await {
                Err(failure) if failure.problem.trouble == Trouble::Shared => {}
                claimed => {
                    claimed?;
                    ids.push(id);
                }
            }
        }
        Ok(ids)
    }

    /// Makes sure that nobody else of ours is the same one there.
    pub(super) async fn claim(&self, thing: &Thing, id: &str) -> Result<()> {
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
        let Some(other) = found.into_iter().find(|one: &Pushed| one.thing != *thing) else { return Ok(None) };
        if other.is_live {
            return Ok(Some(other.thing));
        }
        let (target, gone) = (self.target.clone(), vec![(other.thing, Outcome::Forget)]);
        let forget = async move |tx: &mut Tx| tx.pushed(&target).settle(&gone).await;
        self.storage.write(move |tx| Box::pin(async move { forget(tx).await })).await?;
        Ok(None)
    }
}

/// The id of the only one.
fn one(found: &[Document], what: &str) -> Result<Option<String>> {
    match found {
        [one] => Ok(remote::id(one)),
        [] => Ok(None),
        all => Err(Problem::new(Trouble::Conflict, &format!("{} {what} there", all.len())).into()),
    }
}

/// Whether an app that answers so cannot look for this at all: the answer is about the question, not about the person.
const fn is_unable(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Refused | Trouble::Unsupported | Trouble::Nonsense)
}

/// Whether it is another member of ours, who is called the same.
fn is_another(document: &Document, thing: &Thing) -> bool {
    let external = document.get("externalId").and_then(Value::as_str);
    external.is_some_and(|external| external != thing.id() && external.parse::<MembershipId>().is_ok())
}
