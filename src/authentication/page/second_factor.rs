//! The second factor: a code of an authenticator app, or a recovery code.

use askama::Template;

use super::passkey::PasskeyForm;
use crate::web::{Field, Frame, Problem, Problems};

/// The page that asks for a code.
#[derive(Template)]
#[template(path = "authentication/second_factor.html")]
pub struct SecondFactorPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The same page for the other kind of code, where there is one.
    pub other_href: Option<String>,
    /// Where somebody else signs in.
    pub other_person_href: String,
    /// Whether a recovery code is asked for.
    pub is_recovery: bool,
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

impl SecondFactorPage {
    fn lead(&self) -> &'static str {
        let t = &self.frame.t.authentication.second_factor;
        if self.is_key_wanted && !self.is_recovery {
            return t.lead_key_wanted;
        }
        match (self.is_recovery, self.passkey.is_some(), self.has_app) {
            (true, ..) => t.recovery_lead,
            (false, false, _) => t.lead,
            (false, true, true) => t.lead_with_both,
            (false, true, false) => t.lead_with_passkey,
        }
    }

    fn other(&self) -> &'static str {
        let t = &self.frame.t.authentication.second_factor;
        match (self.is_recovery, self.has_app) {
            (true, true) => t.use_app,
            (true, false) => t.use_passkey,
            (false, _) => t.use_recovery,
        }
    }

    fn remember(&self) -> Option<String> {
        self.days.map(self.frame.t.authentication.second_factor.remember)
    }

    /// Whether there is anything to type: a code of an app, or one that was kept.
    const fn asks_for_code(&self) -> bool {
        self.is_recovery || self.has_app
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let t = &self.frame.t.authentication.second_factor;
        let (label, autocomplete) = if self.is_recovery { (t.recovery_code, "off") } else { (t.code, "one-time-code") };
        let field = Field::new(self.frame.t, "code", label, autocomplete).checked(&self.problems);
        if self.problems.is_empty() && self.passkey.is_none() { field.focused() } else { field }
    }
}
