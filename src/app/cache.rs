//! What is kept in memory: until one of the counters that it depends on moves, and for ten seconds at most.
//!
//! Changes are noticed at once; what begins or ends by the calendar alone is noticed that late, and not at all late where
//! whoever keeps a value knows its end.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::App;
use crate::{
    clock::Timestamp,
    storage::{Revision, Storage},
};

const LIFE: Duration = Duration::from_secs(10);

/// More than a server has in use at once; beyond it a cache begins anew.
const MOST: usize = 4096;

/// How often each of the counters of a cache has moved.
type Counts = [u64; 4];

/// When a value was looked for: taken before the value is read, so that a change in between makes it an old one.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    counts: Counts,
    now: Timestamp,
}

/// Values by their key; bounded.
pub(crate) struct Cache<K, V> {
    counters: &'static [Revision],
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    counts: Counts,
    values: HashMap<K, Entry<V>>,
}

struct Entry<V> {
    value: V,
    until: Timestamp,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// Of values that depend on what these count; at most four.
    pub(crate) fn of(counters: &'static [Revision]) -> Self {
        Self { counters, kept: Mutex::new(Kept { counts: Counts::default(), values: HashMap::new() }) }
    }

    pub(crate) fn moment(&self, app: &App) -> Moment {
        Moment { counts: counts(&app.storage, self.counters), now: app.clock.now() }
    }

    pub(crate) fn find<Q: ?Sized + Hash + Eq>(&self, key: &Q, moment: Moment) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let kept = self.lock();
        let entry = kept.values.get(key).filter(|entry| kept.counts == moment.counts && moment.now < entry.until);
        entry.map(|entry| entry.value.clone())
    }

    /// Keeps a value that was read after `moment`; one that is older than those that are kept is not.
    pub(crate) fn keep(&self, key: K, value: V, moment: Moment) {
        self.keep_until(key, value, (moment, None));
    }

    /// The same for a value that ends by the calendar.
    pub(crate) fn keep_until(&self, key: K, value: V, (moment, end): (Moment, Option<Timestamp>)) {
        let mut kept = self.lock();
        if moment.counts.iter().zip(&kept.counts).any(|(own, others)| own < others) {
            return;
        }
        if kept.counts != moment.counts || kept.values.len() >= MOST {
            kept.values.clear();
            kept.counts = moment.counts;
        }
        let latest = moment.now.plus(LIFE);
        kept.values.insert(key, Entry { value, until: end.map_or(latest, |end| latest.min(end)) });
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counts(storage: &Storage, counters: &[Revision]) -> Counts {
    let mut counts = Counts::default();
    for (place, counter) in counts.iter_mut().zip(counters) {
        *place = storage.revision(*counter);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(counts: [u64; 2], seconds: i64) -> Moment {
        Moment { counts: [counts[0], counts[1], 0, 0], now: Timestamp(seconds * 1000) }
    }

    fn cache() -> Cache<String, u8> {
        Cache::of(&[Revision::Clients, Revision::Policies])
    }

    #[test]
    fn a_value_is_kept_until_a_counter_moves() {
        let cache = cache();
        cache.keep("a".into(), 1, at([1, 0], 0));
        assert_eq!(cache.find("a", at([1, 0], 0)), Some(1));
        assert_eq!((cache.find("a", at([2, 0], 0)), cache.find("a", at([1, 1], 0))), (None, None));
        cache.keep("b".into(), 2, at([2, 0], 0));
        assert_eq!((cache.find("a", at([2, 0], 0)), cache.find("b", at([2, 0], 0))), (None, Some(2)));
    }

    #[test]
    fn an_older_value_is_not_kept_and_drives_no_newer_one_out() {
        let cache = cache();
        cache.keep("a".into(), 2, at([2, 5], 0));
        for older in [at([1, 5], 0), at([1, 6], 0), at([2, 4], 0)] {
            cache.keep("a".into(), 1, older);
            cache.keep("b".into(), 1, older);
            assert_eq!(cache.find("a", at([2, 5], 0)), Some(2), "{older:?}");
            assert_eq!((cache.find("b", at([2, 5], 0)), cache.find("b", older)), (None, None), "{older:?}");
        }
    }

    #[test]
    fn a_value_is_kept_for_ten_seconds_or_to_its_end() {
        let cache = cache();
        for (end, last, over) in [(None, 14, 15), (Some(8), 7, 8), (Some(60), 14, 15)] {
            cache.keep_until("a".into(), 1, (at([1, 0], 5), end.map(|end| Timestamp(end * 1000))));
            let found = [last, over].map(|now| cache.find("a", at([1, 0], now)));
            assert_eq!(found, [Some(1), None], "{end:?}");
        }
    }
}
