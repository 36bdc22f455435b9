//! Choosing the second step that is asked for.

use askama::Template;

use crate::{
    authentication::{factor::Kind, page::second_factor::sent_by},
    web::{Frame, language::strings::authentication::SentBy},
};

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
    /// Where codes that are sent are set up, where they are enough.
    pub sent: Vec<SentChoice>,
    /// From which day on it is asked for; now, where there is none.
    pub later: Option<String>,
    /// Where whoever does it later goes on.
    pub later_href: Option<String>,
    /// Where somebody else signs in.
    pub other_person_href: String,
}

/// A way by which codes are sent.
pub struct SentChoice {
    /// Which.
    pub kind: Kind,
    /// Where it is set up.
    pub href: String,
}

impl EnrolmentPage {
    fn words(&self, way: &SentChoice) -> &'static SentBy {
        sent_by(self.frame.t, way.kind)
    }

    fn lead(&self) -> String {
        let t = &self.frame.t.account.security.enrolment;
        match (&self.later, self.apps_action.is_some() || !self.sent.is_empty()) {
            (None, true) => t.lead.to_owned(),
            (None, false) => t.lead_key.to_owned(),
            (Some(from), true) => (t.lead_later)(from),
            (Some(from), false) => (t.lead_key_later)(from),
        }
    }
}
