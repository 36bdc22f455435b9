//! Signs of an attack: what they are, purely; whom they are told, in [`raising`].
//!
//! A sign-in is unexpected in a country in which the person never signed in, in a place that nobody reaches so soon after the
//! last one, or in a browser in which they are not known. Sign-ins that fail again and again to one account, or to many accounts from one
//! network, are a sign too. A sign is no proof: it is written down and told, and with `signals.step_up` apps open to
//! whoever proves a second factor.

pub mod raising;

use std::time::Duration;

use super::store::Stay;
use crate::clock::Timestamp;

/// A sign of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A sign-in from a country in which the person never signed in.
    Country,
    /// A sign-in from a place that nobody reaches so soon after the last one.
    Travel,
    /// A sign-in in a browser in which the person never did, though they are known in others.
    Device,
    /// A cookie that was used by two.
    Theft,
    /// Many failed sign-ins to one account.
    Failures,
    /// Failed sign-ins to many accounts from one network.
    Spraying,
}

impl Kind {
    /// As written down and told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Country => "unexpected-country",
            Self::Travel => "impossible-travel",
            Self::Device => "unexpected-device",
            Self::Theft => "copied-session",
            Self::Failures => "many-failures",
            Self::Spraying => "password-spraying",
        }
    }
}

/// Nobody travels faster, in kilometres an hour.
const FASTEST: i64 = 1_000;

/// Files are wrong by as much.
const NEAR: i64 = 300;

/// Where no place is known, whoever was in another country so shortly before did not travel: borders are crossed by train,
/// and not sooner.
const CROSSING: Duration = Duration::from_mins(30);

/// What is unexpected about a sign-in `now`, after the stays `before`, the last one first.
#[must_use]
pub fn of_place(before: &[Stay], now: &Stay) -> Vec<Kind> {
    let Some(last) = before.first() else { return vec![] };
    let is_new = !before.iter().any(|stay| stay.country == now.country);
    let found = [(is_new, Kind::Country), (is_too_far(last, now), Kind::Travel)];
    found.into_iter().filter(|(is_found, _)| *is_found).map(|(_, kind)| kind).collect()
}

fn is_too_far(last: &Stay, now: &Stay) -> bool {
    let passed = now.last_at.since(last.last_at);
    match last.point.zip(now.point) {
        Some((here, there)) => {
            let (way, minutes) = (here.kilometres_to(there), i64::try_from(passed.as_secs() / 60).unwrap_or(i64::MAX));
            way > NEAR && way.saturating_mul(60) > minutes.saturating_mul(FASTEST)
        }
        None => last.country != now.country && passed < CROSSING,
    }
}

/// When the same about somebody is told again.
const QUIET: Duration = Duration::from_hours(1);

/// How far back failures from one network are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Since when failures count.
#[must_use]
fn since(now: Timestamp) -> Timestamp {
    now.minus(WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::Point;

    fn stay(country: &str, point: Option<(i64, i64)>, minute: u64) -> Stay {
        let point = point.map(|(latitude, longitude)| Point { latitude, longitude });
        let last_at = Timestamp(1_795_320_000_000).plus(Duration::from_mins(minute));
        Stay { country: country.parse().unwrap(), point, last_at }
    }

    #[test]
    fn a_sign_in_is_unexpected_where_nobody_was_before_or_can_be() {
        let (copenhagen, madrid) = (Some((55_676, 12_568)), Some((40_417, -3_703)));
        let (country, travel) = (Kind::Country, Kind::Travel);
        for (case, before, now, expected) in [
            ("the first", vec![], stay("DK", None, 0), vec![]),
            ("the same", vec![stay("DK", None, 0)], stay("DK", None, 1), vec![]),
            ("another, later", vec![stay("DK", None, 0)], stay("SE", None, 30), vec![country]),
            ("another, at once", vec![stay("DK", None, 0)], stay("SE", None, 29), vec![country, travel]),
            ("back again", vec![stay("SE", None, 60), stay("DK", None, 0)], stay("DK", None, 120), vec![]),
            ("back at once", vec![stay("SE", None, 60), stay("DK", None, 0)], stay("DK", None, 61), vec![travel]),
            ("by aeroplane", vec![stay("DK", copenhagen, 0)], stay("ES", madrid, 180), vec![country]),
            ("too fast", vec![stay("DK", copenhagen, 0)], stay("ES", madrid, 60), vec![country, travel]),
            ("within a country", vec![stay("DK", copenhagen, 0)], stay("DK", madrid, 60), vec![travel]),
            ("near by", vec![stay("DK", copenhagen, 0)], stay("SE", Some((55_605, 13_004)), 0), vec![country]),
            ("one place known", vec![stay("DK", copenhagen, 0)], stay("DK", None, 0), vec![]),
            ("the clock was set back", vec![stay("DK", copenhagen, 9)], stay("ES", madrid, 0), vec![country, travel]),
        ] {
            assert_eq!(of_place(&before, &now), expected, "{case}");
        }
    }
}
