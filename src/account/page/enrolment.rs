//! Choosing the second step that is asked for.

use askama::Template;

use crate::web::Frame;

/// The choice.
#[derive(Template)]
#[template(path = "account/enrolment.html")]
pub struct EnrolmentPage {
    /// The frame.
    pub frame: Frame,
    /// Where a passkey is added, where one can be had.
    pub keys_href: Option<String>,
    /// What the button for an authenticator app posts to, where one is enough.
    pub apps_action: Option<String>,
    /// Where codes by mail are set up, where they are enough.
    pub mail_href: Option<String>,
    /// From which day on it is asked for; now, where there is none.
    pub later: Option<String>,
    /// Where whoever does it later goes on.
    pub later_href: Option<String>,
    /// Where somebody else signs in.
    pub other_person_href: String,
}

impl EnrolmentPage {
    fn lead(&self) -> String {
        let t = &self.frame.t.account.security.enrolment;
        match (&self.later, self.apps_action.is_some() || self.mail_href.is_some()) {
            (None, true) => t.lead.to_owned(),
            (None, false) => t.lead_key.to_owned(),
            (Some(from), true) => (t.lead_later)(from),
            (Some(from), false) => (t.lead_key_later)(from),
        }
    }
}
