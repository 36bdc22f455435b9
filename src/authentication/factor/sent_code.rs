//! Codes that are sent to a person: six digits, good once, for ten minutes and five tries, in the session that asked for them.

use std::{fmt, time::Duration};

use crate::{
    clock::Timestamp,
    id::{SessionId, UserId},
    random::Random,
    secret::{ExposeSecret, SecretString, TokenHash},
};

/// How long a code is good, as its letter says.
pub const LIFE: Duration = Duration::from_mins(10);
/// So often it may be tried.
pub const TRIES: i64 = 5;
/// So long after one code a person may have another sent,
pub const PAUSE: Duration = Duration::from_secs(30);
/// and no more than so many
pub const MOST: usize = 5;
/// within so long.
pub const WITHIN: Duration = Duration::from_hours(1);

/// A code.
pub struct SentCode(SecretString);

impl fmt::Debug for SentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentCode(…)")
    }
}

impl SentCode {
    /// A new one: a million are as likely as each other.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        // Of 2^64 numbers no remainder is noticeably likelier than another.
        let number = u64::from_be_bytes(random.bytes::<8>()) % 1_000_000;
        Self(format!("{number:06}").into())
    }

    /// For people: in two groups.
    #[must_use]
    pub fn shown(&self) -> SecretString {
        let (one, other) = self.0.expose_secret().split_at(3);
        format!("{one} {other}").into()
    }

    /// For machines.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self, of: (&UserId, &SessionId)) -> TokenHash {
        hash(self.0.expose_secret(), of)
    }
}

/// What is kept of these digits: good for this person in this session alone.
#[must_use]
pub fn hash(digits: &str, (user, session): (&UserId, &SessionId)) -> TokenHash {
    TokenHash::of(&format!("sent code\0{user}\0{session}\0{digits}"))
}

/// How long a person waits before another code is sent; `sent` is when the last ones were, the latest first.
#[must_use]
pub fn wait(sent: &[Timestamp], now: Timestamp) -> Duration {
    let pause = sent.first().map(|last| last.plus(PAUSE).since(now).min(PAUSE));
    let full = sent.get(MOST - 1).map(|first| first.plus(WITHIN).since(now).min(WITHIN));
    pause.max(full).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_code_is_sent_after_half_a_minute_and_five_within_an_hour() {
        let at = |seconds: u64| Timestamp(1_795_000_000_000).plus(Duration::from_secs(seconds));
        for (case, sent, now, expected) in [
            ("the first", &[][..], 0, 0),
            ("at once", &[0], 0, 30),
            ("too soon", &[0], 29, 1),
            ("soon enough", &[0], 30, 0),
            ("the fifth", &[90, 60, 30, 0], 120, 0),
            ("the sixth", &[120, 90, 60, 30, 0], 150, 3_450),
            ("an hour after the first", &[120, 90, 60, 30, 0], 3_600, 0),
            ("the pause counts too", &[3_590, 90, 60, 30, 0], 3_600, 20),
            ("a clock that was set back a little", &[40], 0, 30),
        ] {
            let sent: Vec<Timestamp> = sent.iter().map(|seconds| at(*seconds)).collect();
            assert_eq!(wait(&sent, at(now)).as_secs(), expected, "{case}");
        }
    }

    #[test]
    fn a_code_is_six_digits_of_one_person_in_one_session() {
        let code = SentCode::fresh(&Random::seeded(3));
        let digits = code.shown().expose_secret().replace(' ', "");
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        let (user, other) = (UserId::from_stored("u".to_owned()), UserId::from_stored("v".to_owned()));
        let (session, another) = (SessionId::from_stored("s".to_owned()), SessionId::from_stored("t".to_owned()));
        let kept = code.hash((&user, &session));
        assert!(kept.matches(hash(&digits, (&user, &session))));
        assert!(!kept.matches(hash(&digits, (&other, &session))) && !kept.matches(hash(&digits, (&user, &another))));
        assert_eq!(format!("{code:?}"), "SentCode(…)");
    }
}
