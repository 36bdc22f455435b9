//! The pages behind the links of whoever has lost every factor: a link alone changes nothing, since mail scanners open links too.

use askama::Template;

use crate::web::Frame;

/// The page behind the link that lets the person in.
#[derive(Template)]
#[template(path = "authentication/lost_factors.html")]
pub struct LostFactorsPage {
    /// The frame.
    pub frame: Frame,
    /// Where both forms post to.
    pub action: String,
    /// Where the password is proved, if it was not just now.
    pub sign_in_href: Option<String>,
}

/// The page behind the link that ends it.
#[derive(Template)]
#[template(path = "authentication/stop_recovery.html")]
pub struct StopRecoveryPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
}
