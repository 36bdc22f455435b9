//! Hashing of passwords: Argon2id (RFC 9106) on threads of its own.
//!
//! A hash costs as much as a hundred tokens, so it neither runs on the threads that answer requests nor waits without
//! bound: a few threads, each with memory that is kept between calls and freed when idle, and a fair, bounded queue.
//! Whoever finds it full hears so a moment later, so that a flood that asks again at once costs others nothing.
//! Stored hashes are PHC strings. What the server does with a right or wrong password is decided elsewhere.

mod arena;
mod password;
mod queue;
mod stored;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, oneshot},
    time::sleep,
};

use self::{
    arena::Arena,
    queue::{Next, Queue},
    stored::Stored,
};
pub use self::{
    password::{Password, TooLong},
    stored::NotAHash,
};
use crate::{config::Hashing, limit::Network, random::Random, secret::equal};

/// Memory of a thread that had nothing to do for this long is freed.
const IDLE: Duration = Duration::from_secs(30);

/// Whoever found no room is told so after this time.
const PAUSE: Duration = Duration::from_secs(1);

/// So many may wait to be told; one more is told at once.
const PAUSING: usize = 1024;

/// Hashes and verifies passwords; cheap to clone. Its threads end with the last clone.
#[derive(Debug, Clone)]
pub struct Hasher(Arc<Threads>);

/// Whether a password is the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is another, or there is none stored.
    Different,
    /// It is the stored one.
    Same,
    /// It is the stored one, whose hash is to be replaced: the cost was raised since.
    SameButOutdated,
}

/// Too many passwords wait to be hashed; ask again in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Busy;

#[derive(Debug)]
struct Threads {
    queue: Arc<Queue<Task>>,
    pausing: Semaphore,
    cost: Hashing,
    random: Random,
}

/// One hash to compute, and whoever waits for it.
#[derive(Debug)]
struct Task {
    password: Password,
    hash: Stored,
    done: oneshot::Sender<Vec<u8>>,
}

impl Hasher {
    /// Starts the threads; they take no memory until they have something to do.
    ///
    /// # Panics
    /// When the operating system refuses a thread.
    #[must_use]
    pub fn start(cost: Hashing, random: Random) -> Self {
        Self::start_with(cost, random, IDLE)
    }

    fn start_with(cost: Hashing, random: Random, idle: Duration) -> Self {
        let queue = Arc::new(Queue::new(cost.queue));
        for number in 0..cost.threads {
            let queue = queue.clone();
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue, idle))
                .expect("the operating system has a thread for hashing");
        }
        Self(Arc::new(Threads { queue, pausing: Semaphore::new(PAUSING), cost, random }))
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Busy`] when too many wait already.
    pub async fn hash(&self, password: Password, from: Network) -> Result<String, Busy> {
        let hash = Stored::fresh(&self.0.cost, self.0.random.bytes());
        let digest = self.digest(password, hash.clone(), from).await?;
        Ok(hash.with_digest(digest).to_string())
    }

    /// Compares a password with a stored PHC string. Without one it takes the same time, so that nobody learns which
    /// accounts have a password.
    ///
    /// # Errors
    /// [`Busy`] when too many wait already.
    pub async fn verify(&self, password: Password, stored: Option<&str>, from: Network) -> Result<Comparison, Busy> {
        let parsed = stored.and_then(|text| match text.parse::<Stored>() {
            Ok(stored) => Some(stored),
            Err(error) => {
                tracing::error!(%error, "A stored password cannot be read; nobody can sign in with it.");
                None
            }
        });
        let hash = parsed.clone().unwrap_or_else(|| Stored::fresh(&self.0.cost, [0; 16]));
        let digest = self.digest(password, hash, from).await?;
        Ok(match parsed {
            Some(stored) if !equal(stored.digest(), &digest) => Comparison::Different,
            Some(stored) if stored.is_outdated(&self.0.cost) => Comparison::SameButOutdated,
            Some(_) => Comparison::Same,
            None => Comparison::Different,
        })
    }

    async fn digest(&self, password: Password, hash: Stored, from: Network) -> Result<Vec<u8>, Busy> {
        let (done, digest) = oneshot::channel();
        let room = self.0.queue.push(from, Task { password, hash, done });
        // The sender is dropped without an answer when a fairer claim took the place in the queue.
        let digest = if room.is_ok() { digest.await.ok() } else { None };
        match digest {
            Some(digest) => Ok(digest),
            None => Err(self.pause().await),
        }
    }

    /// Lets somebody who found no room wait before they ask again.
    async fn pause(&self) -> Busy {
        if let Ok(_place) = self.0.pausing.try_acquire() {
            sleep(PAUSE).await;
        }
        Busy
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl queue::Abandon for Task {
    fn is_abandoned(&self) -> bool {
        self.done.is_closed()
    }
}

/// How far these threads step back behind those that answer requests, of 19: apps go on while everybody signs in at once.
const NICENESS: i32 = 10;

fn work(queue: &Queue<Task>, idle: Duration) {
    // On Linux it is this thread's alone. Without it all works, only less smoothly.
    let _ = rustix::process::nice(NICENESS);
    let mut arena = Arena::default();
    loop {
        let patience = (!arena.is_empty()).then_some(idle);
        match queue.next(patience) {
            Next::Task(task) if task.done.is_closed() => {}
            Next::Task(Task { password, hash, done }) => {
                let digest = catch_unwind(AssertUnwindSafe(|| hash.compute(&password, &mut arena)));
                match digest {
                    Ok(Ok(digest)) => drop(done.send(digest)),
                    Ok(Err(error)) => tracing::error!(%error, "A password could not be hashed."),
                    Err(_) => arena = Arena::default(),
                }
            }
            Next::Nothing => arena.release(),
            Next::Closed => return,
        }
    }
}

#[cfg(test)]
mod tests;
