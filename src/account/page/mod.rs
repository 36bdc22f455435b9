//! The person's own pages, one file each, and what all of them show.

pub mod apps;
pub mod email;
pub mod enrolment;
pub mod form;
pub mod invitation;
pub mod invitations;
pub mod language;
pub mod overview;
pub mod recoveries;
pub mod security;
pub mod sent_codes;
pub mod sessions;

use crate::web::Frame;

/// The head of every account page.
pub struct Masthead {
    /// The person's name.
    pub person: String,
    /// The page that is open.
    pub tab: Tab,
    /// How many invitations wait for an answer.
    pub open_invitations: usize,
    /// How many requests of back ends wait for a decision.
    pub open_requests: usize,
    /// Whether the person is on the way elsewhere, so that no other page is offered.
    pub is_on_the_way: bool,
    /// At a shared workstation: after how many seconds without a use the page gives way to the sign-in.
    pub locks_after: Option<u64>,
}

/// The pages in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Name, address, memberships.
    Overview,
    /// Authenticator apps and recovery codes.
    Security,
    /// Browsers and devices.
    Sessions,
    /// Apps with consent.
    Apps,
    /// Invitations.
    Invitations,
}

struct TabLink {
    href: &'static str,
    label: &'static str,
    is_current: bool,
    count: Option<usize>,
}

/// A role where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The role's name.
    pub role: String,
    /// The location's name; `None` for the whole organization.
    pub location: Option<String>,
    /// Until when it holds, in words.
    pub until: Option<String>,
}

impl Masthead {
    fn tabs(&self, frame: &Frame) -> Vec<TabLink> {
        let t = &frame.t.account;
        let link = |tab, href, label| TabLink { href, label, is_current: tab == self.tab, count: None };
        let count = (self.open_invitations > 0).then_some(self.open_invitations);
        let mut tabs = vec![
            link(Tab::Overview, "/account", t.overview),
            link(Tab::Security, "/account/security", t.security.title),
            link(Tab::Sessions, "/account/sessions", t.sessions),
            link(Tab::Apps, "/account/apps", t.apps),
            TabLink { count, ..link(Tab::Invitations, "/account/invitations", t.invitations) },
        ];
        if self.open_requests > 0 {
            // A page of its own, for those few minutes.
            let label = frame.t.authentication.asked.title;
            let count = Some(self.open_requests);
            tabs.push(TabLink { href: "/account/requests", label, is_current: false, count });
        }
        tabs
    }
}

#[cfg(test)]
mod tests;
