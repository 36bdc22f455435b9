//! Members who have lost every factor, for those who look after all members of an organization.

use askama::Template;

use super::Masthead;
use crate::web::{Field, Frame, Problem, Problems};

/// What waits in one organization, and the form that asks for a member. Each request has a form of its own, which sends
/// `answer=agree` or `answer=end`.
#[derive(Template)]
#[template(path = "account/recoveries.html")]
pub struct RecoveriesPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// The organization; none where the person looks after no whole one.
    pub chosen: Option<Chosen>,
    /// The others that the person looks after.
    pub others: Vec<Other>,
    /// What was typed.
    pub email: String,
    /// The reason that was typed.
    pub reason: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// The organization that the page is about.
pub struct Chosen {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What waits.
    pub waiting: Vec<Row>,
}

/// Another organization.
pub struct Other {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
}

/// One request.
pub struct Row {
    /// Its id.
    pub id: String,
    /// The member.
    pub person: String,
    /// Why.
    pub reason: String,
    /// By whom, until when, and whether somebody agreed.
    pub details: Vec<String>,
    /// Whether the reader may agree.
    pub can_agree: bool,
    /// What ending it is called: whoever asked takes it back.
    pub end: &'static str,
}

impl Row {
    fn action(&self) -> String {
        format!("/account/recoveries/{}", self.id)
    }
}

impl RecoveriesPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn fields(&self) -> [Field; 2] {
        let t = &self.frame.t.recovery;
        let field = |name, label, kind, value: &str| {
            Field::new(self.frame.t, name, label, kind).filled(value).checked(&self.problems)
        };
        [field("email", t.email, "email", &self.email), field("reason", t.reason, "off", &self.reason)]
    }
}
