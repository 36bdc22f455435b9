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
        format!("/account/apps/{}/withdraw", self.id)
    }
}

impl AppsPage {
    fn since(&self, app: &AppRow) -> String {
        (self.frame.t.account.consents.since)(&self.frame.language().ago(app.age))
    }
}
