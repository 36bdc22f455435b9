//! Setting up codes that are sent.

use askama::Template;

use super::Masthead;
use crate::{
    authentication::{factor::Kind, page::second_factor::sent_by},
    web::{Field, Frame, Problem, Problems, language::strings::authentication::SentBy},
};

/// The page that proves where codes are sent to.
#[derive(Template)]
#[template(path = "account/sent_codes.html")]
pub struct SentCodesPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// By which way they are sent.
    pub kind: Kind,
    /// Where the forms post to.
    pub action: String,
    /// Where whoever does not want it goes on.
    pub cancel_href: String,
    /// Where codes go, where that is known.
    pub to: Option<String>,
    /// Whether a code waits to be typed.
    pub is_waiting: bool,
    /// Whether a code would prove anything now.
    pub may_send: bool,
    /// What was typed as the number of a telephone.
    pub number: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl SentCodesPage {
    fn by(&self) -> &'static SentBy {
        sent_by(self.frame.t, self.kind)
    }

    fn lead(&self) -> String {
        let t = &self.frame.t.authentication.sent;
        match (&self.to, self.is_waiting) {
            _ if !self.may_send => t.mail_not_now.to_owned(),
            (Some(to), true) => (self.by().sent)(to),
            (Some(to), false) => (self.by().before)(to),
            (None, _) => t.phone.lead.to_owned(),
        }
    }

    fn asks_number(&self) -> bool {
        self.kind == Kind::Sms
    }

    fn number_field(&self) -> Field {
        let t = &self.frame.t.authentication.sent.phone;
        let field = Field::new(self.frame.t, "number", t.number, "tel").filled(&self.number).explained(t.hint);
        field.checked(&self.problems)
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let label = self.frame.t.authentication.second_factor.code;
        Field::new(self.frame.t, "code", label, "one-time-code").checked(&self.problems)
    }
}
