//! Browsers and devices that are signed in, each with its own sign-out.

use std::time::Duration;

use askama::Template;

use super::Masthead;
use crate::{account::device::Device, web::Frame};

/// The list of devices. Each has a form of its own.
#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// The sessions, this one first.
    pub sessions: Vec<SessionRow>,
}

/// One session.
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// What it runs on.
    pub device: Device,
    /// Whether it is the one that looks at the page.
    pub is_this: bool,
    /// Whether it is held in the hand.
    pub is_handheld: bool,
    /// The address it was last used from.
    pub address: String,
    /// How long ago it began.
    pub begun: Duration,
    /// How long ago it was used.
    pub used: Duration,
}

impl SessionRow {
    /// Where the form that ends it posts to.
    fn end_action(&self) -> String {
        format!("/account/sessions/{}/end", self.id)
    }
}

impl SessionsPage {
    fn name_of(&self, session: &SessionRow) -> String {
        session.device.name().unwrap_or_else(|| self.frame.t.account.devices.unknown.to_owned())
    }

    fn details_of(&self, session: &SessionRow) -> String {
        let (t, language) = (&self.frame.t.account.devices, self.frame.language());
        let used = (t.last_used)(&language.ago(session.used));
        let begun = (t.signed_in)(&language.ago(session.begun));
        [used, begun, (t.address)(&session.address)].join(" · ")
    }
}
