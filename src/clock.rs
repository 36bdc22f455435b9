//! The only reader of system time.
//!
//! Everything else is handed a [`Clock`] or a [`Timestamp`], so that a test decides what time it is.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An instant in Unix milliseconds (UTC), as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole Unix seconds, the unit of JWT claims (RFC 7519 §2, `NumericDate`).
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The instant `duration` later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The instant `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long after `earlier` this instant is; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses an RFC 3339 instant or a plain date (`2026-11-22`, midnight UTC).
    ///
    /// # Errors
    /// [`NotAnInstant`] names the text that is neither.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let parsed = OffsetDateTime::parse(&full, &Rfc3339).map_err(|_| NotAnInstant(text.to_owned()))?;
        i64::try_from(parsed.unix_timestamp_nanos() / 1_000_000).map(Self).map_err(|_| NotAnInstant(text.to_owned()))
    }
}

/// Text that is neither an RFC 3339 instant nor a date.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a date like 2026-11-22 or an instant like 2026-11-22T08:30:00Z")]
pub struct NotAnInstant(String);

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.seconds()).map(|at| at.format(&Rfc3339)) {
            Ok(Ok(text)) => f.write_str(&text),
            _ => write!(f, "{} ms", self.0),
        }
    }
}

/// Where time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that a test sets; holds Unix milliseconds.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A fixed clock that starts at `at`.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    /// The present instant.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one reader of system time")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())),
            Self::Fixed(at) => Timestamp(at.load(Ordering::Relaxed)),
        }
    }

    /// Moves a fixed clock forward; the system clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_add(millis(by), Ordering::Relaxed);
        }
    }

    /// Sets a fixed clock back, as somebody may do to a machine's; the system clock stays as it is.
    pub fn set_back(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_sub(millis(by), Ordering::Relaxed);
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-01T00:00:01Z", Some(1000)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("yesterday", None),
            ("2026-13-01", None),
        ] {
            assert_eq!(Timestamp::parse(text).ok().map(|t| t.0), expected, "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_end_of_time() {
        assert_eq!(Timestamp(i64::MAX).plus(Duration::from_secs(1)), Timestamp(i64::MAX));
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
