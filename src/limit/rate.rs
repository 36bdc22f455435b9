//! How much somebody who is known may ask of us: a token bucket (a burst, then so many a second) for each, in the memory of
//! one node.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Verdict;
use crate::clock::{Clock, Timestamp};

/// Buckets that are kept at once; beyond it those that are full again are forgotten, which changes nothing for anybody.
const MOST: usize = 4096;

/// Limits requests by key.
#[derive(Debug)]
pub struct Rate {
    /// How long one request takes to be forgotten, in microseconds.
    each: i64,
    burst: i64,
    clock: Clock,
    /// Until when each is busy with what was asked, in microseconds: a bucket that fills up by itself.
    busy: Mutex<HashMap<String, i64>>,
}

impl Rate {
    /// A limit that has seen nobody.
    #[must_use]
    pub fn new(per_second: u32, burst: u32, clock: Clock) -> Self {
        let each = 1_000_000 / i64::from(per_second.max(1));
        Self { each, burst: i64::from(burst.max(1)), clock, busy: Mutex::default() }
    }

    /// Counts one request of `key`, unless it has to wait.
    pub fn take(&self, key: &str) -> Verdict {
        self.take_many(key, 1)
    }

    /// Counts one request that is worth so many, unless it has to wait; none is worth more than a burst.
    pub fn take_many(&self, key: &str, worth: u32) -> Verdict {
        let worth = i64::from(worth).min(self.burst);
        let now = micros(self.clock.now());
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let until = busy.get(key).copied().unwrap_or(now);
        // A clock that was set back must not lock anybody out for the difference.
        let until = until.clamp(now, now + self.each * self.burst) + self.each * worth;
        let over = until - now - self.each * self.burst;
        if over > 0 {
            return Verdict::Wait(Duration::from_micros(u64::try_from(over).unwrap_or(0)));
        }
        if busy.len() >= MOST && !busy.contains_key(key) {
            busy.retain(|_, until| *until > now);
        }
        match busy.get_mut(key) {
            Some(known) => *known = until,
            None => drop(busy.insert(key.to_owned(), until)),
        }
        Verdict::Allowed
    }
}

fn micros(at: Timestamp) -> i64 {
    at.0.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> (Rate, Clock) {
        let clock = Clock::fixed(Timestamp(1_800_000_000_000));
        (Rate::new(per_second, burst, clock.clone()), clock)
    }

    fn allowed(rate: &Rate, key: &str) -> usize {
        (0..1000).take_while(|_| rate.take(key) == Verdict::Allowed).count()
    }

    #[test]
    fn a_burst_is_free_and_then_so_many_a_second() {
        let (rate, clock) = rate(10, 5);
        assert_eq!(allowed(&rate, "entra"), 5);
        assert_eq!(rate.take("entra"), Verdict::Wait(Duration::from_millis(100)));
        assert_eq!(rate.take("entra"), Verdict::Wait(Duration::from_millis(100)), "what was refused costs nothing");
        clock.advance(Duration::from_millis(200));
        assert_eq!(allowed(&rate, "entra"), 2);
        clock.advance(Duration::from_secs(60));
        assert_eq!(allowed(&rate, "entra"), 5, "more than the burst is never saved up");
        assert_eq!(allowed(&rate, "okta"), 5, "each has its own");
    }

    #[test]
    fn a_request_may_be_worth_many() {
        let (rate, clock) = rate(10, 5);
        assert_eq!(rate.take_many("entra", 4), Verdict::Allowed);
        assert_eq!(rate.take_many("entra", 3), Verdict::Wait(Duration::from_millis(200)));
        assert_eq!(rate.take("entra"), Verdict::Allowed, "what was refused costs nothing");
        assert_eq!(rate.take_many("entra", 0), Verdict::Allowed);
        clock.advance(Duration::from_millis(500));
        assert_eq!(rate.take_many("entra", 1000), Verdict::Allowed, "it must be possible at some time");
        assert_eq!(rate.take("entra"), Verdict::Wait(Duration::from_millis(100)));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let clock = Clock::fixed(Timestamp(1_800_000_000_000));
        let rate = Rate::new(10, 5, clock);
        rate.busy.lock().unwrap().insert("entra".to_owned(), micros(Timestamp(1_900_000_000_000)));
        assert_eq!(rate.take("entra"), Verdict::Wait(Duration::from_millis(100)));
    }

    #[test]
    fn memory_is_bounded_by_those_who_are_busy() {
        let (rate, clock) = rate(10, 5);
        for key in 0..MOST {
            assert_eq!(rate.take(&key.to_string()), Verdict::Allowed);
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(rate.take("late"), Verdict::Allowed);
        assert_eq!(rate.busy.lock().unwrap().len(), 1);
    }
}
