//! The end of a session: asked for, and done.

use askama::Template;

use axum::response::{IntoResponse, Redirect, Response};
use url::Url;

use crate::web::{Frame, Frames, Page, Parameters, RedirectOrigin, Visit, cookie::Cookie};

/// The page that asks whether to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).
#[derive(Template)]
#[template(path = "authentication/sign_out.html")]
pub struct SignOutPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// The person's name.
    pub person: String,
    /// What the form passes on.
    pub hidden: Parameters,
    /// Where somebody goes who stays.
    pub stay_href: String,
}

impl SignOutPage {
    fn lead(&self) -> String {
        (self.frame.t.authentication.sign_out.confirm_lead)(&self.person)
    }
}

/// The page after it, which tells apps in frames and goes on by itself where there is somewhere to go.
#[derive(Template)]
#[template(path = "authentication/signed_out.html")]
pub struct SignedOutPage {
    /// The frame.
    pub frame: Frame,
    /// What the browser loads, an address of each app.
    pub apps: Vec<Url>,
    /// Where it goes on to.
    pub to: Option<String>,
}

/// The answer to a sign-out: the browser forgets its session, tells the apps in frames, and goes on.
#[must_use]
pub fn signed_out(visit: &Visit, apps: Vec<Url>, to: Option<String>) -> Response {
    let cleared = Cookie::Session.clear(visit.site());
    match to {
        Some(to) if apps.is_empty() => (cleared, Redirect::to(&to)).into_response(),
        to => {
            let mut origins: Vec<_> = apps.iter().filter_map(RedirectOrigin::of).collect();
            origins.dedup();
            let page = SignedOutPage { frame: Frame::new(visit), apps, to };
            (cleared, Frames(origins), Page(page)).into_response()
        }
    }
}
