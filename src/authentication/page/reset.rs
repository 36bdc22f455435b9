//! A forgotten password: who asks for a link.

use askama::Template;

use crate::web::{Field, Frame, Message, Problem, Problems};

/// The page that asks who forgot the password.
#[derive(Template)]
#[template(path = "authentication/reset.html")]
pub struct ResetPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The sign-in page.
    pub back_href: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl ResetPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn user_name_field(&self) -> Field {
        let texts = &self.frame.t.authentication.reset;
        Field::new(self.frame.t, "user_name", texts.user_name, "username").checked(&self.problems).focused()
    }
}

/// The page that follows, the same whether there is such an account or not.
#[must_use]
pub fn sent_page(frame: Frame, back_href: &str) -> Message {
    let texts = &frame.t.authentication.reset;
    Message::new(frame, &texts.sent).noting(texts.sent_hint).noting(texts.no_mailbox).linking(back_href, texts.back)
}
