//! Lists of which a part is shown: how long it may be, and what is typed to see the rest. Whether there is a rest is said on
//! standard error, beside JSON too.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
};

use clap::Args;

use super::print;

/// Entries that are read at once where all are wanted.
const AT_ONCE: u32 = 1_000;

/// How much of a list is shown.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Extent {
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

/// How long a list is that has no pages: of what is kept for a while alone.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Length {
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=Self::MOST))]
    limit: u32,
}

impl Length {
    const MOST: i64 = 1_000_000;

    /// One more than is shown, which tells whether there are more.
    pub(super) fn and_one(self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// Leaves what is shown; says whether there are more.
    pub(super) fn cut<T>(self, entries: &mut Vec<T>) -> bool {
        let is_cut = entries.len() > self.limit as usize;
        entries.truncate(self.limit as usize);
        is_cut
    }

    /// Says so.
    pub(super) fn tell(self, is_cut: bool) {
        if is_cut {
            let longer = i64::from(self.limit).saturating_mul(10).min(Self::MOST);
            tell_more("--limit", &longer.to_string());
        }
    }
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<T, K> {
    pub(super) entries: Vec<T>,
    /// The key of the last one, where there are more.
    pub(super) rest_after: Option<K>,
}

impl Extent {
    /// Reads a list: `read` answers so many entries after a key, of which `key` is that of one.
    pub(super) async fn read<T, K: Clone>(
        self,
        mut after: Option<K>,
        mut read: impl AsyncFnMut(Option<K>, u32) -> anyhow::Result<Vec<T>>,
        key: impl Fn(&T) -> K,
    ) -> anyhow::Result<Part<T, K>> {
        if !self.all {
            let mut entries = read(after, self.limit.saturating_add(1)).await?;
            let has_more = entries.len() > self.limit as usize;
            entries.truncate(self.limit as usize);
            let rest_after = entries.last().filter(|_| has_more).map(key);
            return Ok(Part { entries, rest_after });
        }
        let mut entries = vec![];
        loop {
            let some = read(after, AT_ONCE).await?;
            let is_last = some.len() < AT_ONCE as usize;
            after = some.last().map(&key);
            entries.extend(some);
            if is_last {
                return Ok(Part { entries, rest_after: None });
            }
        }
    }

    /// As it is recorded.
    pub(super) fn describe(self) -> String {
        if self.all { "all".to_owned() } else { self.limit.to_string() }
    }
}

/// Says that there is more than was shown, and what is typed to see it: the command with this option.
pub(super) fn tell_more(option: &str, value: &str) {
    let typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    print::aside(format!("There are more: {}", with(&typed, (option, value))));
}

/// The command with this option in place of what it had of it.
fn with(typed: &[OsString], (option, value): (&str, &str)) -> String {
    let mut words = vec!["lanyard".to_owned()];
    let mut typed = typed.iter();
    while let Some(word) = typed.next() {
        if word == option {
            typed.next();
        } else if !word.to_str().and_then(|word| word.strip_prefix(option)).is_some_and(|rest| rest.starts_with('=')) {
            words.push(quoted(word));
        }
    }
    words.extend([option.to_owned(), quoted(OsStr::new(value))]);
    words.join(" ")
}

/// A word as a shell takes it for one: `$'…'` (POSIX.1-2024) where it is no text, such as the name of an old file.
fn quoted(word: &OsStr) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    let Some(word) = word.to_str() else { return format!("$'{}'", word.as_bytes().escape_ascii()) };
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_shown_by_the_same_command_from_there_on() {
        for (typed, expected) in [
            (&["user", "list"][..], "lanyard user list --after usr_9"),
            (&["user", "list", "--after", "usr_1", "--json"], "lanyard user list --json --after usr_9"),
            (&["user", "list", "--after=usr_1", "--limit=2"], "lanyard user list --limit=2 --after usr_9"),
            (&["user", "list", "--search", "o'neill jr"], r"lanyard user list --search 'o'\''neill jr' --after usr_9"),
            (&["user", "list", "--search", ""], "lanyard user list --search '' --after usr_9"),
        ] {
            let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
            assert_eq!(with(&typed, ("--after", "usr_9")), expected);
        }
    }

    #[test]
    fn what_is_no_text_is_typed_by_its_bytes() {
        let word = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        let typed = [word(b"--config"), word(b"caf\xe9 d'Aix.toml"), word(b"user"), word(b"list")];
        let expected = r"lanyard --config $'caf\xe9 d\'Aix.toml' user list --after usr_9";
        assert_eq!(with(&typed, ("--after", "usr_9")), expected);
    }

    #[tokio::test]
    async fn a_part_says_whether_there_is_a_rest() {
        let numbers = async |after: Option<u32>, most: u32| {
            Ok((1..=2_500).filter(|number| *number > after.unwrap_or(0)).take(most as usize).collect::<Vec<u32>>())
        };
        let read = async |limit, all, after| {
            let part = Extent { limit, all }.read(after, numbers, |number| *number).await.unwrap();
            (part.entries.len(), part.rest_after)
        };
        assert_eq!(read(100, false, None).await, (100, Some(100)));
        assert_eq!(read(100, false, Some(2_400)).await, (100, None));
        assert_eq!(read(100, false, Some(2_500)).await, (0, None));
        assert_eq!(read(100, true, Some(100)).await, (2_400, None));
        assert_eq!(read(100, true, Some(500)).await, (2_000, None), "an end of a page that is the end of all");
    }
}
