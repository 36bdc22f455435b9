//! Letters about what a person signs in with.

use super::{Letter, Letterhead};
use crate::{clock::Timestamp, setting::demand::Level};

/// What has become of the things that a person signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorChange {
    /// An authenticator app was added.
    Added,
    /// One was removed.
    Removed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was closed: there may be a copy of it.
    PasskeyClosed,
    /// Codes by mail were set up.
    MailAdded,
    /// They were removed.
    MailRemoved,
    /// They were, and nothing else is left.
    LastMailRemoved,
    /// Codes by text message were set up.
    TextAdded,
    /// They were removed.
    TextRemoved,
    /// They were, and nothing else is left.
    LastTextRemoved,
    /// The last one was removed.
    LastRemoved,
    /// It was a passkey.
    LastPasskeyRemoved,
    /// All were removed for the person.
    Reset,
    /// The owner took the account back.
    TakenBack,
    /// New recovery codes were made.
    CodesMade,
    /// A recovery code was used.
    CodeUsed,
    /// Wrong codes were typed after the right password.
    CodesGuessed,
}

impl Letterhead {
    /// Word that what the person signs in with was changed at `at`; `href` leads to where it is seen.
    #[must_use]
    pub fn factors_changed(&self, what: FactorChange, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().factors;
        let (kind, word) = match what {
            FactorChange::Added => ("factor-added", &t.added),
            FactorChange::Removed => ("factor-removed", &t.removed),
            FactorChange::PasskeyAdded => ("passkey-added", &t.passkey_added),
            FactorChange::PasskeyRemoved | FactorChange::LastPasskeyRemoved => ("passkey-removed", &t.passkey_removed),
            FactorChange::PasskeyClosed => ("passkey-closed", &t.passkey_closed),
            FactorChange::MailAdded => ("mail-added", &t.mail_added),
            FactorChange::MailRemoved | FactorChange::LastMailRemoved => ("mail-removed", &t.mail_removed),
            FactorChange::TextAdded => ("text-added", &t.text_added),
            FactorChange::TextRemoved | FactorChange::LastTextRemoved => ("text-removed", &t.text_removed),
            FactorChange::LastRemoved => ("factor-removed", &t.last_removed),
            FactorChange::Reset => ("factors-reset", &t.reset),
            FactorChange::TakenBack => ("account-taken-back", &t.taken_back),
            FactorChange::CodesMade => ("recovery-codes-made", &t.codes_made),
            FactorChange::CodeUsed => ("recovery-code-used", &t.code_used),
            FactorChange::CodesGuessed => ("codes-guessed", &t.codes_guessed),
        };
        let lead = (word.lead)(&self.language.date_and_time(at));
        let is_last = matches!(
            what,
            FactorChange::LastPasskeyRemoved | FactorChange::LastMailRemoved | FactorChange::LastTextRemoved
        );
        let effect = if is_last { t.last_removed.effect } else { word.effect };
        let body = self.body(vec![lead, effect.into(), t.not_you.into()], (t.button, href), Vec::new());
        self.write(kind, word.subject, &body)
    }

    /// Word that `organization` asks this person to sign in so surely, at once or from an instant on; `href` leads to where it
    /// is set up.
    #[must_use]
    pub fn factor_required(&self, organization: &str, (level, from): (Level, Option<Timestamp>), href: &str) -> Letter {
        let t = &self.texts().required;
        let lead = match level {
            Level::MultiFactor => (t.lead)(organization),
            Level::PhishingResistant => (t.lead_key)(organization),
        };
        let from = from.map_or_else(|| t.at_once.to_owned(), |from| (t.from)(&self.language.date_and_time(from)));
        let body = self.body(vec![lead, from, t.ready.into()], (t.button, href), Vec::new());
        self.write("factor-required", t.subject, &body)
    }

    /// Word that it does so no more.
    #[must_use]
    pub fn factor_not_required(&self, organization: &str, href: &str) -> Letter {
        let t = &self.texts().required;
        let before = vec![(t.lifted_lead)(organization), t.lifted_effect.into()];
        self.write("factor-not-required", t.lifted_subject, &self.body(before, (t.button, href), Vec::new()))
    }

    /// Word that the first factor was set up at `at`; `href` takes the account back from whoever did.
    #[must_use]
    pub fn first_factor(&self, what: FactorChange, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().factors;
        let (kind, word) = match what {
            FactorChange::PasskeyAdded => ("passkey-added", &t.passkey_added),
            FactorChange::MailAdded => ("mail-added", &t.mail_added),
            FactorChange::TextAdded => ("text-added", &t.text_added),
            _ => ("factor-added", &t.added),
        };
        let before = vec![(word.lead)(&self.language.date_and_time(at)), word.effect.into(), t.undo.lead.into()];
        let body = self.body(before, (t.undo.button, href), vec![t.undo.expires.into()]);
        self.write(kind, word.subject, &body)
    }
}
