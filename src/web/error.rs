//! Refusals and faults, and the page that a person sees of them.
//!
//! A [`Refusal`] is an answer: it says what is wrong with the request and what to do next. A [`Fault`] is ours: the log
//! gets its cause, once; the person gets a request id. Both reach [`render`] as a response extension, because only there
//! the language and the request id are known.

use std::{any::Any, borrow::Cow, time::Duration};

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    frame::{Frame, Page},
    language::strings::{Said, Strings, federation::Federation},
    visit::Visit,
};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such page, or none that this person may know of.
    NotFound,
    /// The page exists, but not for this method.
    MethodNotAllowed,
    /// The request cannot be understood; the hint is for whoever made it.
    BadRequest(String),
    /// An app sent a request that cannot be answered to the app: the registered error code and a hint for its developers.
    App(&'static str, Cow<'static, str>),
    /// Likewise, a request to sign out.
    AppSignOut(&'static str, Cow<'static, str>),
    /// The form was not given to this browser, or long ago.
    FormExpired,
    /// The body is not a form.
    ContentType,
    /// The body is larger than a form of ours can be.
    TooLarge,
    /// The body of the request did not arrive in time.
    TooSlow,
    /// A link of a mail that is used, expired, withdrawn or was never made.
    LinkInvalid,
    /// The person may not do this.
    Forbidden,
    /// The person came in through one organization, and this is not its alone.
    OwnSignIn,
    /// An upstream did not bring somebody in.
    Upstream(Turned),
    /// Too many attempts; try again after this time.
    TooManyAttempts(Duration),
    /// Too much work at the moment.
    Busy,
}

/// Why an upstream did not bring somebody in: as much as the person needs to know. The audit log says all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// What it said does not count.
    Failed,
    /// It brings nobody like that.
    Away,
    /// What it said does not suffice.
    Incomplete,
    /// They have to accept an invitation first.
    Invited,
    /// They have an account here that the organization does not vouch for.
    Taken,
}

/// How errors look below a path that is for programs alone: what no handler there saw (a body that comes too late, a fault)
/// is told in the form of its protocol.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The path that it begins at.
    pub below: &'static str,
    /// The answer of this status.
    pub tell: fn(StatusCode) -> Response,
}

impl Dialect {
    pub(super) fn is_spoken_at(self, path: &str) -> bool {
        path.strip_prefix(self.below).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    }
}

/// Something of ours failed.
#[derive(Debug, Clone)]
pub struct Fault {
    cause: String,
}

/// What a handler of pages returns when it cannot show its page.
#[derive(Debug)]
pub enum Error {
    /// The client's doing.
    Refused(Refusal),
    /// Our doing.
    Fault(Fault),
}

impl Turned {
    const fn said(self, texts: &Federation) -> &Said {
        match self {
            Self::Failed => &texts.failed,
            Self::Away => &texts.turned_away,
            Self::Incomplete => &texts.incomplete,
            Self::Invited => &texts.invited,
            Self::Taken => &texts.taken,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Failed => "upstream_failed",
            Self::Away => "upstream_turned_away",
            Self::Incomplete => "upstream_incomplete",
            Self::Invited => "upstream_invited",
            Self::Taken => "upstream_account_taken",
        }
    }
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest(_) | Self::App(..) | Self::AppSignOut(..) => StatusCode::BAD_REQUEST,
            Self::FormExpired | Self::Forbidden | Self::OwnSignIn | Self::Upstream(_) => StatusCode::FORBIDDEN,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::LinkInvalid => StatusCode::GONE,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn said<'t>(&self, texts: &'t Strings) -> &'t Said {
        let errors = &texts.errors;
        match self {
            Self::NotFound => &errors.not_found,
            Self::MethodNotAllowed => &errors.method_not_allowed,
            Self::BadRequest(_) => &errors.bad_request,
            Self::App(..) => &errors.app,
            Self::AppSignOut(..) => &errors.app_sign_out,
            Self::FormExpired => &errors.form_expired,
            Self::ContentType => &errors.content_type,
            Self::TooLarge => &errors.too_large,
            Self::TooSlow => &errors.too_slow,
            Self::LinkInvalid => &errors.link_invalid,
            Self::Forbidden => &errors.forbidden,
            Self::OwnSignIn => &texts.federation.own_sign_in,
            Self::Upstream(turned) => turned.said(&texts.federation),
            Self::TooManyAttempts(_) => &errors.too_many_attempts,
            Self::Busy => &errors.busy,
        }
    }

    /// The name of the refusal in the log; of an app's request the registered error code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BadRequest(_) => "bad_request",
            Self::App(code, _) | Self::AppSignOut(code, _) => code,
            Self::FormExpired => "form_expired",
            Self::ContentType => "content_type",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::LinkInvalid => "link_invalid",
            Self::Forbidden => "forbidden",
            Self::OwnSignIn => "own_sign_in_required",
            Self::Upstream(turned) => turned.code(),
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::Busy => "busy",
        }
    }

    /// Writes down that a request was refused, so that the id that the person sees is found in the log.
    fn log(&self) {
        let hint = match self {
            Self::App(_, hint) | Self::AppSignOut(_, hint) => own_words(hint),
            _ => "",
        };
        log_refusal(self.code(), self.status(), hint);
    }

    /// What a developer or the help desk can make use of.
    fn detail(&self) -> String {
        match self {
            Self::BadRequest(hint) => hint.clone(),
            Self::App(code, hint) | Self::AppSignOut(code, hint) => format!("{code}: {hint}"),
            _ => String::new(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts(wait) => Some(wait.as_secs().max(1)),
            Self::Busy => Some(5),
            _ => None,
        }
    }

    /// Whether asking for the same page again may help.
    fn is_passing(&self) -> bool {
        matches!(self, Self::FormExpired | Self::TooSlow | Self::Busy | Self::TooManyAttempts(_))
    }
}

impl Fault {
    /// A fault with the causes of `error`, outermost first.
    #[must_use]
    pub fn new(error: &dyn std::error::Error) -> Self {
        let mut cause = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            cause.push_str(": ");
            cause.push_str(&source.to_string());
            next = source.source();
        }
        Self { cause }
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Fault(Fault::new(&error))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// Writes down that a request was refused; what it is about is in the fields of its span.
pub fn log_refusal(code: &str, status: StatusCode, hint: &str) {
    tracing::info!(error.code = code, error.hint = hint, status = status.as_u16(), "A request was refused.");
}

/// A hint in words of ours alone; one that was made for a request may repeat what was sent.
#[must_use]
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is the question")]
pub fn own_words(hint: &Cow<'static, str>) -> &'static str {
    match hint {
        Cow::Borrowed(text) => text,
        Cow::Owned(_) => "",
    }
}

/// What the layer around the router makes of a panic.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the payload")]
pub fn caught_panic(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    Fault { cause: format!("panic: {}", text.unwrap_or("without a message")) }.into_response()
}

/// Turns a refusal or a fault into the page (or, for programs, the line of text) that tells of it.
#[must_use]
pub fn render(mut response: Response, visit: &Visit) -> Response {
    let texts = visit.texts();
    let page = if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        tracing::error!(cause = fault.cause, "a request failed");
        ErrorPage::new(visit, &texts.errors.fault, StatusCode::INTERNAL_SERVER_ERROR)
    } else if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        if let Some(seconds) = refusal.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        refusal.log();
        let page = ErrorPage::new(visit, refusal.said(texts), refusal.status());
        ErrorPage { detail: refusal.detail(), is_passing: refusal.is_passing(), ..page }
    } else {
        return response;
    };
    let (parts, _) = response.into_parts();
    let mut shown = match visit.site().dialect(visit.path()) {
        Some(dialect) => (dialect.tell)(page.status),
        None => page.show(visit.wants_html()),
    };
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            shown.headers_mut().append(name, value.clone());
        }
    }
    shown
}

/// The page that tells a person what went wrong and what to do next.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    frame: Frame,
    said: &'static Said,
    status: StatusCode,
    request_id: String,
    detail: String,
    is_passing: bool,
    again: String,
}

impl ErrorPage {
    fn new(visit: &Visit, said: &'static Said, status: StatusCode) -> Self {
        Self {
            frame: Frame::new(visit),
            said,
            status,
            request_id: visit.request_id().to_string(),
            detail: String::new(),
            is_passing: status.is_server_error(),
            again: visit.target().to_owned(),
        }
    }

    fn show(self, as_html: bool) -> Response {
        let status = self.status;
        if as_html {
            return (status, Page(self)).into_response();
        }
        let detail = if self.detail.is_empty() { String::new() } else { format!(" ({})", self.detail) };
        (status, format!("{}{detail}\n{}\n", self.said.title, self.request_id)).into_response()
    }
}
