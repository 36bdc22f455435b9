//! The person's own pages, one file each, and what all of them show.

pub mod apps;
pub mod email;
pub mod form;
pub mod invitation;
pub mod invitations;
pub mod language;
pub mod overview;
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
}

/// The pages in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Name, address, memberships.
    Overview,
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
    fn tabs(&self, frame: &Frame) -> [TabLink; 4] {
        let t = &frame.t.account;
        let link = |tab, href, label| TabLink { href, label, is_current: tab == self.tab, count: None };
        let count = (self.open_invitations > 0).then_some(self.open_invitations);
        [
            link(Tab::Overview, "/account", t.overview),
            link(Tab::Sessions, "/account/sessions", t.sessions),
            link(Tab::Apps, "/account/apps", t.apps),
            TabLink { count, ..link(Tab::Invitations, "/account/invitations", t.invitations) },
        ]
    }
}

#[cfg(test)]
mod tests;
