//! The second factor: a code of an authenticator app, or a recovery code.

use askama::Template;

use crate::web::{Field, Frame, Problem, Problems};

/// The page that asks for a code.
#[derive(Template)]
#[template(path = "authentication/second_factor.html")]
pub struct SecondFactorPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The same page for the other kind of code.
    pub other_href: String,
    /// Where somebody else signs in.
    pub other_person_href: String,
    /// Whether a recovery code is asked for.
    pub is_recovery: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl SecondFactorPage {
    fn lead(&self) -> &'static str {
        let t = &self.frame.t.authentication.second_factor;
        if self.is_recovery { t.recovery_lead } else { t.lead }
    }

    fn other(&self) -> &'static str {
        let t = &self.frame.t.authentication.second_factor;
        if self.is_recovery { t.use_app } else { t.use_recovery }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let t = &self.frame.t.authentication.second_factor;
        let (label, autocomplete) = if self.is_recovery { (t.recovery_code, "off") } else { (t.code, "one-time-code") };
        let field = Field::new(self.frame.t, "code", label, autocomplete).checked(&self.problems);
        if self.problems.is_empty() { field.focused() } else { field }
    }
}
