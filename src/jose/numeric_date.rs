//! Instants in claims (RFC 7519 §2) and the period that they bound (§4.1.4 to §4.1.6).

use std::time::Duration;

use serde::Deserialize;

use crate::clock::Timestamp;

/// How far the clock of somebody else may be ahead of ours.
pub const SKEW: Duration = Duration::from_mins(1);

/// `exp`, `nbf`, `iat`: seconds since 1970, possibly with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct NumericDate(f64);

impl NumericDate {
    /// To the millisecond; what no calendar knows is as far away as can be.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    pub fn at(self) -> Timestamp {
        Timestamp((self.0 * 1000.0) as i64)
    }

    /// Whether it lies ahead, however the clocks differ.
    #[must_use]
    pub fn is_ahead(self, now: Timestamp) -> bool {
        self.at() > now.plus(SKEW)
    }
}

/// When a token counts, as far as it says. It ends to the second: whoever made it could have made it last longer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Period {
    /// `exp`.
    pub ends: Option<NumericDate>,
    /// `nbf`.
    pub begins: Option<NumericDate>,
    /// `iat`.
    pub issued: Option<NumericDate>,
}

/// Why a token does not count at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// `exp` is missing, or lies too far ahead.
    #[error("it lasts too long")]
    TooLong,
    /// `nbf` or `iat` lie ahead.
    #[error("it is not valid yet")]
    NotYet,
    /// `iat` lies too far back.
    #[error("it was issued too long ago")]
    TooOld,
}

impl Period {
    /// Whether `now` lies in it.
    ///
    /// # Errors
    /// [`Untimely::Expired`], [`Untimely::NotYet`].
    pub fn check(self, now: Timestamp) -> Result<(), Untimely> {
        if self.ends.is_some_and(|end| end.at() <= now) {
            Err(Untimely::Expired)
        } else if [self.begins, self.issued].into_iter().flatten().any(|date| date.is_ahead(now)) {
            Err(Untimely::NotYet)
        } else {
            Ok(())
        }
    }

    /// The same for a token that is remembered until it ends, so that it is used once: it ends, and neither that nor its
    /// issue is farther away than `longest`.
    ///
    /// # Errors
    /// [`Untimely`].
    pub fn check_short(self, longest: Duration, now: Timestamp) -> Result<(), Untimely> {
        self.check(now)?;
        if self.ends.is_none_or(|end| end.at() > now.plus(longest)) {
            Err(Untimely::TooLong)
        } else if self.issued.is_some_and(|date| date.at() < now.minus(longest)) {
            Err(Untimely::TooOld)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_in_its_period() {
        use Untimely as U;
        let now = Timestamp::from_seconds(10_000);
        let hour = Duration::from_hours(1);
        for (case, [ends, begins, issued], plain, short) in [
            ("nothing is said", [None, None, None], Ok(()), Err(U::TooLong)),
            ("all is said", [Some(10_060.0), Some(9_990.0), Some(9_990.0)], Ok(()), Ok(())),
            ("it ends in a moment", [Some(10_000.5), None, None], Ok(()), Ok(())),
            ("it ends now", [Some(10_000.0), None, None], Err(U::Expired), Err(U::Expired)),
            ("it ended before it began", [Some(9_000.0), Some(20_000.0), None], Err(U::Expired), Err(U::Expired)),
            ("an hour", [Some(13_600.0), None, None], Ok(()), Ok(())),
            ("more than an hour", [Some(13_600.5), None, None], Ok(()), Err(U::TooLong)),
            ("for ever", [Some(1e300), None, None], Ok(()), Err(U::TooLong)),
            ("its clock is ahead", [Some(10_060.0), Some(10_060.0), Some(10_060.0)], Ok(()), Ok(())),
            ("it begins later", [Some(10_200.0), Some(10_060.5), None], Err(U::NotYet), Err(U::NotYet)),
            ("it was issued later", [Some(10_200.0), None, Some(10_060.5)], Err(U::NotYet), Err(U::NotYet)),
            ("never", [None, Some(1e300), None], Err(U::NotYet), Err(U::NotYet)),
            ("it was issued an hour ago", [Some(10_060.0), None, Some(6_400.0)], Ok(()), Ok(())),
            ("and before", [Some(10_060.0), None, Some(6_399.5)], Ok(()), Err(U::TooOld)),
            ("it began long ago", [Some(10_060.0), Some(-1e300), None], Ok(()), Ok(())),
        ] {
            let [ends, begins, issued] = [ends, begins, issued].map(|date: Option<f64>| date.map(NumericDate));
            let period = Period { ends, begins, issued };
            assert_eq!((period.check(now), period.check_short(hour, now)), (plain, short), "{case}");
        }
    }

    #[test]
    fn only_numbers_are_instants() {
        for (text, expected) in [
            ("7", Some(7000)),
            ("-7", Some(-7000)),
            ("7.5", Some(7500)),
            ("1e300", Some(i64::MAX)),
            ("-1e300", Some(i64::MIN)),
            ("\"7\"", None),
            ("[7]", None),
            ("null", None),
            ("true", None),
        ] {
            assert_eq!(serde_json::from_str::<NumericDate>(text).ok().map(|date| date.at().0), expected, "{text}");
        }
    }
}
