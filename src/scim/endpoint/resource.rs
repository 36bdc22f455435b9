//! A resource as an answer, with its version (RFC 7644 §3.14).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::answer::ScimText;
use crate::scim::{projection::Projection, resource::Resource, version::Version};

/// `200` with the resource.
pub(super) fn whole(resource: &Resource, projection: &Projection) -> Response {
    tagged(ScimText(resource.shown(projection).into_owned()).into_response(), &resource.version)
}

/// `201` with the resource and where it is (RFC 7644 §3.3).
pub(super) fn created(made: &Resource, projection: &Projection) -> Response {
    let mut response = whole(made, projection);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::from_str(&made.location) {
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
