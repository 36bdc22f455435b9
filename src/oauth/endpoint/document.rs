//! Documents that everybody may read, scripts of other origins too: asked for often, so without all that pages need.

use axum::http::{HeaderName, HeaderValue, header};

/// What their answers have in common.
pub(super) const PUBLIC: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];
