//! Codes of authenticator apps (TOTP, RFC 6238): six digits, good for half a minute, by HMAC-SHA-1, which is what every app
//! reads.
//!
//! A code of the half minute before or after is taken too (§5.2), for clocks that differ and people who type slowly; no code
//! is taken twice, and none that is older than the last one.

use totp_rs::{Algorithm, Builder, Totp};

use crate::{
    clock::Timestamp,
    random::Random,
    secret::{ExposeSecret, SecretSlice},
};

/// Digits of a code.
pub const DIGITS: u8 = 6;
/// How long a code is shown, in seconds.
const STEP: u64 = 30;
/// So many codes before and after the one of now are taken.
const SKEW: u16 = 1;

/// The latest half minute whose code is taken at `now`.
#[must_use]
pub fn latest_step(now: Timestamp) -> i64 {
    now.seconds().div_euclid(STEP.cast_signed()) + i64::from(SKEW)
}

/// What an authenticator app and the server share: 160 bits, the length of the hash (RFC 4226 §4, R6).
#[derive(Debug, Clone)]
pub struct Seed(SecretSlice<u8>);

impl Seed {
    /// A new one.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        Self(SecretSlice::from(random.bytes::<20>().to_vec()))
    }

    /// One that was kept.
    #[must_use]
    pub fn kept(bytes: SecretSlice<u8>) -> Self {
        Self(bytes)
    }

    /// What is kept, sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// For people who type it: base 32 (RFC 4648 §6) in groups of four.
    #[must_use]
    pub fn text(&self) -> String {
        let text = data_encoding::BASE32_NOPAD.encode(self.expose());
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// The address that an app reads from a picture; `site` and `account` are what it shows.
    #[must_use]
    pub fn address(&self, site: &str, account: &str) -> String {
        let parameters = form_urlencoded::Serializer::new(String::new())
            .append_pair("secret", &data_encoding::BASE32_NOPAD.encode(self.expose()))
            .append_pair("issuer", site)
            .finish();
        let label =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        // Some apps show a plus sign where a form has a space.
        format!("otpauth://totp/{}:{}?{}", label(site), label(account), parameters.replace('+', "%20"))
    }

    /// Which half minute a code is of, where it is one of now and later than `last`.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp, last: i64) -> Option<i64> {
        let seconds = u64::try_from(now.0 / 1000).ok()?;
        // A clock that was set back locks no app out until it has caught up.
        let last = if last > latest_step(now) { 0 } else { last };
        let found = self.generator().check(code, seconds)?;
        i64::try_from(found).ok().filter(|step| *step > last)
    }

    fn generator(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(STEP)
            .with_secret(self.expose())
            .build_noncompliant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of eight digits are the code of six.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let seed = Seed::kept(SecretSlice::from(b"12345678901234567890".to_vec()));
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(seed.step_of(code, Timestamp(seconds * 1000), 0), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_not_for_long() {
        let seed = Seed::kept(SecretSlice::from(b"12345678901234567890".to_vec()));
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let step = 1_111_111_111 / 30;
        for (case, code, seconds, last, expected) in [
            ("now", "050471", 1_111_111_111, 0, Some(step)),
            ("half a minute late", "050471", 1_111_111_141, 0, Some(step)),
            ("half a minute early", "050471", 1_111_111_081, 0, Some(step)),
            ("a minute late", "050471", 1_111_111_171, 0, None),
            ("a minute early", "050471", 1_111_111_049, 0, None),
            ("used", "050471", 1_111_111_111, step, None),
            ("used at once, early", "050471", 1_111_111_081, step, None),
            ("the clock was set back", "050471", 1_111_111_111, step + 2, Some(step)),
            ("older than the last one", "081804", 1_111_111_111, step, None),
            ("another", "050472", 1_111_111_111, 0, None),
            ("too short", "50471", 1_111_111_111, 0, None),
            ("too long", "0504711", 1_111_111_111, 0, None),
            ("other digits", "٠٥٠٤٧١", 1_111_111_111, 0, None),
            ("nothing", "", 1_111_111_111, 0, None),
        ] {
            assert_eq!(seed.step_of(code, at(seconds), last), expected, "{case}");
        }
    }

    #[test]
    fn apps_and_people_read_the_same_seed() {
        let seed = Seed::kept(SecretSlice::from(b"12345678901234567890".to_vec()));
        assert_eq!(seed.text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            seed.address("id.riverside.example", "Åse & co@riverside.example"),
            "otpauth://totp/id.riverside.example:%C3%85se%20%26%20co%40riverside.example\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=id.riverside.example"
        );
        assert_eq!(Seed::fresh(&Random::seeded(1)).expose().len(), 20);
    }
}
