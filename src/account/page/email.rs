//! The page behind the link that proves a new address: a link alone changes nothing, since mail scanners open links too.

use askama::Template;

use crate::web::Frame;

/// The confirmation of a new address.
#[derive(Template)]
#[template(path = "account/email.html")]
pub struct ConfirmEmailPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The new address.
    pub email: String,
}

impl ConfirmEmailPage {
    fn lead(&self) -> String {
        (self.frame.t.letters.verification.lead)(&self.email)
    }
}
