//! Carrying out what [`super::life_cycle`] plans: in the database, with every other node doing the same.
//!
//! In two steps, since keys are made outside of transactions: [`prepare`] looks what is due and makes the keys for it;
//! [`carry_out`] looks again inside the caller's transaction, changes the rows and returns what happened, for the caller
//! to record in the audit log. Keys that another node has made in between are kept, and ours thrown away.

use crate::{
    clock::Timestamp,
    secret::ExposeSecret,
    storage::{self, Revision, Storage, Tx},
};

use super::{
    algorithm::Algorithm,
    jwk::KeyId,
    life_cycle::{self, Change, Key, NotPublished, Policy, Start},
    sealed_column::SealedColumn,
    sealing::Sealer,
    signing_key::{KeyFault, SigningKey},
    store::signing_keys::FreshKey,
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// What is due, but for keys that take long to make: a server can answer before it has them.
    FirstKeys,
    /// What is due.
    Schedule,
    /// What is due, and a successor for the key of one algorithm, or of all.
    Rotate(Option<Algorithm>),
    /// What is due, and this key out of use at once: somebody else may have it.
    Revoke(KeyId),
}

/// What happened to a key; to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEvent {
    /// The key.
    pub id: KeyId,
    /// What happened to it.
    pub change: KeyChange,
}

/// What can happen to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// It was put into the JWKS.
    Published,
    /// It signs from now on.
    Activated,
    /// It signs no longer.
    Retired,
    /// It was taken out of the JWKS; nothing rested on it.
    Removed,
    /// It was taken out of the JWKS with all that it signed.
    Revoked,
}

impl KeyChange {
    /// The word for the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Activated => "activated",
            Self::Retired => "retired",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
        }
    }
}

/// Why keys could not be looked after.
#[derive(Debug, thiserror::Error)]
pub enum RotationFault {
    /// The database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// There is no such key.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Another node changed the keys at the same moment.
    #[error("another node changed the signing keys at the same moment; nothing was done, try again")]
    Overtaken,
}

/// A task with the keys that it needs, ready to be carried out.
#[derive(Debug, Clone)]
pub struct Prepared {
    task: Task,
    policy: Policy,
    now: Timestamp,
    fresh: Vec<FreshKey>,
    idle: bool,
}

impl Prepared {
    /// Whether there is nothing to carry out.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    fn changes(&self, keys: &[Key]) -> Result<Vec<Change>, NotPublished> {
        let mut changes = match &self.task {
            Task::FirstKeys | Task::Schedule => life_cycle::plan(self.now, keys, &self.policy),
            Task::Revoke(id) => life_cycle::revoke(self.now, keys, &self.policy, id)?,
            Task::Rotate(only) => life_cycle::rotate(self.now, keys, &self.policy, *only),
        };
        if self.task == Task::FirstKeys {
            changes
                .retain(|change| !matches!(change, Change::Create(algorithm, _) if !algorithm.is_quick_to_generate()));
        }
        Ok(changes)
    }
}

/// Looks what the task asks for, and makes the keys for it off the async threads.
///
/// # Errors
/// [`RotationFault`].
pub async fn prepare(
    storage: &Storage,
    sealer: &Sealer,
    policy: &Policy,
    task: Task,
    now: Timestamp,
) -> Result<Prepared, RotationFault> {
    let keys = read(&mut storage.read().await?).await?;
    let mut prepared = Prepared { task, policy: policy.clone(), now, fresh: Vec::new(), idle: false };
    let changes = prepared.changes(&keys)?;
    prepared.idle = changes.is_empty();
    for change in changes {
        if let Change::Create(algorithm, _) = change {
            let key = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm))
                .await
                .map_err(|_| storage::Error::Stopped)??;
            prepared.fresh.push(fresh(&key, sealer)?);
        }
    }
    Ok(prepared)
}

/// Carries out a task and returns what happened.
///
/// # Errors
/// [`RotationFault::Overtaken`] when what is due now needs a key that was not made; else as [`prepare`].
pub async fn carry_out(tx: &mut Tx, prepared: &Prepared) -> Result<Vec<KeyEvent>, RotationFault> {
    // The first statement: its row lock lets one node after the other see what the one before has done.
    tx.claim(Revision::Keys).await?;
    let keys = read(tx).await?;
    let mut events = Vec::new();
    for change in prepared.changes(&keys)? {
        events.extend(apply(tx, prepared, change).await?);
    }
    Ok(events)
}

async fn apply(tx: &mut Tx, prepared: &Prepared, change: Change) -> Result<Vec<KeyEvent>, RotationFault> {
    let now = prepared.now;
    let mut keys = tx.signing_keys();
    let (done, events) = match change {
        Change::Create(algorithm, start) => {
            let Some(key) = prepared.fresh.iter().find(|key| key.algorithm == algorithm) else {
                // The schedule comes again; a command must not do half of what it says.
                let again = matches!(prepared.task, Task::FirstKeys | Task::Schedule);
                return if again { Ok(Vec::new()) } else { Err(RotationFault::Overtaken) };
            };
            let mut events = vec![event(&key.id, KeyChange::Published)];
            if start == Start::Now {
                events.push(event(&key.id, KeyChange::Activated));
            }
            (keys.insert(key, start, now).await?, events)
        }
        Change::Activate { id, replaced: Some(replaced) } => {
            let done = keys.retire(&replaced, now).await? && keys.activate(&id, now).await?;
            (done, vec![event(&replaced, KeyChange::Retired), event(&id, KeyChange::Activated)])
        }
        Change::Activate { id, replaced: None } => {
            (keys.activate(&id, now).await?, vec![event(&id, KeyChange::Activated)])
        }
        Change::Retire(id) => (keys.retire(&id, now).await?, vec![event(&id, KeyChange::Retired)]),
        Change::Remove(id) => (keys.remove(&id, now).await?, vec![event(&id, KeyChange::Removed)]),
        Change::Revoke(id) => (keys.revoke(&id, now).await?, vec![event(&id, KeyChange::Revoked)]),
    };
    if done { Ok(events) } else { Err(RotationFault::Overtaken) }
}

async fn read(tx: &mut Tx) -> storage::Result<Vec<Key>> {
    Ok(tx.signing_keys().published().await?.into_iter().map(|stored| stored.key).collect())
}

fn fresh(key: &SigningKey, sealer: &Sealer) -> Result<FreshKey, KeyFault> {
    let private = key.to_pkcs8()?;
    Ok(FreshKey {
        id: key.id().clone(),
        algorithm: key.algorithm(),
        public_jwk: key.public().jwk().to_string(),
        sealed_private: sealer.seal(SealedColumn::SIGNING_KEY, key.id().as_str(), private.expose_secret()),
    })
}

fn event(id: &KeyId, change: KeyChange) -> KeyEvent {
    KeyEvent { id: id.clone(), change }
}

#[cfg(test)]
mod tests;
