//! What went well just before: a word in the address that the browser is sent to, told by the page there.

use axum::response::Redirect;

use crate::web::{Parameters, language::strings::Strings};

/// The name of the parameter.
const PARAMETER: &str = "done";

/// What went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// A form was saved.
    Saved,
    /// The password was changed.
    Password,
    /// The default organization was changed.
    Default,
    /// Sessions were ended.
    Ended,
}

impl Notice {
    const ALL: [Self; 4] = [Self::Saved, Self::Password, Self::Default, Self::Ended];

    const fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Password => "password",
            Self::Default => "default",
            Self::Ended => "ended",
        }
    }

    /// On to the page at `path`, which tells it.
    pub(super) fn at(self, path: &str) -> Redirect {
        Redirect::to(&format!("{path}?{PARAMETER}={}", self.word()))
    }

    /// What a page was told to tell.
    pub(super) fn of(query: &Parameters) -> Option<Self> {
        let word = query.value(PARAMETER)?;
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// The sentence; `organization` is the person's default one.
    pub(super) fn text(self, t: &Strings, organization: Option<&str>) -> Option<String> {
        Some(match self {
            Self::Saved => t.form.saved.to_owned(),
            Self::Password => t.authentication.password.changed.to_owned(),
            Self::Default => (t.account.memberships.default_changed)(organization?),
            Self::Ended => t.account.devices.ended.to_owned(),
        })
    }
}
