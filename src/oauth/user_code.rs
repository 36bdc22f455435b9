//! The code that a device shows and a person types (RFC 8628 §6.1): eight letters without vowels, so that none spells a
//! word, and without digits, so that none looks like a letter. 34 bits, for ten minutes, behind a throttle (§5.1).

use std::{fmt, str::FromStr, time::Duration};

use crate::{
    clock::Clock,
    config::Rule,
    id::UserId,
    limit::{Network, Throttle, Verdict},
    random::Random,
};

const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// What people put around and between the letters is bounded too.
const LONGEST: usize = 40;

/// A user code, folded: upper-case letters alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

/// Text that no device can have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a user code")]
pub struct NotACode;

impl UserCode {
    /// A new code.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            let [byte] = random.bytes::<1>();
            // 240 is the largest multiple of 20 in a byte: larger values would favour the first letters.
            if byte < 240 {
                text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
        Self(text)
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    /// As it is shown: `BCDF-GHJK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl FromStr for UserCode {
    type Err = NotACode;

    /// Whatever people type: in small letters, with blanks or dashes wherever they like.
    fn from_str(typed: &str) -> Result<Self, NotACode> {
        let is_between = |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.' | '_');
        let folded: String = typed.chars().filter(|c| !is_between(c)).map(|c| c.to_ascii_uppercase()).collect();
        let is_code = folded.len() == LENGTH && folded.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code && typed.len() <= LONGEST { Ok(Self(folded)) } else { Err(NotACode) }
    }
}

/// Slips of the finger are free; then whoever guesses gets a few dozen codes an hour.
const PERSON: Rule = Rule { attempts: 10, recovery: Duration::from_mins(2), longest_wait: Duration::from_mins(15) };
/// A clinic behind one address sets up its devices.
const NETWORK: Rule = Rule { attempts: 100, recovery: Duration::from_secs(10), longest_wait: Duration::from_mins(5) };

/// Limits wrong codes by the person who types them and by network (RFC 8628 §5.1). A right one costs nothing, and forgives
/// nothing either: a device of one's own is no way to go on guessing.
#[derive(Debug)]
pub struct TypingLimit {
    people: Throttle,
    networks: Throttle,
}

impl TypingLimit {
    /// A limit that has seen nobody.
    #[must_use]
    pub fn new(clock: &Clock, random: &Random) -> Self {
        Self {
            people: Throttle::new(PERSON, clock.clone(), random),
            networks: Throttle::new(NETWORK, clock.clone(), random),
        }
    }

    /// Charges one code.
    pub fn attempt(&self, person: &UserId, from: Network) -> Verdict {
        let verdict = self.networks.attempt(from.octets());
        if verdict != Verdict::Allowed {
            return verdict;
        }
        let verdict = self.people.attempt(person.as_str());
        if verdict != Verdict::Allowed {
            self.networks.refund(from.octets());
        }
        verdict
    }

    /// The code was right.
    pub fn succeeded(&self, person: &UserId, from: Network) {
        self.people.refund(person.as_str());
        self.networks.refund(from.octets());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for (typed, expected) in [
            ("BCDF-GHJK", Some("BCDF-GHJK")),
            ("bcdfghjk", Some("BCDF-GHJK")),
            (" b c d f – g h j k ", Some("BCDF-GHJK")),
            ("BCDF\u{2010}GHJK", Some("BCDF-GHJK")),
            ("BCDFGHJ", None),
            ("BCDFGHJKL", None),
            ("ABCDEFGH", None),
            ("BCDFGHJ\u{212a}", None),
            ("BCDF-GHJ1", None),
            ("", None),
            (&format!("BCDF{}GHJK", " ".repeat(40)), None),
        ] {
            assert_eq!(typed.parse::<UserCode>().ok().map(|code| code.to_string()).as_deref(), expected, "{typed:?}");
        }
    }

    #[test]
    fn right_codes_are_free_and_wrong_ones_wait() {
        let limit = TypingLimit::new(&Clock::fixed(Timestamp(0)), &Random::seeded(1));
        let (person, other) = (UserId::from_stored("usr_a".into()), UserId::from_stored("usr_b".into()));
        let from = Network::from(std::net::IpAddr::from([192, 0, 2, 1]));
        for attempt in 0..20 {
            let expected = if attempt < 10 { Verdict::Allowed } else { Verdict::Wait(Duration::from_secs(1)) };
            assert_eq!(limit.attempt(&person, from), expected, "{attempt}");
            assert_eq!(limit.attempt(&other, from), Verdict::Allowed, "{attempt}");
            limit.succeeded(&other, from);
        }
    }

    #[test]
    fn fresh_codes_are_codes_and_use_every_letter() {
        let random = Random::seeded(1);
        let codes: Vec<UserCode> = (0..100).map(|_| UserCode::fresh(&random)).collect();
        let all: String = codes.iter().map(UserCode::as_str).collect();
        assert!(ALPHABET.iter().all(|letter| all.contains(char::from(*letter))), "{all}");
        assert!(codes.iter().all(|code| code.to_string().parse() == Ok(code.clone())));
    }
}
