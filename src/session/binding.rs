//! Whether a cookie comes from the device that it was given to: pure.
//!
//! A browser holds no key that a copied cookie would lack, unless a page asks it for one; what is compared is what a thief has
//! to imitate as well: the kind of browser and system, and, where rules say so, the range of addresses. Beyond that the secret
//! of the cookie changes every few minutes, so that two who use it find out.

use std::{net::IpAddr, time::Duration};

use crate::clock::Timestamp;

/// The secret of a bound cookie is used for so long.
const ROTATION: Duration = Duration::from_mins(5);

/// Requests that were under way when the secret changed bring the former one for so long.
const OVERLAP: Duration = Duration::from_secs(60);

/// How the cookie of a session was last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// When it got its present secret; none where it has its first one.
    pub rotated_at: Option<Timestamp>,
    /// When that secret first came back.
    pub successor_used_at: Option<Timestamp>,
}

/// What somebody is who brings the former secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A request that was under way.
    Late,
    /// A browser that never got the present one.
    Unanswered,
    /// Of two who have the cookie, one.
    Double,
}

impl Rotation {
    /// Who brings the former secret at `now`.
    #[must_use]
    pub fn bearer(self, now: Timestamp) -> Bearer {
        let is_late = |since: Option<Timestamp>| since.is_some_and(|at| now.since(at) < OVERLAP && now >= at);
        match self.successor_used_at {
            _ if is_late(self.rotated_at) => Bearer::Late,
            None => Bearer::Unanswered,
            Some(_) => Bearer::Double,
        }
    }

    /// Whether it is time for another secret, of a session that was proved at `proved_at`.
    #[must_use]
    pub fn is_due(self, proved_at: Timestamp, now: Timestamp) -> bool {
        let since = self.rotated_at.unwrap_or(proved_at);
        now.since(since) >= ROTATION || since > now.plus(ROTATION)
    }
}

/// Whether two addresses are of one range: of the first 24 bits of IPv4, or the first 48 of IPv6, which is what a site gets.
/// An address that cannot be read is in no range.
#[must_use]
pub fn is_one_range(one: &str, other: IpAddr) -> bool {
    match (one.parse::<IpAddr>().map(|one| one.to_canonical()), other.to_canonical()) {
        (Ok(IpAddr::V4(one)), IpAddr::V4(other)) => one.octets()[..3] == other.octets()[..3],
        (Ok(IpAddr::V6(one)), IpAddr::V6(other)) => one.octets()[..6] == other.octets()[..6],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_site() {
        for (one, other, expected) in [
            ("192.0.2.7", "192.0.2.200", true),
            ("192.0.2.7", "192.0.3.7", false),
            ("192.0.2.7", "::ffff:192.0.2.8", true),
            ("2001:db8:1:2::1", "2001:db8:1:ffff::9", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
            ("192.0.2.7", "2001:db8::1", false),
            ("", "192.0.2.7", false),
        ] {
            assert_eq!(is_one_range(one, other.parse().unwrap()), expected, "{one} {other}");
        }
    }

    #[test]
    fn two_who_bring_a_secret_are_told_from_one_who_lost_an_answer() {
        let at = |seconds: i64| Timestamp(seconds * 1000);
        for (case, rotated, used, now, expected) in [
            ("under way", 0, None, 59, Bearer::Late),
            ("the answer was lost", 0, None, 60, Bearer::Unanswered),
            ("under way beside the first use", 0, Some(1), 59, Bearer::Late),
            ("a copy", 0, Some(1), 60, Bearer::Double),
            ("the clock was set back", 100, Some(101), 60, Bearer::Double),
        ] {
            let rotation = Rotation { rotated_at: Some(at(rotated)), successor_used_at: used.map(at) };
            assert_eq!(rotation.bearer(at(now)), expected, "{case}");
        }
        let first = Rotation::default();
        assert_eq!((first.is_due(at(0), at(299)), first.is_due(at(0), at(300))), (false, true));
    }
}
