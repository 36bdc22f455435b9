//! A page that only says something: what happened, and where to go from here.

use askama::Template;

use super::{frame::Frame, language::strings::Said};

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
}

/// A heading, a sentence, and what can be done next; the first link is the main one.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    frame: Frame,
    said: &'static Said,
    notes: Vec<&'static str>,
    links: Vec<Link>,
}

impl Message {
    /// A page that says `said`.
    #[must_use]
    pub fn new(frame: Frame, said: &'static Said) -> Self {
        Self { frame, said, notes: Vec::new(), links: Vec::new() }
    }

    /// With a smaller sentence below.
    #[must_use]
    pub fn noting(mut self, note: &'static str) -> Self {
        self.notes.push(note);
        self
    }

    /// With a link.
    #[must_use]
    pub fn linking(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.links.push(Link { href: href.into(), label: label.into() });
        self
    }
}
