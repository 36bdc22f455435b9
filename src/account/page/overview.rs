//! The first page: who the person is, where they belong, and their level in each.

use std::time::Duration;

use askama::Template;

use super::{Level, Masthead};
use crate::web::{Brand, Frame};

/// The overview.
#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// Who the person is.
    pub profile: Profile,
    /// Where the person belongs, the default first.
    pub memberships: Vec<Membership>,
}

/// Who the person is.
pub struct Profile {
    /// Full name.
    pub name: String,
    /// Who keeps it and where it is changed; none where the person does.
    pub name_note: Option<String>,
    /// The user name, where there is one beside the address.
    pub user_name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Whether it was proved to be theirs.
    pub email_is_verified: bool,
    /// How long ago the password was set.
    pub password_age: Option<Duration>,
    /// By which day another one has to be chosen.
    pub password_until: Option<String>,
}

/// One membership.
pub struct Membership {
    /// The organization's slug.
    pub slug: String,
    /// Its name, logo and colour.
    pub brand: Brand,
    /// The kind of membership, the profession and what else is worth a line.
    pub detail: String,
    /// Whether it is the default.
    pub is_default: bool,
    /// The level: each role where it holds.
    pub levels: Vec<Level>,
    /// The names of groups.
    pub groups: Vec<String>,
}

impl OverviewPage {
    fn greeting(&self) -> String {
        (self.frame.t.account.profile.greeting)(&self.profile.name)
    }

    fn password_age(&self) -> Option<String> {
        let t = &self.frame.t.account.profile;
        let age = (t.password_age)(&self.frame.language().ago(self.profile.password_age?));
        let until = self.profile.password_until.as_deref().map(t.password_until);
        Some(until.map_or_else(|| age.clone(), |until| format!("{age} · {until}")))
    }
}
