//! An app that the person may not use: why, whom to ask, and by what a help desk finds the refusal (`audit list --request`). What
//! the rules say is the organization's, and is not told.

use askama::Template;

use crate::{
    setting::Setting,
    web::{Frame, Link},
};

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
    /// The setting by which the organization lets nobody like this person in, now or from here.
    pub stopped: Option<Setting>,
    /// Whether the audit log has this request: what was written down before is not found by its number.
    pub is_recorded: bool,
    /// The names of those who can give it.
    pub people: Vec<String>,
    /// Where to go from here; the first is the main one.
    pub links: Vec<Link>,
}

impl NoAccessPage {
    fn title(&self) -> String {
        let texts = &self.frame.t.authentication.no_access;
        match self.stopped {
            Some(Setting::ScheduleWindows) => (texts.closed_title)(&self.app),
            Some(Setting::SignalsStepUp | Setting::SessionNewDevice) => (texts.unusual_title)(&self.app),
            Some(_) => (texts.elsewhere_title)(&self.app),
            None => (texts.title)(&self.app),
        }
    }

    fn lead(&self) -> String {
        let texts = &self.frame.t.authentication.no_access;
        match &self.organization {
            Some(organization) if self.stopped == Some(Setting::ScheduleWindows) => (texts.closed)(organization),
            Some(organization) if matches!(self.stopped, Some(Setting::SignalsStepUp | Setting::SessionNewDevice)) => {
                (texts.unusual)(organization)
            }
            Some(organization) if self.stopped.is_some() => (texts.elsewhere)(organization),
            Some(organization) => (texts.lead)(&self.app, organization),
            None => (texts.lead_without_organization)(&self.app),
        }
    }
}
