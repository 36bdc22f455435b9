//! An app that the person may not use: why, and whom to ask.

use askama::Template;

use crate::web::{Frame, Link};

/// The page that says whom to ask.
#[derive(Template)]
#[template(path = "authentication/no_access.html")]
pub struct NoAccessPage {
    /// The frame.
    pub frame: Frame,
    /// The app's name.
    pub app: String,
    /// The organization's name.
    pub organization: String,
    /// The group, role or location that the app asks for.
    pub missing: Option<String>,
    /// The names of those who can give it.
    pub people: Vec<String>,
    /// Where to go from here; the first is the main one.
    pub links: Vec<Link>,
}

impl NoAccessPage {
    fn title(&self) -> String {
        (self.frame.t.authentication.no_access.title)(&self.app)
    }

    fn lead(&self) -> String {
        (self.frame.t.authentication.no_access.lead)(&self.app, &self.organization)
    }
}
