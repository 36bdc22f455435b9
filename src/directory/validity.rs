//! A stretch of time in which something holds.

use crate::clock::Timestamp;

/// From an instant (inclusive) until an instant (exclusive), either of them open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// Before this instant it does not hold yet.
    pub from: Option<Timestamp>,
    /// At this instant it holds no more.
    pub until: Option<Timestamp>,
}

/// An end that does not lie after its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the end must lie after the beginning")]
pub struct EndsBeforeItBegins;

impl Validity {
    /// Holds always.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// A stretch of time.
    ///
    /// # Errors
    /// When it would be empty.
    pub fn new(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, EndsBeforeItBegins> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => Err(EndsBeforeItBegins),
            _ => Ok(Self { from, until }),
        }
    }

    /// Whether it holds at `now`.
    #[must_use]
    pub fn contains(self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether its end is past.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether it holds without an end.
    #[must_use]
    pub fn is_permanent(self, now: Timestamp) -> bool {
        self.contains(now) && self.until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_belongs_to_it_and_the_end_does_not() {
        let at = |n| Some(Timestamp(n));
        for (from, until, now, expected) in [
            (None, None, 5, true),
            (at(5), None, 5, true),
            (at(6), None, 5, false),
            (None, at(5), 5, false),
            (None, at(6), 5, true),
            (at(1), at(9), 9, false),
        ] {
            let validity = Validity::new(from, until).unwrap();
            assert_eq!(validity.contains(Timestamp(now)), expected, "{from:?} {until:?} {now}");
        }
        assert_eq!(Validity::new(at(5), at(5)), Err(EndsBeforeItBegins));
    }
}
