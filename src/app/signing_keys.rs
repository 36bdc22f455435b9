//! Looking after keys: the steps of [`crate::keys`] with their audit events, for the server and the command line alike.

use std::time::Duration;

use super::App;
use crate::{
    audit::{Actor, Event},
    keys::{
        KeyEvent, LoadFault, RotationFault, Task,
        rekey::{self, RekeyFault},
        rotation,
        store::SharedKeyFault,
    },
    storage,
};

/// Why keys could not be looked after.
#[derive(Debug, thiserror::Error)]
pub enum KeysFault {
    /// A task could not be carried out.
    #[error(transparent)]
    Rotation(#[from] RotationFault),
    /// The keys of the database cannot be used.
    #[error(transparent)]
    Load(#[from] LoadFault),
    /// A key that all nodes share cannot be had.
    #[error(transparent)]
    Shared(#[from] SharedKeyFault),
    /// The master key could not be replaced.
    #[error(transparent)]
    Rekey(#[from] RekeyFault),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// How a replacement of the master key went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The id of the new master key.
    pub id: String,
    /// How many secrets were sealed anew.
    pub values: usize,
}

impl App {
    /// Loads the signing keys, and makes at a first start those that are made quickly; [`Self::tend_keys`] makes the
    /// others while the server already answers.
    ///
    /// # Errors
    /// [`KeysFault`]; above all when the master key does not belong to this database.
    pub async fn start_keys(&self) -> Result<(), KeysFault> {
        self.share_keys().await?;
        self.keyring.refresh(&self.storage, &self.sealer).await?;
        if self.keyring.is_due(self.clock.now()) {
            self.change_keys(Task::FirstKeys, Actor::Server).await?;
        }
        Ok(())
    }

    /// Takes over what other nodes have changed and does what is due: called once a second, and cheap when nothing is.
    ///
    /// # Errors
    /// [`KeysFault`]; the keys that were there stay in use.
    pub async fn tend_keys(&self) -> Result<Vec<KeyEvent>, KeysFault> {
        self.keyring.refresh(&self.storage, &self.sealer).await?;
        if self.keyring.is_due(self.clock.now()) {
            self.change_keys(Task::Schedule, Actor::Server).await
        } else {
            Ok(vec![])
        }
    }

    /// Carries out a task, records what happened and takes the keys over on this node.
    ///
    /// # Errors
    /// [`KeysFault`].
    pub async fn change_keys(&self, task: Task, actor: Actor) -> Result<Vec<KeyEvent>, KeysFault> {
        let context = self.context(actor);
        let policy = self.keyring.policy();
        let prepared = rotation::prepare(&self.storage, &self.sealer, policy, task, context.now).await?;
        if prepared.is_idle() {
            return Ok(vec![]);
        }
        let events = self
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    let events = rotation::carry_out(tx, &prepared).await?;
                    for event in &events {
                        tx.record(&context, None, &recorded(event));
                    }
                    Ok::<_, RotationFault>(events)
                })
            })
            .await?;
        self.keyring.refresh(&self.storage, &self.sealer).await?;
        Ok(events)
    }

    /// Replaces the master key and drops the previous ones. `settle` is how long the other nodes may take to learn of it.
    ///
    /// # Errors
    /// [`KeysFault`]; the previous keys are then still known, and this can be done again.
    pub async fn rekey(&self, actor: Actor, settle: Duration) -> Result<Rekeyed, KeysFault> {
        let id = rekey::introduce(&self.sealer, &self.random)?;
        self.announce_master_key(id.clone(), actor).await?;
        tokio::time::sleep(settle).await;
        let values = rekey::reseal(&self.storage, &self.sealer).await?;
        rekey::forget_previous(&self.storage, &self.sealer).await?;
        Ok(Rekeyed { id, values })
    }

    async fn announce_master_key(&self, key: String, actor: Actor) -> storage::Result<()> {
        let context = self.context(actor);
        self.storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.record(&context, None, &Event::MasterKeyChange { key });
                    Ok(())
                })
            })
            .await
    }
}

fn recorded(event: &KeyEvent) -> Event {
    Event::KeyChange { key: event.id.to_string(), change: event.change.name().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::store::Query,
        clock::{Clock, Timestamp},
        config::{Config, Sources},
        keys::{Algorithm, shared_key::SharedKey},
        random::Random,
        secret::ExposeSecret,
    };

    async fn app(folder: &tempfile::TempDir) -> App {
        let at = |name: &str| folder.path().join(name).display().to_string();
        let sources = Sources::none()
            .with("database.url", format!("sqlite:{}", at("data/lanyard.db")))
            .with("keys.folder", at("keys"))
            .with("keys.rotation", "10d")
            .with("keys.pre_publication", "1d");
        let config = Config::load(&sources).expect("a configuration");
        App::open(config, Clock::fixed(Timestamp(0)), Random::system()).await.expect("opens")
    }

    async fn recorded(app: &App, action: &str) -> Vec<String> {
        let query = Query { action: Some(action.to_owned()), limit: 100, ..Query::default() };
        let events = app.storage.read().await.expect("a connection").audit().list(query).await.expect("events");
        events.into_iter().map(|event| event.detail).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_first_start_signs_before_it_has_all_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = app(&folder).await;
        app.start_keys().await.expect("started");
        assert!(app.keyring.signer(Algorithm::EdDsa).is_some() && !app.keyring.is_ready());
        assert_eq!(app.tend_keys().await.expect("tended").len(), 4);
        assert!(app.keyring.is_ready() && app.tend_keys().await.expect("tended").is_empty());
        assert_eq!(recorded(&app, "key-change").await.len(), 8, "four keys were published and activated");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn keys_are_replaced_when_their_time_has_come_and_every_step_is_recorded() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = app(&folder).await;
        app.start_keys().await.expect("started");
        app.tend_keys().await.expect("tended");
        let first = app.keyring.signer(Algorithm::EdDsa).expect("a key");
        app.clock.advance(Duration::from_hours(9 * 24));
        assert_eq!(app.tend_keys().await.expect("published").len(), 4);
        app.clock.advance(Duration::from_hours(24));
        assert_eq!(app.tend_keys().await.expect("replaced").len(), 8);
        assert_ne!(app.keyring.signer(Algorithm::EdDsa).expect("a key").id(), first.id());
        app.clock.advance(Duration::from_hours(24));
        assert_eq!(app.tend_keys().await.expect("removed").len(), 4);
        let details = recorded(&app, "key-change").await;
        assert!(details[0].contains("removed") && details.len() == 24, "{details:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_replaced_master_key_is_recorded_and_the_only_one_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = app(&folder).await;
        app.start_keys().await.expect("started");
        let before = app.sealer.current_id();
        let shared = async |key| app.shared_key(key).await.expect("a key").expose_secret().to_vec();
        let kept = (shared(SharedKey::Subjects).await, shared(SharedKey::Encryption).await);
        let hash = app.keyed_hash(["telephone", "+4512345678"]);
        let done = app.rekey(Actor::Host("root".to_owned()), Duration::ZERO).await.expect("replaced");
        assert_eq!((done.values, &done.id), (5, &app.sealer.current_id()));
        assert_eq!((shared(SharedKey::Subjects).await, shared(SharedKey::Encryption).await), kept, "names stay");
        assert!(hash.matches(app.keyed_hash(["telephone", "+4512345678"])), "and what is counted by them");
        assert_ne!(done.id, before);
        assert!(recorded(&app, "master-key-change").await[0].contains(&done.id));
        assert_eq!(app.sealer.source().read().expect("read").iter().count(), 1);
    }
}
