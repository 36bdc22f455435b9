//! Proofs that were used.
//!
//! A server that is alone on its database (SQLite) remembers in memory those that hold a nonce of its own: no server after it
//! takes these nonces, so that none of these proofs comes back with a restart. All others are kept in the database, where
//! every node sees them.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
};

use super::nonce;
use crate::{
    clock::Timestamp,
    random::Random,
    secret::{ExposeSecret, TokenHash},
    storage::{Engine, Storage},
};

/// How many proofs one generation holds: two thousand a second in the life of a nonce, in 18 MB.
const MOST: usize = 500_000;

/// What was made of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The first one.
    First,
    /// It was used before.
    Again,
    /// Memory is full: nobody can tell.
    Full,
}

/// Proofs that were used since this server started.
#[derive(Debug)]
pub struct UsedProofs {
    instance: String,
    memory: Option<Mutex<Memory>>,
}

/// Two generations: a proof is forgotten when the nonces of its time are taken no more.
#[derive(Debug, Default)]
struct Memory {
    turned_at: Option<Timestamp>,
    present: HashSet<[u8; 16]>,
    past: HashSet<[u8; 16]>,
}

impl UsedProofs {
    /// None was used yet.
    #[must_use]
    pub fn of(storage: &Storage, random: &Random) -> Self {
        match storage.engine() {
            Engine::Postgres => Self { instance: String::new(), memory: None },
            Engine::Sqlite => {
                Self { instance: random.token().0.expose_secret().to_owned(), memory: Some(Mutex::default()) }
            }
        }
    }

    /// What the nonces of this server are made with, besides the time: nothing where other nodes have to know them.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Remembers a proof that holds a nonce of this server; `None` where the database has to.
    pub fn remember(&self, proof: &TokenHash, now: Timestamp) -> Option<Use> {
        let memory = self.memory.as_ref()?;
        Some(memory.lock().unwrap_or_else(PoisonError::into_inner).remember(proof, now, MOST))
    }
}

impl Memory {
    fn remember(&mut self, proof: &TokenHash, now: Timestamp, most: usize) -> Use {
        self.turn(now);
        let mut half = [0; 16];
        half.copy_from_slice(&proof.to_vec()[..16]);
        if self.past.contains(&half) || self.present.contains(&half) {
            return Use::Again;
        }
        if self.present.len() >= most {
            return Use::Full;
        }
        self.present.insert(half);
        Use::First
    }

    fn turn(&mut self, now: Timestamp) {
        let turned_at = *self.turned_at.get_or_insert(now);
        let age = now.since(turned_at);
        if age >= nonce::LIFE {
            let over = age >= 2 * nonce::LIFE;
            self.past = if over { HashSet::new() } else { mem::take(&mut self.present) };
            self.present = HashSet::new();
            self.turned_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::databases;

    #[test]
    fn a_proof_is_remembered_for_as_long_as_its_nonce_is_taken() {
        let life = i64::try_from(nonce::LIFE.as_millis()).unwrap();
        let mut memory = Memory::default();
        for (proof, at, expected) in [
            ("a", 0, Use::First),
            ("a", 1, Use::Again),
            ("b", life - 1, Use::First),
            ("c", life - 1, Use::Full),
            ("a", life, Use::Again),
            ("c", life, Use::First),
            ("b", 2 * life - 1, Use::Again),
            ("c", 2 * life, Use::Again),
            ("b", 2 * life, Use::First),
            ("b", 4 * life, Use::First),
        ] {
            assert_eq!(memory.remember(&TokenHash::of(proof), Timestamp(at), 2), expected, "{proof} at {at}");
        }
    }

    #[tokio::test]
    async fn only_a_server_alone_on_its_database_remembers_by_itself() {
        for database in databases().await {
            let random = Random::seeded(1);
            let [one, next] = [(); 2].map(|()| UsedProofs::of(&database.storage, &random));
            let is_alone = database.storage.engine() == Engine::Sqlite;
            assert_eq!(one.instance() == next.instance(), !is_alone, "the next server takes nonces of the last one");
            assert_eq!(one.remember(&TokenHash::of("a"), Timestamp(0)).is_some(), is_alone);
        }
    }
}
