//! A resource as an answer, with its version (RFC 7644 §3.14).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::ScimJson;
use crate::scim::{Document, users::Versioned, version::Version};

/// `200` with the resource.
pub(super) fn whole(document: &Document, version: &Version) -> Response {
    tagged(ScimJson(document).into_response(), version)
}

/// `201` with the resource and where it is (RFC 7644 §3.3).
pub(super) fn created((made, version): &Versioned, shown: &Document) -> Response {
    let location = made["meta"]["location"].as_str().and_then(|text| HeaderValue::from_str(text).ok());
    let mut response = tagged((StatusCode::CREATED, ScimJson(shown)).into_response(), version);
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `204`: done.
pub(super) fn without_body(version: &Version) -> Response {
    tagged(StatusCode::NO_CONTENT.into_response(), version)
}

/// `304`: as the client knows it.
pub(super) fn not_modified(version: &Version) -> Response {
    tagged(StatusCode::NOT_MODIFIED.into_response(), version)
}

fn tagged(mut response: Response, version: &Version) -> Response {
    if let Ok(tag) = HeaderValue::from_str(version.as_str()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
