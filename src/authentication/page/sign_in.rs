//! User name and password, in one step.

use askama::Template;

use super::passkey::PasskeyForm;
use crate::web::{Field, Frame, Link, Problem, Problems, ReturnTo, Visit, return_to};

/// The sign-in page.
#[derive(Template)]
#[template(path = "authentication/sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to, with the return path.
    pub action: String,
    /// Where a forgotten password is told, with the return path.
    pub reset_href: String,
    /// Where whoever has their account elsewhere says whose it is.
    pub organization_href: Option<String>,
    /// The identity providers of the organization that is signed in to.
    pub elsewhere: Vec<Link>,
    /// The app that is signed in to.
    pub app: Option<String>,
    /// Whether somebody is signed in and must prove it again.
    pub is_again: bool,
    /// The shared workstation that this browser is, and whose.
    pub station: Option<String>,
    /// What went well just before.
    pub notice: Option<&'static str>,
    /// The user name to fill in.
    pub user_name: String,
    /// The form that asks for a passkey.
    pub passkey: Option<PasskeyForm>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl SignInPage {
    fn title(&self) -> &'static str {
        let texts = &self.frame.t.authentication.sign_in;
        if self.is_again { texts.again.title } else { texts.title }
    }

    fn lead(&self) -> Option<String> {
        let texts = &self.frame.t.authentication.sign_in;
        let to = self.app.as_deref().map(texts.continue_to);
        match (self.is_again, &self.app) {
            (true, Some(_)) => Some(texts.again.text.to_owned()),
            (true, None) => Some(texts.again_unasked.to_owned()),
            (false, _) => to,
        }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn user_name_field(&self) -> Field {
        // Where there are passkeys, browsers offer them with the names that they know.
        let autocomplete = match (&self.station, &self.passkey) {
            // Nobody sees who else works here.
            (Some(_), _) => "off",
            (None, Some(_)) => "username webauthn",
            (None, None) => "username",
        };
        let texts = &self.frame.t.authentication.sign_in;
        let field = Field::new(self.frame.t, "user_name", texts.user_name, autocomplete).filled(&self.user_name);
        let field = field.checked(&self.problems);
        if self.user_name.is_empty() && self.problems.is_empty() { field.focused() } else { field }
    }

    fn password_field(&self) -> Field {
        let texts = &self.frame.t.authentication.sign_in;
        let field = Field::new(self.frame.t, "password", texts.password, "current-password").checked(&self.problems);
        if self.user_name.is_empty() || !self.problems.is_empty() { field } else { field.focused() }
    }
}

/// Whose account it is that somebody has elsewhere.
#[derive(Template)]
#[template(path = "authentication/organization_sign_in.html")]
pub struct OrganizationSignInPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to, with the return path.
    pub action: String,
    /// Back to user name and password.
    pub password_href: String,
    /// The address to fill in.
    pub user_name: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl OrganizationSignInPage {
    /// The page, on the way to `back`.
    #[must_use]
    pub fn new(visit: &Visit, back: &ReturnTo, user_name: String) -> Self {
        let sealed = back.seal(visit.site(), visit.browser());
        let to = |path: &str| format!("{path}?{}={sealed}", return_to::PARAMETER);
        Self {
            frame: Frame::new(visit),
            action: to("/login/organization"),
            password_href: to("/login/password"),
            user_name,
            problems: vec![],
        }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn address(&self) -> Field {
        let label = self.frame.t.federation.address;
        let field = Field::new(self.frame.t, "user_name", label, "username").filled(&self.user_name);
        field.checked(&self.problems).focused()
    }
}

/// The way on from a form, which begins by itself: to another site, or from one.
#[derive(Template)]
#[template(path = "authentication/on_the_way.html")]
pub struct OnTheWayPage {
    /// The frame.
    pub frame: Frame,
    /// Where it leads.
    pub to: String,
}

impl OnTheWayPage {
    /// The page of a visit.
    #[must_use]
    pub fn new(visit: &Visit, to: String) -> Self {
        Self { frame: Frame::new(visit), to }
    }
}
