//! How often credentials were used on this node since that was last written down: counted in memory, so that no request
//! waits for it, and written for all together once a minute and at the end.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{clock::Timestamp, id::ConnectionTokenId};

/// How long counts wait at most.
const LONGEST: Duration = Duration::from_mins(1);

/// How often each was used and when last, by its id.
pub type Counts = BTreeMap<ConnectionTokenId, (i64, Timestamp)>;

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// When the first of them came.
    since: Option<Timestamp>,
    counts: Counts,
}

impl Uses {
    /// Counts one use.
    pub fn note(&self, credential: &ConnectionTokenId, now: Timestamp) {
        self.add(credential, (1, now), now);
    }

    /// What is to be written now: all that waits, once some of it has waited for a minute.
    pub fn due(&self, now: Timestamp) -> Counts {
        let is_due = self.lock().since.is_some_and(|since| now.since(since) >= LONGEST);
        if is_due { self.take() } else { Counts::default() }
    }

    /// All that waits.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.lock()).counts
    }

    /// Puts back what could not be written; it waits for another minute.
    pub fn put_back(&self, counts: Counts, now: Timestamp) {
        for (credential, count) in counts {
            self.add(&credential, count, now);
        }
    }

    fn add(&self, credential: &ConnectionTokenId, (uses, last): (i64, Timestamp), now: Timestamp) {
        let mut waiting = self.lock();
        waiting.since.get_or_insert(now);
        if let Some(known) = waiting.counts.get_mut(credential) {
            *known = (known.0 + uses, known.1.max(last));
        } else {
            waiting.counts.insert(credential.clone(), (uses, last));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_together_a_minute_after_the_first() {
        let uses = Uses::default();
        let id = |n: u8| ConnectionTokenId::from_stored(format!("sct_{n}"));
        let at = |seconds: i64| Timestamp(seconds * 1000);
        assert!(uses.due(at(0)).is_empty());
        uses.note(&id(1), at(0));
        uses.note(&id(2), at(30));
        uses.note(&id(1), at(59));
        assert!(uses.due(at(59)).is_empty());
        let due = uses.due(at(60));
        assert_eq!(due, Counts::from([(id(1), (2, at(59))), (id(2), (1, at(30)))]));
        assert!(uses.due(at(1000)).is_empty(), "they are written once");
        uses.note(&id(1), at(61));
        uses.put_back(due, at(62));
        assert_eq!(uses.take(), Counts::from([(id(1), (3, at(61))), (id(2), (1, at(30)))]), "none is lost");
    }
}
