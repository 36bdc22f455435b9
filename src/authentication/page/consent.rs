//! What an app may learn and do, before it may.

use askama::Template;

use crate::web::Frame;

/// The consent page. The decision arrives as `decision=allow` or `decision=deny`.
#[derive(Template)]
#[template(path = "authentication/consent.html")]
pub struct ConsentPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to, with the return path.
    pub action: String,
    /// The app's name.
    pub app: String,
    /// The host that vouches for an app which nobody registered.
    pub host: Option<String>,
    /// The organization's name.
    pub organization: String,
    /// What each scope means, in words.
    pub scopes: Vec<String>,
    /// What is asked for in detail, in the app's words.
    pub details: Vec<Detail>,
}

/// One thing that is asked for in detail (RFC 9396).
pub struct Detail {
    /// What it is.
    pub title: String,
    /// What it says, by name.
    pub lines: Vec<(String, String)>,
}

impl ConsentPage {
    fn title(&self) -> String {
        (self.frame.t.authentication.consent.title)(&self.app)
    }

    fn lead(&self) -> String {
        (self.frame.t.authentication.consent.lead)(&self.organization)
    }

    fn will(&self) -> String {
        (self.frame.t.authentication.consent.will)(&self.app)
    }
}
