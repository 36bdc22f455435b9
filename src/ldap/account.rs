//! Whether an account of a directory may be used.

use super::{connection::Entry, preset::Preset};
use crate::clock::Timestamp;

/// `ADS_UF_ACCOUNTDISABLE` of `userAccountControl` ([MS-ADTS] §2.2.16).
const DISABLED: i64 = 0x2;

/// The year 1601 to 1970, in intervals of 100 nanoseconds: where instants of Active Directory begin.
const EPOCH: i64 = 116_444_736_000_000_000;

/// What `accountExpires` says of an account without an end.
const NEVER: [i64; 2] = [0, i64::MAX];

/// What `pwdAccountLockedTime` says of an account that was locked by hand, for ever.
const LOCKED_FOR_EVER: &str = "000001010000Z";

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Open,
    /// It may not, and why.
    Closed(&'static str),
    /// The directory does not say, or not to whoever asks: nothing follows of that.
    Untold,
}

/// Whether an account may be used now.
#[must_use]
pub fn standing(entry: &Entry, preset: Preset, now: Timestamp) -> Standing {
    let has_ended = ends(entry, preset).is_some_and(|end| end <= now);
    let is_closed = match preset {
        Preset::ActiveDirectory => {
            let Some(flags) = entry.number("userAccountControl") else { return Standing::Untold };
            (flags & DISABLED != 0).then_some("it is disabled there")
        }
        Preset::OpenLdap => {
            (entry.text("pwdAccountLockedTime") == Some(LOCKED_FOR_EVER)).then_some("it is locked there")
        }
    };
    let why = is_closed.or_else(|| has_ended.then_some("it has expired there"));
    why.map_or(Standing::Open, Standing::Closed)
}

/// When an account comes to its end: no change of the entry tells when it has.
#[must_use]
pub fn ends(entry: &Entry, preset: Preset) -> Option<Timestamp> {
    match preset {
        Preset::ActiveDirectory => {
            let ticks = entry.number("accountExpires").filter(|ticks| !NEVER.contains(ticks))?;
            Some(Timestamp(ticks.checked_sub(EPOCH)?.div_euclid(10_000)))
        }
        Preset::OpenLdap => {
            let days = entry.number("shadowExpire").filter(|days| *days >= 0)?;
            days.checked_mul(24 * 60 * 60 * 1000).map(Timestamp)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_closed_as_its_directory_says() {
        let now = Timestamp(1_795_334_400_000);
        let ticks = |instant: i64| (instant * 10_000 + EPOCH).to_string();
        let (past, future) = (ticks(now.0 - 1000), ticks(now.0 + 1000));
        let active = |flags: &str, expires: &str| {
            (
                Preset::ActiveDirectory,
                vec![("userAccountControl", flags.to_owned()), ("accountExpires", expires.to_owned())],
            )
        };
        let open = |name, value: &str| (Preset::OpenLdap, vec![(name, value.to_owned())]);
        for (case, (preset, attributes), is_closed) in [
            ("a plain account", active("512", "9223372036854775807"), false),
            ("another way to say never", active("66048", "0"), false),
            ("disabled", active("514", "0"), true),
            ("disabled, with other flags", active("66050", "0"), true),
            ("ends later", active("512", &future), false),
            ("has ended", active("512", &past), true),
            ("an end that is none", active("512", "y"), false),
            ("locked by hand", open("pwdAccountLockedTime", "000001010000Z"), true),
            ("locked for a while", open("pwdAccountLockedTime", "20261122080000Z"), false),
            ("its day is past", open("shadowExpire", "20000"), true),
            ("its day is to come", open("shadowExpire", "30000"), false),
            ("no day", open("shadowExpire", "-1"), false),
            ("a day beyond all days", open("shadowExpire", "9223372036854775807"), false),
        ] {
            let values = attributes.into_iter().map(|(name, value)| (name.to_owned(), vec![value.into_bytes()]));
            let entry = Entry::new("cn=x", values);
            let standing = standing(&entry, preset, now);
            assert_eq!(matches!(standing, Standing::Closed(_)), is_closed, "{case}");
            assert_ne!(standing, Standing::Untold, "{case}");
        }
        for flags in [vec![], vec![b"x".to_vec()]] {
            let entry = Entry::new("cn=x", [("userAccountControl".to_owned(), flags)]);
            assert_eq!(standing(&entry, Preset::ActiveDirectory, now), Standing::Untold);
        }
    }
}
