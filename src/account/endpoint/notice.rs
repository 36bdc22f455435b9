//! What went well just before: a word in the address that the browser is sent to, told by the page there.

use axum::response::Redirect;

use crate::{
    text::Slug,
    web::{Parameters, language::strings::Strings},
};

/// The name of the parameter.
const PARAMETER: &str = "done";
/// The name of the parameter with the organization that it is about.
pub(super) const ORGANIZATION: &str = "organization";

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
    /// An authenticator app was added.
    AppAdded,
    /// A passkey was added.
    PasskeyAdded,
    /// Codes by mail were set up.
    MailAdded,
    /// Codes by text message were.
    TextAdded,
    /// An authenticator app was removed.
    AppRemoved,
    /// The second factor is asked for everywhere again.
    AskedAgain,
    /// Another address was confirmed.
    Email,
    /// The person joined an organization.
    Joined,
    /// An invitation was declined.
    Declined,
    /// A member is to be let in who has lost every factor.
    RecoveryAsked,
    /// The person is mailed a link.
    RecoveryAgreed,
    /// Nobody is let in.
    RecoveryEnded,
    /// A passkey has to be proved first, or a recovery code.
    KeyFirst,
}

impl Notice {
    const ALL: [Self; 17] = [
        Self::Saved,
        Self::Password,
        Self::Default,
        Self::Ended,
        Self::AppAdded,
        Self::PasskeyAdded,
        Self::MailAdded,
        Self::TextAdded,
        Self::AppRemoved,
        Self::AskedAgain,
        Self::Email,
        Self::Joined,
        Self::Declined,
        Self::RecoveryAsked,
        Self::RecoveryAgreed,
        Self::RecoveryEnded,
        Self::KeyFirst,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Password => "password",
            Self::Default => "default",
            Self::Ended => "ended",
            Self::AppAdded => "app-added",
            Self::PasskeyAdded => "passkey-added",
            Self::MailAdded => "mail-added",
            Self::TextAdded => "text-added",
            Self::AppRemoved => "app-removed",
            Self::AskedAgain => "asked-again",
            Self::Email => "email",
            Self::Joined => "joined",
            Self::Declined => "declined",
            Self::RecoveryAsked => "recovery-asked",
            Self::RecoveryAgreed => "recovery-agreed",
            Self::RecoveryEnded => "recovery-ended",
            Self::KeyFirst => "key-first",
        }
    }

    /// On to the page at `path`, which tells it.
    pub(super) fn at(self, path: &str) -> Redirect {
        Redirect::to(&self.address(path))
    }

    /// The address of the page at `path` that tells it.
    pub(super) fn address(self, path: &str) -> String {
        format!("{path}?{PARAMETER}={}", self.word())
    }

    /// The person joined the organization of this slug: on to the account, which says so.
    pub(super) fn joined(slug: &Slug) -> Redirect {
        Redirect::to(&format!("/account?{PARAMETER}={}&{ORGANIZATION}={slug}", Self::Joined.word()))
    }

    /// What a page was told to tell.
    pub(super) fn of(query: &Parameters) -> Option<Self> {
        let word = query.value(PARAMETER)?;
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// The sentence; `organization` is the name of the one that it is about.
    pub(super) fn text(self, t: &Strings, organization: Option<&str>) -> Option<String> {
        Some(match self {
            Self::Saved => t.form.saved.to_owned(),
            Self::Password => t.authentication.password.changed.to_owned(),
            Self::Default => (t.account.memberships.default_changed)(organization?),
            Self::Ended => t.account.devices.ended.to_owned(),
            Self::AppAdded => t.account.security.was_added.to_owned(),
            Self::PasskeyAdded => t.account.security.keys.was_added.to_owned(),
            Self::MailAdded => t.authentication.sent.mail.was_added.to_owned(),
            Self::TextAdded => t.authentication.sent.text.was_added.to_owned(),
            Self::AppRemoved => t.account.security.was_removed.to_owned(),
            Self::AskedAgain => t.account.security.asked_again.to_owned(),
            Self::Email => t.account.email.changed.to_owned(),
            Self::Joined => (t.account.invited.accepted)(organization?),
            Self::Declined => t.authentication.invitation.rejected.title.to_owned(),
            Self::RecoveryAsked => t.recovery.asked.to_owned(),
            Self::RecoveryAgreed => t.recovery.agreed.to_owned(),
            Self::RecoveryEnded => t.recovery.ended.to_owned(),
            Self::KeyFirst => t.account.security.key_first.to_owned(),
        })
    }
}
