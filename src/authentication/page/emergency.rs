//! Registering the key of an emergency account.

use askama::Template;

use crate::web::{Frame, Problem, Problems};

/// The page behind its link.
#[derive(Template)]
#[template(path = "authentication/emergency.html")]
pub struct EmergencyPage {
    /// The frame.
    pub frame: Frame,
    /// The account's name.
    pub name: String,
    /// Where the form posts to.
    pub action: String,
    /// What the browser is asked.
    pub options: String,
    /// What its answer is compared with.
    pub state: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl EmergencyPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }
}
