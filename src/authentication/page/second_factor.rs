//! The second factor: a code of an authenticator app, one that is sent, or a recovery code.

use askama::Template;

use super::passkey::PasskeyForm;
use crate::{
    authentication::factor::Kind,
    web::{
        Field, Frame, Problem, Problems,
        language::strings::{Strings, authentication::SentBy},
    },
};

/// The page that asks for a code.
#[derive(Template)]
#[template(path = "authentication/second_factor.html")]
pub struct SecondFactorPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The same page for other ways.
    pub others: Vec<OtherWay>,
    /// Where somebody else signs in.
    pub other_person_href: String,
    /// The way that is asked for.
    pub way: Way,
    /// The code that is sent, where one is asked for.
    pub sent: Option<SentStep>,
    /// Whether codes by mail are closed.
    pub is_mail_closed: bool,
    /// For how many days the browser may be remembered.
    pub days: Option<u64>,
    /// The form that asks for a passkey.
    pub passkey: Option<PasskeyForm>,
    /// Whether the person has an authenticator app.
    pub has_app: bool,
    /// Whether nothing but a passkey will do.
    pub is_key_wanted: bool,
    /// Where whoever has lost that sets up another.
    pub lost_href: Option<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Another way to do this step.
pub struct OtherWay {
    /// Where.
    pub href: String,
    /// Which.
    pub way: Way,
}

/// A way to do this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an authenticator app.
    App,
    /// By a passkey.
    Passkey,
    /// By a code that is sent.
    Sent(Kind),
    /// By a recovery code.
    Recovery,
}

/// A code that is sent.
pub struct SentStep {
    /// By which way.
    pub kind: Kind,
    /// Where to, as far as it is shown.
    pub to: String,
    /// Whether one waits to be typed.
    pub is_waiting: bool,
}

/// The words for codes that are sent so.
#[must_use]
pub fn sent_by(t: &'static Strings, kind: Kind) -> &'static SentBy {
    match kind {
        Kind::Sms => &t.authentication.sent.text,
        Kind::Totp | Kind::Passkey | Kind::Email => &t.authentication.sent.mail,
    }
}

/// An address as whoever knows it recognises it: the first letter and the domain.
#[must_use]
pub fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => format!("{}•••@{domain}", local.chars().take(1).collect::<String>()),
        None => "•••".to_owned(),
    }
}

impl SecondFactorPage {
    fn is_recovery(&self) -> bool {
        self.way == Way::Recovery
    }

    fn lead(&self) -> String {
        let t = &self.frame.t.authentication.second_factor;
        if let Some(sent) = &self.sent {
            let by = sent_by(self.frame.t, sent.kind);
            return if sent.is_waiting { (by.sent)(&sent.to) } else { (by.before)(&sent.to) };
        }
        if self.is_key_wanted && !self.is_recovery() {
            return t.lead_key_wanted.to_owned();
        }
        let lead = match (self.is_recovery(), self.passkey.is_some(), self.has_app) {
            (true, ..) => t.recovery_lead,
            (false, false, _) => t.lead,
            (false, true, true) => t.lead_with_both,
            (false, true, false) => t.lead_with_passkey,
        };
        lead.to_owned()
    }

    fn label_of(&self, other: &OtherWay) -> &'static str {
        let t = &self.frame.t.authentication.second_factor;
        match other.way {
            Way::App => t.use_app,
            Way::Passkey => t.use_passkey,
            Way::Sent(kind) => sent_by(self.frame.t, kind).choose,
            Way::Recovery => t.use_recovery,
        }
    }

    fn remember(&self) -> Option<String> {
        self.days.map(self.frame.t.authentication.second_factor.remember)
    }

    /// Whether there is anything to type: a code of an app, one that was sent, or one that was kept.
    fn asks_for_code(&self) -> bool {
        self.is_recovery() || self.sent.as_ref().map_or(self.has_app, |sent| sent.is_waiting)
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let t = &self.frame.t.authentication.second_factor;
        let (label, autocomplete) =
            if self.is_recovery() { (t.recovery_code, "off") } else { (t.code, "one-time-code") };
        let field = Field::new(self.frame.t, "code", label, autocomplete).checked(&self.problems);
        if self.problems.is_empty() && self.passkey.is_none() { field.focused() } else { field }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_recognised_by_whoever_knows_it() {
        for (address, expected) in [
            ("priya@riverside.example", "p•••@riverside.example"),
            ("åse@riverside.example", "å•••@riverside.example"),
            ("nothing", "•••"),
        ] {
            assert_eq!(masked(address), expected);
        }
    }
}
