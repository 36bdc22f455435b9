//! Browsers and devices that are signed in, each with its own sign-out.

use std::time::Duration;

use askama::Template;

use super::Masthead;
use crate::web::{Frame, device::Device};

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
    /// Those that ended a short while ago, the last first.
    pub past: Vec<PastSession>,
}

/// A session that has ended, with what the apps that were used in it know of it.
pub struct PastSession {
    /// What it ran on.
    pub device: Device,
    /// Whether that is held in the hand.
    pub is_handheld: bool,
    /// How long ago it ended.
    pub ended: Duration,
    /// The apps.
    pub apps: Vec<ToldApp>,
}

/// An app of a session that has ended.
pub struct ToldApp {
    /// Its name.
    pub name: String,
    /// Where it was used.
    pub organization: String,
    /// What is known of it.
    pub state: AppState,
}

/// Whether an app knows that the session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    /// It said so.
    Out,
    /// It is tried.
    Waits,
    /// It was given up.
    Failed,
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

impl ToldApp {
    fn is_out(&self) -> bool {
        self.state == AppState::Out
    }

    fn has_failed(&self) -> bool {
        self.state == AppState::Failed
    }
}

impl SessionsPage {
    fn name_of(&self, device: &Device) -> String {
        device.name().unwrap_or_else(|| self.frame.t.account.devices.unknown.to_owned())
    }

    fn end_of(&self, session: &PastSession) -> String {
        (self.frame.t.account.devices.signed_out)(&self.frame.language().ago(session.ended))
    }

    fn state_of(&self, app: &ToldApp) -> String {
        let t = &self.frame.t.account.devices;
        let words = match app.state {
            AppState::Out => t.app_out,
            AppState::Waits => t.app_waits,
            AppState::Failed => t.app_failed,
        };
        words(&app.name, &app.organization)
    }

    fn details_of(&self, session: &SessionRow) -> String {
        let (t, language) = (&self.frame.t.account.devices, self.frame.language());
        let used = (t.last_used)(&language.ago(session.used));
        let begun = (t.signed_in)(&language.ago(session.begun));
        [used, begun, (t.address)(&session.address)].join(" · ")
    }
}
