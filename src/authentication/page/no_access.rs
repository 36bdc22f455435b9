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
    /// The organization's name; none where the person has none with this app.
    pub organization: Option<String>,
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
        let texts = &self.frame.t.authentication.no_access;
        match &self.organization {
            Some(organization) => (texts.lead)(&self.app, organization),
            None => (texts.lead_without_organization)(&self.app),
        }
    }
}
