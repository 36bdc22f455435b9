//! A new password: because it must change, or because the old one is forgotten.

use askama::Template;

use crate::{
    policy::password::Asked,
    web::{Field, Frame, Problem, Problems},
};

/// Why a password is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The person signed in with a temporary one.
    MustChange,
    /// It is older than rules allow.
    Expired,
    /// The person came from the link of a mail.
    Forgotten,
}

/// The page that asks for a new password, twice.
#[derive(Template)]
#[template(path = "authentication/password.html")]
pub struct PasswordPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// Why.
    pub reason: Reason,
    /// The user name, for the browser's password store.
    pub user_name: String,
    /// What is asked of it.
    pub asked: Asked,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl PasswordPage {
    fn title(&self) -> &'static str {
        let texts = &self.frame.t.authentication;
        match self.reason {
            Reason::MustChange | Reason::Expired => texts.password.forced_title,
            Reason::Forgotten => texts.reset.choose.title,
        }
    }

    fn lead(&self) -> &'static str {
        let texts = &self.frame.t.authentication;
        match self.reason {
            Reason::MustChange => texts.password.forced_lead,
            Reason::Expired => texts.password.expired_lead,
            Reason::Forgotten => texts.reset.choose.text,
        }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn new_field(&self) -> Field {
        new_password_field(&self.frame, self.asked).checked(&self.problems)
    }

    fn repeat_field(&self) -> Field {
        repeated_password_field(&self.frame).checked(&self.problems)
    }
}

/// The field `new_password`, with the rule that it must meet.
#[must_use]
pub fn new_password_field(frame: &Frame, asked: Asked) -> Field {
    let texts = &frame.t.authentication.password;
    let kinds = (asked.kinds > 1).then(|| (texts.kinds)(asked.kinds));
    let rules: Vec<String> = [(texts.rules)(asked.least)].into_iter().chain(kinds).collect();
    Field::new(frame.t, "new_password", texts.new, "new-password").explained(rules.join(" "))
}

/// The field `repeated_password`.
#[must_use]
pub fn repeated_password_field(frame: &Frame) -> Field {
    Field::new(frame.t, "repeated_password", frame.t.authentication.password.repeat, "new-password")
}
