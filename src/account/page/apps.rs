//! Apps that may use the account, each with its withdrawal.

use std::time::Duration;

use askama::Template;

use super::Masthead;
use crate::{authentication::page::consent::Detail, web::Frame};

/// The list of apps. Each has a form of its own.
#[derive(Template)]
#[template(path = "account/apps.html")]
pub struct AppsPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// The apps.
    pub apps: Vec<AppRow>,
}

/// One app.
pub struct AppRow {
    /// The client's id.
    pub id: String,
    /// The app's name.
    pub name: String,
    /// The organization it was allowed in.
    pub organization: String,
    /// What it may do, in words.
    pub scopes: Vec<String>,
    /// What it asked for in detail, in words.
    pub details: Vec<Detail>,
    /// How long ago it was allowed.
    pub age: Duration,
}

impl AppRow {
    /// Where the form that withdraws it posts to.
    fn withdrawal(&self) -> String {
        let id: String = form_urlencoded::byte_serialize(self.id.as_bytes()).collect();
        format!("/account/apps/{id}/withdraw")
    }
}

impl AppsPage {
    fn since(&self, app: &AppRow) -> String {
        (self.frame.t.account.consents.since)(&self.frame.language().ago(app.age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_as_id_is_one_part_of_a_path() {
        let row = |id: &str| AppRow {
            id: id.to_owned(),
            name: String::new(),
            organization: String::new(),
            scopes: vec![],
            details: vec![],
            age: Duration::ZERO,
        };
        assert_eq!(row("portal").withdrawal(), "/account/apps/portal/withdraw");
        assert_eq!(row("https://a.example/b").withdrawal(), "/account/apps/https%3A%2F%2Fa.example%2Fb/withdraw");
    }
}
