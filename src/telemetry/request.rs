//! The id and the span of one request.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use tracing::{Span, field};

use crate::random::Random;

/// Names one request in the log, in audit events and on error pages; random, so that it tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// A new id of 80 random bits: sixteen letters and digits.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        Self(BASE32_NOPAD.encode(&random.bytes::<10>()).to_lowercase())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
    fn ids_are_short_and_differ() {
        let random = Random::seeded(1);
        let (a, b) = (RequestId::fresh(&random), RequestId::fresh(&random));
        assert_ne!(a, b);
        assert_eq!(a.as_str().len(), 16);
        assert!(a.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    }

    #[test]
    fn made_up_methods_are_alike() {
        for (method, expected) in [("GET", "GET"), ("get", "other"), ("BREW", "other")] {
            assert_eq!(known_method(method), expected);
        }
    }
}
