//! The page behind the link that takes an account back: a link alone changes nothing, since mail scanners open links too.

use askama::Template;

use crate::web::Frame;

/// The question before.
#[derive(Template)]
#[template(path = "authentication/take_back.html")]
pub struct TakeBackPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
}
