//! Tallies in bounded memory: a table of small sets, each by the Space-Saving algorithm (Metwally et al., 2005).
//!
//! A key that finds its set full takes the place of the one with the fewest attempts, *and its tally*. So no key is ever
//! counted lower than it deserves: whoever wants an attacked account forgotten has to try as often at every other key of
//! its set, and even then the account comes back with at least as many attempts as it had. All tallies fade at the same
//! rate, so that their order stays. The price is that strangers wait while a flood of that size lasts.

use super::delay::Tally;
use crate::clock::Timestamp;

/// Sets of the table; a power of two.
const SETS: usize = 4096;

/// Places in a set.
const WAYS: usize = 8;

/// Tallies by the hash of their key. Sets take memory when they are first used; a full table takes 1 MiB.
#[derive(Debug)]
pub(super) struct Table(Vec<Vec<Slot>>);

#[derive(Debug)]
struct Slot {
    print: u64,
    tally: Tally,
}

impl Default for Table {
    fn default() -> Self {
        Self(std::iter::repeat_with(Vec::new).take(SETS).collect())
    }
}

impl Table {
    /// Keys that are remembered at once.
    #[cfg(test)]
    pub(super) const CAPACITY: usize = SETS * WAYS;

    /// The tally of a key, and where to write its successor.
    pub(super) fn find_or_insert(&mut self, print: u64, now: Timestamp) -> (Tally, &mut Tally) {
        let set = self.set(print);
        let index = match set.iter().position(|slot| slot.print == print) {
            Some(index) => index,
            None => Self::place(set, print, now),
        };
        let tally = &mut set[index].tally;
        (*tally, tally)
    }

    /// The tally of a key that is remembered.
    pub(super) fn find(&mut self, print: u64) -> Option<&mut Tally> {
        self.set(print).iter_mut().find(|slot| slot.print == print).map(|slot| &mut slot.tally)
    }

    /// A place for a new key: one that has faded, a free one, or that of the least tally, which it inherits.
    fn place(set: &mut Vec<Slot>, print: u64, now: Timestamp) -> usize {
        let least = set.iter().enumerate().min_by_key(|(_, slot)| slot.tally.clear_at).map(|(index, _)| index);
        match least {
            Some(index) if set[index].tally.clear_at <= now => {
                set[index] = Slot { print, tally: Tally::NONE };
                index
            }
            Some(index) if set.len() >= WAYS => {
                let tally = Tally { inherited: set[index].tally.clear_at, ..set[index].tally };
                set[index] = Slot { print, tally };
                index
            }
            _ => {
                set.push(Slot { print, tally: Tally::NONE });
                set.len() - 1
            }
        }
    }

    fn set(&mut self, print: u64) -> &mut Vec<Slot> {
        let mask = u64::try_from(SETS - 1).unwrap_or_default();
        let index = usize::try_from(print & mask).unwrap_or_default();
        &mut self.0[index]
    }

    /// Keys that are remembered now.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of the same set.
    fn print(number: u64) -> u64 {
        number * SETS as u64
    }

    #[test]
    fn a_full_set_hands_its_least_tally_to_a_newcomer() {
        let (mut table, now) = (Table::default(), Timestamp(1000));
        for number in 0..WAYS as u64 {
            let (_, slot) = table.find_or_insert(print(number), now);
            slot.clear_at = Timestamp(2000 + i64::try_from(number).expect("small"));
        }
        let (inherited, _) = table.find_or_insert(print(99), now);
        assert_eq!(inherited.clear_at, Timestamp(2000));
        assert!(table.find(print(0)).is_none());
        assert!(table.find(print(1)).is_some());
        assert_eq!(inherited.forgiven().clear_at, Timestamp(2000), "the attempts of another are not forgiven");
    }

    #[test]
    fn faded_tallies_make_room_first() {
        let mut table = Table::default();
        for number in 0..3 {
            table.find_or_insert(print(number), Timestamp(0)).1.clear_at = Timestamp(1000);
        }
        let (tally, _) = table.find_or_insert(print(99), Timestamp(1000));
        assert_eq!(tally, Tally::NONE);
        assert_eq!(table.len(), 3);
    }
}
