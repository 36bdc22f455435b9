//! How fast somebody may try: the first line against guessing, in the memory of one node.
//!
//! Attempts are charged before they are answered, so that a thousand at once are no cheaper than one after the other.
//! After some free ones each waits longer than the one before; what was refused costs nothing, so that hammering does
//! not lengthen the wait. Memory is bounded, and no flood of other keys makes a key forgotten (see `table.rs`). The
//! count of failures that survives a restart and is shared by all nodes lives in the database.

mod delay;
mod network;
mod rate;
mod recurrence;
mod sign_in;
mod table;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use self::{delay::Delay, table::Table};
pub use self::{
    delay::wait_of,
    network::Network,
    rate::Rate,
    recurrence::Recurrences,
    sign_in::{Origin, SignInLimit},
};
use crate::{
    clock::{Clock, Timestamp},
    config::Rule,
    random::Random,
    secret::sha256,
};

/// The answer to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was charged and may be answered.
    Allowed,
    /// It was not charged; the next one is allowed after this time.
    Wait(Duration),
}

/// Limits attempts by key: a login name, a network, a client.
#[derive(Debug)]
pub struct Throttle {
    delay: Delay,
    clock: Clock,
    /// Keys are hashed with it, so that nobody outside knows which keys share a place in the table.
    seed: [u8; 32],
    table: Mutex<Table>,
}

impl Throttle {
    /// A throttle that has seen nobody.
    #[must_use]
    pub fn new(rule: Rule, clock: Clock, random: &Random) -> Self {
        Self { delay: Delay::of(rule), clock, seed: random.bytes(), table: Mutex::default() }
    }

    /// Charges one attempt by `key`, unless it has to wait.
    pub fn attempt(&self, key: impl AsRef<[u8]>) -> Verdict {
        let now = self.clock.now();
        let mut table = self.table();
        let (tally, slot) = table.find_or_insert(self.print(key.as_ref()), now);
        let wait = self.delay.wait(tally, now);
        if !wait.is_zero() {
            return Verdict::Wait(wait);
        }
        *slot = self.delay.charged(tally, now);
        Verdict::Allowed
    }

    /// Takes back the charge of one attempt that was none to hold against `key`.
    pub fn refund(&self, key: impl AsRef<[u8]>) {
        let print = self.print(key.as_ref());
        if let Some(tally) = self.table().find(print) {
            *tally = self.delay.refunded(*tally);
        }
    }

    /// Forgets all attempts by `key`.
    pub fn forgive(&self, key: impl AsRef<[u8]>) {
        let print = self.print(key.as_ref());
        if let Some(tally) = self.table().find(print) {
            *tally = tally.forgiven();
        }
    }

    /// The same, if the last was no later than `at`: whoever tried since is counted.
    pub fn forgive_until(&self, key: impl AsRef<[u8]>, at: Timestamp) {
        let print = self.print(key.as_ref());
        if let Some(tally) = self.table().find(print)
            && tally.last <= at
        {
            *tally = tally.forgiven();
        }
    }

    fn print(&self, key: &[u8]) -> u64 {
        let digest = sha256(&[&self.seed, key].concat());
        let mut print = [0; 8];
        print.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(print)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while the lock is held, and half a charge would do no harm.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    const RULE: Rule = Rule { attempts: 3, recovery: Duration::from_mins(5), longest_wait: Duration::from_mins(15) };

    fn throttle() -> (Throttle, Clock) {
        let clock = Clock::fixed(Timestamp(1_800_000_000_000));
        (Throttle::new(RULE, clock.clone(), &Random::seeded(1)), clock)
    }

    const fn wait(seconds: u64) -> Verdict {
        Verdict::Wait(Duration::from_secs(seconds))
    }

    #[test]
    fn attempts_are_free_at_first_and_then_slower_and_slower() {
        let (throttle, clock) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
        for seconds in [1, 2, 4, 8, 16] {
            assert_eq!(throttle.attempt("max"), wait(seconds));
            clock.advance(Duration::from_secs(seconds - 1));
            assert_eq!(throttle.attempt("max"), wait(1), "what was refused costs nothing");
            clock.advance(Duration::from_secs(1));
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
    }

    #[test]
    fn keys_are_apart() {
        let (throttle, _) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
        assert_eq!(throttle.attempt("max"), wait(1));
        assert_eq!(throttle.attempt("priya"), Verdict::Allowed);
    }

    #[test]
    fn attempts_are_forgotten_one_by_one() {
        let (throttle, clock) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
        clock.advance(RULE.recovery);
        assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        assert_eq!(throttle.attempt("max"), wait(1));
    }

    #[test]
    fn a_flood_of_other_keys_does_not_make_a_key_forgotten() {
        let (throttle, _) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
        for number in 0..4 * Table::CAPACITY {
            // Three each: as many as the attacked account has.
            for _ in 0..3 {
                throttle.attempt(number.to_string());
            }
        }
        assert_ne!(throttle.attempt("max"), Verdict::Allowed);
        assert!(throttle.table().len() <= Table::CAPACITY);
    }

    #[test]
    fn a_flood_that_is_over_is_forgotten() {
        let (throttle, clock) = throttle();
        for number in 0..2 * Table::CAPACITY {
            for _ in 0..3 {
                throttle.attempt(number.to_string());
            }
        }
        clock.advance(RULE.recovery * 20);
        for number in 0..100 {
            assert_eq!(throttle.attempt(format!("late {number}")), Verdict::Allowed);
        }
    }

    #[test]
    fn refunds_and_forgiveness_reach_the_key() {
        let (throttle, _) = throttle();
        for _ in 0..10 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
            throttle.refund("max");
        }
        for _ in 0..3 {
            assert_eq!(throttle.attempt("max"), Verdict::Allowed);
        }
        assert_eq!(throttle.attempt("max"), wait(1));
        throttle.forgive("max");
        assert_eq!(throttle.attempt("max"), Verdict::Allowed);
    }
}
