//! Nonces for proofs (RFC 9449 §8): made of the time and a MAC, so that none is kept. With an `instance` they are those of one
//! server until it ends; without, every node knows those of the others.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use crate::{clock::Timestamp, secret::equal, web::Site};

const PURPOSE: &str = "dpop nonce";

/// How long one nonce is handed out; it is taken for that long again.
const PERIOD: Duration = Duration::from_mins(2);

/// The longest that a nonce is taken.
pub const LIFE: Duration = Duration::from_secs(2 * PERIOD.as_secs());

/// The nonce that is handed out now.
#[must_use]
pub fn offered(site: &Site, instance: &str, now: Timestamp) -> String {
    of_period(site, instance, period(now))
}

/// Until when `nonce` is taken; `None` when it is not.
#[must_use]
pub fn end(nonce: &str, (site, instance): (&Site, &str), now: Timestamp) -> Option<Timestamp> {
    let periods = [period(now), period(now) - 1];
    let found = periods.into_iter().find(|at| equal(of_period(site, instance, *at).as_bytes(), nonce.as_bytes()))?;
    Some(Timestamp(found * millis()).plus(LIFE))
}

fn of_period(site: &Site, instance: &str, period: i64) -> String {
    BASE64URL_NOPAD.encode(&site.mac(PURPOSE, &[&period.to_string(), instance])[..18])
}

fn period(now: Timestamp) -> i64 {
    now.0.div_euclid(millis())
}

fn millis() -> i64 {
    i64::try_from(PERIOD.as_millis()).expect("minutes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretSlice;

    #[test]
    fn a_nonce_is_taken_for_two_to_four_minutes_by_every_node() {
        let site = || {
            let (clock, random) = (crate::clock::Clock::fixed(Timestamp(0)), crate::random::Random::seeded(1));
            Site::new("https://id.example".parse().unwrap(), &SecretSlice::from(vec![7; 32]), clock, random)
        };
        let nonce = offered(&site(), "", Timestamp(120_000));
        for (now, expected) in [
            (119_999, None),
            (120_000, Some(360_000)),
            (239_999, Some(360_000)),
            (240_000, Some(360_000)),
            (359_999, Some(360_000)),
            (360_000, None),
        ] {
            assert_eq!(end(&nonce, (&site(), ""), Timestamp(now)).map(|end| end.0), expected, "{now}");
        }
        assert_eq!(end(&nonce, (&site(), "another"), Timestamp(120_000)), None);
        assert_eq!(end("", (&site(), ""), Timestamp(120_000)), None);
        assert_eq!(end(&nonce[1..], (&site(), ""), Timestamp(120_000)), None);
    }
}
