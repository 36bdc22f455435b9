//! The choice of the organization to work in.

use askama::Template;

use crate::web::{Brand, Frame};

/// The page that asks where somebody works now.
#[derive(Template)]
#[template(path = "authentication/organization.html")]
pub struct OrganizationPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to, with the return path.
    pub action: String,
    /// The app that is signed in to.
    pub app: Option<String>,
    /// The organizations, the default first.
    pub choices: Vec<Choice>,
    /// Where another person signs in.
    pub other_person_href: String,
}

/// One organization to choose.
pub struct Choice {
    /// The organization's slug.
    pub slug: String,
    /// Its name, logo and colour.
    pub brand: Brand,
    /// The person's level there, in a few words.
    pub detail: String,
    /// Whether it is the person's default.
    pub is_default: bool,
}

impl OrganizationPage {
    fn lead(&self) -> String {
        let texts = &self.frame.t.authentication.organization;
        self.app.as_deref().map_or_else(|| texts.lead.to_owned(), texts.lead_for)
    }
}
