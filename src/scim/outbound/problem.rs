//! What goes wrong with an app, and what somebody has to do about it.

use serde::{Deserialize, Serialize};

/// What kind of trouble there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Nobody answers.
    Unreachable,
    /// The address may not be called.
    Forbidden,
    /// 401.
    Token,
    /// 403.
    Rights,
    /// 3xx.
    Redirect,
    /// 429 or 503.
    Busy,
    /// 404 or 410 where there has to be something.
    Missing,
    /// 409 for something that cannot be found there.
    Conflict,
    /// Two of ours are one there.
    Shared,
    /// 412, again and again.
    Version,
    /// 400 or 422.
    Refused,
    /// 405 or 501.
    Unsupported,
    /// 413, or an answer of ours that is too long to be read.
    TooLarge,
    /// An answer that makes no sense.
    Nonsense,
    /// 5xx.
    Fault,
    /// The mapping makes no document.
    Mapping,
    /// Too many are to leave at once.
    Braked,
}

/// Whom it keeps from being pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One person or group; the others go on.
    One,
    /// The whole app.
    All,
}

impl Trouble {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::Unreachable,
        Self::Forbidden,
        Self::Token,
        Self::Rights,
        Self::Redirect,
        Self::Busy,
        Self::Missing,
        Self::Conflict,
        Self::Shared,
        Self::Version,
        Self::Refused,
        Self::Unsupported,
        Self::TooLarge,
        Self::Nonsense,
        Self::Fault,
        Self::Mapping,
        Self::Braked,
    ];

    /// As stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Forbidden => "forbidden",
            Self::Token => "token",
            Self::Rights => "rights",
            Self::Redirect => "redirect",
            Self::Busy => "busy",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Shared => "shared",
            Self::Version => "version",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
            Self::TooLarge => "too-large",
            Self::Nonsense => "nonsense",
            Self::Fault => "fault",
            Self::Mapping => "mapping",
            Self::Braked => "braked",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// That of a status that is no success.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Token,
            403 => Self::Rights,
            404 | 410 => Self::Missing,
            405 | 501 => Self::Unsupported,
            409 => Self::Conflict,
            412 => Self::Version,
            413 => Self::TooLarge,
            429 | 503 => Self::Busy,
            300..=399 => Self::Redirect,
            400..=499 => Self::Refused,
            500..=599 => Self::Fault,
            _ => Self::Nonsense,
        }
    }

    /// Whom it concerns.
    #[must_use]
    pub const fn reach(self) -> Reach {
        match self {
            Self::Unreachable | Self::Forbidden | Self::Token | Self::Redirect | Self::Busy => Reach::All,
            _ => Reach::One,
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "see whether the app is up and its address right (`lanyard scim-target show`); it is tried again by itself"
            }
            Self::Forbidden => {
                "the address is private, or plain http: name its network in `outgoing.allowed_networks` if it is yours, else \
                 correct the address with `lanyard scim-target change --url`"
            }
            Self::Token => {
                "make a new token in the app and give it with `lanyard scim-target change --token-file`; then \
                 `lanyard scim-target test`"
            }
            Self::Rights => "let the token read and write users (and groups, if they are pushed) in the app",
            Self::Redirect => {
                "the app answers elsewhere: give the address that it names with `lanyard scim-target change --url`"
            }
            Self::Busy => "nothing: the app asked for a pause, and gets it",
            Self::Missing => "the address does not seem to be that of SCIM 2.0: it ends where `/Users` begins",
            Self::Conflict => {
                "somebody in the app has this name and is not shown to the token: remove or rename them there, or let the \
                 token see them"
            }
            Self::Shared => {
                "two people here have one name in the app: give one of them another user name or address, or choose another \
                 `--user-name`"
            }
            Self::Version => "somebody else keeps changing this in the app: see who; it is tried again by itself",
            Self::Refused => {
                "the app does not take this: correct the person, or leave out or set what it names with \
                 `lanyard scim-target change --drop` or `--map`"
            }
            Self::Unsupported => "the app cannot do this by SCIM: do it there by hand, or choose another `--leaver`",
            Self::TooLarge => "it is too much for one document: push smaller groups",
            Self::Nonsense => {
                "the address does not seem to be that of SCIM 2.0, or the app is broken: tell who runs it"
            }
            Self::Fault => "the app failed: tell who runs it; it is tried again by itself",
            Self::Mapping => {
                "correct the mapping with `lanyard scim-target change --map`; `preview` shows what it makes"
            }
            Self::Braked => {
                "many are to leave at once, so nobody does: look at `lanyard scim-target preview`, and if it is meant say \
                 `lanyard scim-target sync --confirm`"
            }
        }
    }
}

/// Trouble with what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// What kind.
    pub trouble: Trouble,
    /// What happened, in the app's words where it had some.
    pub detail: String,
}

/// Characters of a detail that are kept.
const MOST_DETAIL: usize = 300;

impl Problem {
    /// A problem; what the app said is kept on one line, of bounded length.
    #[must_use]
    pub fn new(trouble: Trouble, detail: &str) -> Self {
        let printable: String = detail.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        let words: Vec<&str> = printable.split_whitespace().collect();
        Self { trouble, detail: words.join(" ").chars().take(MOST_DETAIL).collect() }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.trouble.advice()
    }

    /// Whether it keeps everybody from being pushed.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.trouble.reach() == Reach::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_name_of_its_own_and_says_what_to_do() {
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::named(trouble.name()), Some(trouble));
            assert!(trouble.advice().len() > 20, "{trouble:?}");
        }
        assert_eq!(Trouble::named("other"), None);
    }

    #[test]
    fn a_status_says_what_the_trouble_is_and_whom_it_concerns() {
        for (status, expected, is_of_all) in [
            (302, "redirect", true),
            (400, "refused", false),
            (401, "token", true),
            (403, "rights", false),
            (404, "missing", false),
            (405, "unsupported", false),
            (409, "conflict", false),
            (410, "missing", false),
            (412, "version", false),
            (413, "too-large", false),
            (418, "refused", false),
            (422, "refused", false),
            (429, "busy", true),
            (500, "fault", false),
            (501, "unsupported", false),
            (503, "busy", true),
            (199, "nonsense", false),
        ] {
            let problem = Problem::new(Trouble::of_status(status), "x");
            assert_eq!((problem.trouble.name(), problem.is_of_all()), (expected, is_of_all), "{status}");
        }
    }

    #[test]
    fn what_an_app_says_stays_on_one_line() {
        let said = Problem::new(Trouble::Refused, &format!("a\r\n\tb \u{1b}[31m{}", "x".repeat(1000)));
        assert!(said.detail.starts_with("a b [31mxxx") && said.detail.chars().count() == MOST_DETAIL);
    }
}
