//! A browser becomes a shared workstation.

use askama::Template;

use crate::web::Frame;

/// The question before.
#[derive(Template)]
#[template(path = "authentication/station.html")]
pub struct StationPage {
    /// The frame, with the organization's sign.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// What the workstation is called.
    pub name: String,
    /// Whose it is.
    pub organization: String,
}

impl StationPage {
    fn lead(&self) -> String {
        (self.frame.t.authentication.station.lead)(&self.name, &self.organization)
    }
}
