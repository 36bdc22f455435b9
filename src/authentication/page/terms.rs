//! Terms and privacy texts that must be accepted.

use askama::Template;

use crate::web::{Frame, Problem, Problems};

/// The page that asks to accept texts. The form sends `accept=yes` and, per text, its key with the version shown.
#[derive(Template)]
#[template(path = "authentication/terms.html")]
pub struct TermsPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// Whether an earlier version was accepted.
    pub is_change: bool,
    /// The texts.
    pub documents: Vec<Document>,
    /// Where somebody goes who does not accept.
    pub decline_href: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// One text.
pub struct Document {
    /// Its name in the database.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Where it is read.
    pub href: String,
}

impl TermsPage {
    fn lead(&self) -> &'static str {
        let texts = &self.frame.t.authentication.terms;
        if self.is_change { texts.changed_lead } else { texts.lead }
    }

    fn version_of(&self, document: &Document) -> String {
        (self.frame.t.authentication.terms.version)(&document.version)
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }
}
