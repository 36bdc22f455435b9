//! The span of one request.

use std::borrow::Cow;

use tracing::{Span, field};

use crate::id::RequestId;

/// The span that everything of one request is logged in; names by the OpenTelemetry semantic conventions for HTTP.
#[derive(Debug, Clone)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Opens the span; `route` is the template of the route, where there is one, never the path that was asked for.
    #[must_use]
    pub fn open(id: &RequestId, method: &str, route: Option<&str>) -> Self {
        let method = known_method(method);
        // The level of errors, so that a log of errors alone still names the request.
        let span = tracing::error_span!(
            "request",
            otel.kind = "server",
            otel.name = field::Empty,
            request.id = id.as_str(),
            http.request.method = method,
            http.route = route,
            url.path = field::Empty,
            http.response.status_code = field::Empty,
        );
        // For traces alone: the log has only what a span was opened with. The name is taken when the span is entered.
        span.record("otel.name", name(method, route).as_ref());
        if let Some(route) = route {
            span.record("url.path", path(route).as_ref());
        }
        Self(span)
    }

    /// The span to run the request in.
    #[must_use]
    pub const fn span(&self) -> &Span {
        &self.0
    }

    /// Notes the answer.
    pub fn answered(&self, status: u16) {
        self.0.record("http.response.status_code", status);
    }
}

/// The method with the template of the route, of which there are few.
fn name(method: &'static str, route: Option<&str>) -> Cow<'static, str> {
    let method = if method == MADE_UP { "HTTP" } else { method };
    route.map_or(Cow::Borrowed(method), |route| Cow::Owned(format!("{method} {route}")))
}

/// The path that was asked for, but for what may be a secret in it: an invitation, a link to a new password.
fn path(route: &str) -> Cow<'_, str> {
    if !route.contains('{') {
        return Cow::Borrowed(route);
    }
    let parts = route.split('/').map(|part| if part.starts_with('{') { "REDACTED" } else { part });
    Cow::Owned(parts.collect::<Vec<_>>().join("/"))
}

/// As the conventions call it.
const MADE_UP: &str = "_OTHER";

/// Methods that a client makes up are all alike.
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or(MADE_UP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_are_alike() {
        for (method, expected) in [("GET", "GET"), ("get", "_OTHER"), ("BREW", "_OTHER")] {
            assert_eq!(known_method(method), expected);
        }
    }

    #[test]
    fn a_span_is_named_by_its_route_and_tells_no_secret_of_the_path() {
        for (method, route, name, told) in [
            ("GET", Some("/account"), "GET /account", Some("/account")),
            ("POST", Some("/invitation/{token}"), "POST /invitation/{token}", Some("/invitation/REDACTED")),
            ("GET", Some("/static/{hash}/{*file}"), "GET /static/{hash}/{*file}", Some("/static/REDACTED/REDACTED")),
            ("BREW", Some("/account"), "HTTP /account", Some("/account")),
            ("GET", None, "GET", None),
        ] {
            assert_eq!(super::name(known_method(method), route), name);
            assert_eq!(route.map(path).as_deref(), told);
        }
    }
}
