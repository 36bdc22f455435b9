//! What is written down of something that repeats: the first times one by one, then each time their number has doubled.
//!
//! So a flood is seen as it begins and as it grows, within a factor of two, and costs a handful of writes.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::clock::{Clock, Timestamp};

/// Counting begins anew after this time.
const WINDOW: Duration = Duration::from_hours(1);

/// Times that are written down one by one.
const ALONE: u64 = 5;

/// Keys that are counted apart; all beyond them are counted as one.
const MOST: usize = 4096;

/// Counts what repeats, by key, in the memory of one node.
#[derive(Debug)]
pub struct Recurrences<K> {
    clock: Clock,
    counts: Mutex<Counts<K>>,
}

#[derive(Debug)]
struct Counts<K> {
    began: Timestamp,
    apart: HashMap<K, u64>,
    others: u64,
}

impl<K: Hash + Eq> Recurrences<K> {
    /// Nothing happened yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let counts = Counts { began: clock.now(), apart: HashMap::new(), others: 0 };
        Self { clock, counts: Mutex::new(counts) }
    }

    /// Counts one more time of `key`: how many there were within the hour, if this one is to be written down.
    pub fn count(&self, key: K) -> Option<u64> {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(counts.began) >= WINDOW {
            *counts = Counts { began: now, apart: HashMap::new(), others: 0 };
        }
        let is_apart = counts.apart.len() < MOST || counts.apart.contains_key(&key);
        let times = if is_apart { counts.apart.entry(key).or_default() } else { &mut counts.others };
        *times += 1;
        (*times <= ALONE || times.is_power_of_two()).then_some(*times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recurrences() -> Recurrences<u64> {
        Recurrences::new(Clock::fixed(Timestamp(1_800_000_000_000)))
    }

    #[test]
    fn the_first_times_are_written_and_then_each_doubling() {
        let recurrences = recurrences();
        let written: Vec<u64> = (0..1000).filter_map(|_| recurrences.count(1)).collect();
        assert_eq!(written, [1, 2, 3, 4, 5, 8, 16, 32, 64, 128, 256, 512]);
        assert_eq!(recurrences.count(2), Some(1), "another key is counted apart");
    }

    #[test]
    fn counting_begins_anew_each_hour() {
        let recurrences = recurrences();
        assert_eq!((0..7).filter_map(|_| recurrences.count(1)).count(), 5);
        recurrences.clock.advance(WINDOW);
        assert_eq!(recurrences.count(1), Some(1));
    }

    #[test]
    fn a_flood_of_keys_is_bounded_too() {
        let recurrences = recurrences();
        let many = 100 * u64::try_from(MOST).expect("small");
        let written = (0..many).filter_map(|key| recurrences.count(key)).count();
        assert!(written < MOST + 30, "{written}");
        assert_eq!(recurrences.count(0), Some(2), "who was known before is still counted apart");
    }
}
