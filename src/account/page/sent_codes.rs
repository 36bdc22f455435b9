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
    /// Where codes go; nowhere where they would prove nothing now.
    pub to: Option<String>,
    /// Whether a code waits to be typed.
    pub is_waiting: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl SentCodesPage {
    fn by(&self) -> &'static SentBy {
        sent_by(self.frame.t, self.kind)
    }

    fn lead(&self) -> String {
        match (&self.to, self.is_waiting) {
            (None, _) => self.by().not_now.to_owned(),
            (Some(to), true) => (self.by().sent)(to),
            (Some(to), false) => (self.by().before)(to),
        }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let label = self.frame.t.authentication.second_factor.code;
        Field::new(self.frame.t, "code", label, "one-time-code").checked(&self.problems)
    }
}
