//! The page that carries a message to an identity provider in a form: by a script of ours, or by the person where no script
//! runs.

use askama::Template;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::web::{Frame, Page, RedirectOrigin, RedirectsTo, Visit};

#[derive(Template)]
#[template(path = "oauth/form_post.html")]
struct SendingPage {
    frame: Frame,
    action: String,
    fields: Vec<(&'static str, String)>,
}

/// The page that sends `fields` there.
#[must_use]
pub fn show(visit: &Visit, to: &Url, fields: Vec<(&'static str, String)>) -> Response {
    let page = SendingPage { frame: Frame::new(visit), action: to.as_str().to_owned(), fields };
    (RedirectsTo(RedirectOrigin::of(to)), Page(page)).into_response()
}
