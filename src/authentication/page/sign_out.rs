//! The end of a session: asked for, and done.

use askama::Template;

use crate::web::{Frame, Message, Parameters};

/// The page that asks whether to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).
#[derive(Template)]
#[template(path = "authentication/sign_out.html")]
pub struct SignOutPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The person's name.
    pub person: String,
    /// What the form passes on.
    pub hidden: Parameters,
    /// Where somebody goes who stays.
    pub stay_href: String,
}

impl SignOutPage {
    fn lead(&self) -> String {
        (self.frame.t.authentication.sign_out.confirm_lead)(&self.person)
    }
}

/// The page after it.
#[must_use]
pub fn signed_out_page(frame: Frame) -> Message {
    let texts = &frame.t.authentication.sign_out;
    Message::new(frame, &texts.done).linking("/account", texts.again)
}
