//! Several nodes on one database, of both kinds.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    keys::{Keyring, LoadFault, Typ, life_cycle::State, master_key::MasterKeySource, rekey},
    random::Random,
    storage::testing::databases,
};

/// A node: its own connection, its own memory.
struct Node {
    storage: Storage,
    sealer: Arc<Sealer>,
    keyring: Keyring,
}

impl Node {
    fn on(storage: Storage, master: MasterKeySource) -> Self {
        Self::offering(storage, master, policy())
    }

    fn offering(storage: Storage, master: MasterKeySource, policy: Policy) -> Self {
        let sealer = Sealer::start(master, &Random::system()).expect("a master key").0;
        Self { storage, sealer: Arc::new(sealer), keyring: Keyring::new(policy) }
    }

    async fn prepare(&self, task: Task, now: i64) -> Result<Prepared, RotationFault> {
        prepare(&self.storage, &self.sealer, self.keyring.policy(), task, Timestamp(now)).await
    }

    async fn commit(&self, prepared: Prepared) -> Result<Vec<KeyEvent>, RotationFault> {
        let events = self.storage.write(|tx| Box::pin(async move { carry_out(tx, &prepared).await })).await?;
        self.refresh().await;
        Ok(events)
    }

    async fn run(&self, task: Task, now: i64) -> Result<Vec<KeyEvent>, RotationFault> {
        let prepared = self.prepare(task, now).await?;
        self.commit(prepared).await
    }

    async fn refresh(&self) {
        self.storage.refresh_revisions().await.expect("revisions");
        self.keyring.refresh(&self.storage, &self.sealer).await.expect("keys");
    }

    async fn states(&self) -> Vec<(KeyId, State)> {
        let all = self.storage.read().await.expect("a connection").signing_keys().all().await.expect("keys");
        all.into_iter().map(|stored| (stored.key.id, stored.key.state)).collect()
    }

    fn signer(&self) -> KeyId {
        self.keyring.signer(Algorithm::EdDsa).expect("a key").id().clone()
    }

    fn token(&self) -> String {
        self.keyring.signer(Algorithm::EdDsa).expect("a key").sign(Typ::AccessToken, &serde_json::json!({"sub": "x"}))
    }

    fn accepts(&self, token: &str) -> bool {
        self.keyring.verify(token, Typ::AccessToken).is_ok()
    }

    fn shows(&self, id: &KeyId) -> bool {
        String::from_utf8_lossy(self.keyring.jwks().body()).contains(id.as_str())
    }
}

const DAY: i64 = 86_400_000;

fn policy() -> Policy {
    Policy {
        algorithms: vec![Algorithm::Es256, Algorithm::EdDsa],
        rotation: Duration::from_hours(10 * 24),
        publication: Duration::from_hours(24),
        token_life: Duration::from_mins(15),
    }
}

fn master() -> MasterKeySource {
    MasterKeySource::Text("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".into())
}

fn changes(events: &[KeyEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.change.name()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_keys_sign_at_once_and_are_the_same_everywhere() {
    for database in databases().await {
        let (here, there) =
            (Node::on(database.storage.clone(), master()), Node::on(database.second_node().await, master()));
        // Both have seen an empty table and made keys of their own.
        let (ours, theirs) = (here.prepare(Task::Schedule, 0).await, there.prepare(Task::Schedule, 0).await);
        let (ours, theirs) = tokio::join!(here.commit(ours.expect("keys")), there.commit(theirs.expect("keys")));
        let mut counts = [ours.expect("done").len(), theirs.expect("done").len()];
        counts.sort_unstable();
        assert_eq!(counts, [0, 4], "one node published and activated two keys, the other none");
        assert_eq!(here.states().await.len(), 2);
        here.refresh().await;
        there.refresh().await;
        assert!(here.keyring.is_ready() && there.keyring.is_ready());
        assert!(!here.keyring.is_due(Timestamp(1)) && here.keyring.is_due(Timestamp(9 * DAY)));
        assert!(here.accepts(&there.token()) && there.accepts(&here.token()));
        assert_eq!(here.keyring.jwks(), there.keyring.jwks());
        assert!(here.prepare(Task::Schedule, 1).await.expect("looked").is_idle());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_leaves_what_takes_long_for_later() {
    for database in databases().await {
        let all = Policy { algorithms: Algorithm::ALL.to_vec(), ..policy() };
        let node = Node::offering(database.storage.clone(), master(), all);
        assert!(node.keyring.is_due(Timestamp(0)) && !node.keyring.is_ready());
        node.run(Task::FirstKeys, 0).await.expect("done");
        assert!(node.keyring.signer(Algorithm::Es256).is_some() && node.keyring.signer(Algorithm::EdDsa).is_some());
        assert!(node.keyring.is_due(Timestamp(0)) && !node.keyring.is_ready());
        assert!(node.prepare(Task::FirstKeys, 0).await.expect("looked").is_idle());
        node.run(Task::Schedule, 0).await.expect("done");
        assert!(!node.keyring.is_due(Timestamp(0)) && node.keyring.is_ready());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_goes_through_all_stations() {
    for database in databases().await {
        let (node, other) =
            (Node::on(database.storage.clone(), master()), Node::on(database.second_node().await, master()));
        node.run(Task::Schedule, 0).await.expect("done");
        let (old_id, old_token) = (node.signer(), node.token());

        let events = node.run(Task::Rotate(Some(Algorithm::EdDsa)), DAY).await.expect("done");
        assert_eq!(changes(&events), ["published"]);
        let new_id = events[0].id.clone();
        other.refresh().await;
        assert!(other.shows(&new_id) && other.shows(&old_id) && other.signer() == old_id);
        assert!(node.prepare(Task::Rotate(Some(Algorithm::EdDsa)), DAY + 1).await.expect("looked").is_idle());
        assert!(node.prepare(Task::Schedule, 2 * DAY - 1).await.expect("looked").is_idle());

        // Both nodes find it due.
        let (ours, theirs) =
            (node.prepare(Task::Schedule, 2 * DAY).await, other.prepare(Task::Schedule, 2 * DAY).await);
        let (ours, theirs) = tokio::join!(node.commit(ours.expect("due")), other.commit(theirs.expect("due")));
        let events = [ours.expect("done"), theirs.expect("done")].concat();
        assert_eq!(changes(&events), ["retired", "activated"]);
        node.refresh().await;
        other.refresh().await;
        assert!(node.signer() == new_id && other.signer() == new_id);
        assert!(node.accepts(&old_token) && other.accepts(&old_token) && other.accepts(&node.token()));

        let events = other.run(Task::Schedule, 2 * DAY + 7_200_000).await.expect("done");
        assert_eq!(changes(&events), ["removed"]);
        node.refresh().await;
        assert!(!node.shows(&old_id) && !node.accepts(&old_token));
        let states = node.states().await;
        assert_eq!(states.len(), 3, "a row is never deleted");
        assert!(states.contains(&(old_id, State::Gone)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_forgotten_with_its_last_signature() {
    for database in databases().await {
        let node = Node::on(database.storage.clone(), master());
        node.run(Task::Schedule, 0).await.expect("done");
        node.run(Task::Rotate(None), 1).await.expect("done");
        node.run(Task::Schedule, DAY + 1).await.expect("done");
        node.run(Task::Revoke(node.signer()), DAY + 2).await.expect("done");
        let stored = node.storage.read().await.expect("a connection").signing_keys().all().await.expect("keys");
        for key in stored {
            let signs = matches!(key.key.state, State::Current { .. });
            assert_eq!(key.sealed_private.is_some(), signs, "{:?}", key.key);
            assert_eq!(key.revoked_at, (key.key.state == State::Gone).then_some(Timestamp(DAY + 2)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_and_its_tokens_are_worth_nothing_at_once() {
    for database in databases().await {
        let (node, other) =
            (Node::on(database.storage.clone(), master()), Node::on(database.second_node().await, master()));
        node.run(Task::Schedule, 0).await.expect("done");
        other.refresh().await;
        let (id, token) = (node.signer(), node.token());
        let events = node.run(Task::Revoke(id.clone()), 1).await.expect("done");
        assert_eq!(changes(&events), ["revoked", "published", "activated"]);
        assert!(!node.accepts(&token) && !node.shows(&id) && node.signer() != id);
        assert!(other.accepts(&token), "it learns within a second");
        other.refresh().await;
        assert!(!other.accepts(&token) && other.accepts(&node.token()));

        // A next key takes the place, if there is one.
        node.run(Task::Rotate(None), 2).await.expect("done");
        let events = node.run(Task::Revoke(node.signer()), 3).await.expect("done");
        assert_eq!(changes(&events), ["revoked", "activated"]);
        let unknown = node.run(Task::Revoke(id), 4).await;
        assert!(matches!(unknown, Err(RotationFault::NotPublished(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_master_key_says_so_and_keeps_what_it_has() {
    for database in databases().await {
        let node = Node::on(database.storage.clone(), master());
        node.run(Task::Schedule, 0).await.expect("done");
        let other_master = MasterKeySource::Text("AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=".into());
        let stranger = Node::on(database.second_node().await, other_master);
        let fault = stranger.keyring.refresh(&stranger.storage, &stranger.sealer).await.expect_err("refused");
        assert!(
            matches!(&fault, LoadFault::Sealed(_)) && fault.to_string().contains(&node.sealer.current_id()),
            "{fault}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_replaced_while_nodes_run() {
    for database in databases().await {
        let folder = tempfile::tempdir().expect("a folder");
        let file = MasterKeySource::File(folder.path().join("keys/master.key"));
        let (node, other) =
            (Node::on(database.storage.clone(), file.clone()), Node::on(database.second_node().await, file.clone()));
        node.run(Task::Schedule, 0).await.expect("done");
        node.run(Task::Rotate(None), 1).await.expect("done");
        let (first, signer) = (node.sealer.current_id(), node.signer());

        let second = rekey::introduce(&node.sealer, &Random::system()).expect("introduced");
        let told: storage::Result<()> = node
            .storage
            .write(|tx| {
                tx.bump(Revision::Keys);
                Box::pin(async { Ok(()) })
            })
            .await;
        told.expect("told");
        assert!(second != first && second == node.sealer.current_id());
        other.refresh().await;
        assert_eq!(other.sealer.current_id(), second, "every node learns of it");
        assert_eq!(rekey::reseal(&node.storage, &node.sealer).await.expect("sealed anew"), 4);
        assert_eq!(rekey::reseal(&node.storage, &node.sealer).await.expect("nothing left"), 0);
        rekey::forget_previous(&node.storage, &node.sealer).await.expect("forgotten");

        let fresh = Node::on(database.second_node().await, file.clone());
        assert_eq!(file.read().expect("read").iter().count(), 1);
        fresh.refresh().await;
        assert_eq!(fresh.signer(), signer);
        assert!(other.accepts(&fresh.token()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_from_the_environment_is_replaced_by_hand() {
    const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
    for database in databases().await {
        let node = Node::on(database.storage.clone(), master());
        node.run(Task::Schedule, 0).await.expect("done");
        let refused = rekey::introduce(&node.sealer, &Random::system());
        assert!(matches!(refused, Err(rekey::RekeyFault::FromEnvironment)));

        let both = MasterKeySource::Text(format!("{NEW},{OLD}").into());
        let node = Node::on(database.second_node().await, both);
        rekey::introduce(&node.sealer, &Random::system()).expect("the first key is the new one");
        assert_eq!(rekey::reseal(&node.storage, &node.sealer).await.expect("sealed anew"), 2);
        rekey::forget_previous(&node.storage, &node.sealer).await.expect("nothing rests on the old one");
        Node::on(database.second_node().await, MasterKeySource::Text(NEW.into())).refresh().await;
    }
}
