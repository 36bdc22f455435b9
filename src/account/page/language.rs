//! The language of pages and mails.

use askama::Template;

use super::Masthead;
use crate::web::Frame;

/// The choice of a language. The form sends `language` with a tag.
#[derive(Template)]
#[template(path = "account/language.html")]
pub struct LanguagePage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
}
