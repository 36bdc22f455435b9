//! The span of one request.

use tracing::{Span, field};

use crate::id::RequestId;

/// The span that everything of one request is logged in; field names by the OpenTelemetry semantic conventions for HTTP.
#[derive(Debug, Clone)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Opens the span; `route` is the template of the route, never the path that was asked for.
    #[must_use]
    pub fn open(id: &RequestId, method: &str, route: &str) -> Self {
        let method = known_method(method);
        // The level of errors, so that a log of errors alone still names the request.
        Self(tracing::error_span!(
            "request",
            otel.kind = "server",
            request.id = id.as_str(),
            http.request.method = method,
            http.route = route,
            http.response.status_code = field::Empty,
        ))
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

/// Methods that a client makes up are all alike.
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_are_alike() {
        for (method, expected) in [("GET", "GET"), ("get", "other"), ("BREW", "other")] {
            assert_eq!(known_method(method), expected);
        }
    }
}
