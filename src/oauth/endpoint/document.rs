//! Documents that everybody may read, scripts of other origins too: asked for often, so without all that pages need.

use axum::http::{HeaderName, HeaderValue, header};

use crate::web::headers::OTHER_POLICY;

/// What their answers have in common.
pub(super) const PUBLIC: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(OTHER_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];
