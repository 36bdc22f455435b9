//! The answer in a form that the browser posts to the app (OAuth 2.0 Form Post Response Mode): by a script of ours, or by
//! the person where no script runs.

use askama::Template;
use axum::response::{IntoResponse, Response};

use crate::{
    oauth::redirect_uri::VerifiedRedirect,
    web::{Frame, Page, RedirectOrigin, RedirectsTo, Visit},
};

#[derive(Template)]
#[template(path = "oauth/form_post.html")]
struct FormPostPage {
    frame: Frame,
    action: String,
    fields: Vec<(&'static str, String)>,
}

/// The page that sends `fields` to the app.
#[must_use]
pub fn show(visit: &Visit, to: &VerifiedRedirect, fields: Vec<(&'static str, String)>) -> Response {
    let page = FormPostPage { frame: Frame::new(visit), action: to.as_str().to_owned(), fields };
    (RedirectsTo(RedirectOrigin::of(&to.url())), Page(page)).into_response()
}
