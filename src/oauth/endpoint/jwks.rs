//! The public keys (RFC 7517 §5), cached for at most half the time that a key is published before its first use.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::document::PUBLIC;
use crate::oauth::Provider;

const JSON: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

pub(super) async fn jwks(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let document = provider.app.keyring.jwks();
    let caching = [(header::CACHE_CONTROL, provider.jwks_caching()), (header::ETAG, document.etag())];
    if is_known(&headers, document.etag()) {
        return (StatusCode::NOT_MODIFIED, PUBLIC, caching).into_response();
    }
    (PUBLIC, caching, [(header::CONTENT_TYPE, JSON)], document.body().to_vec()).into_response()
}

/// RFC 9110 §13.1.2.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == etag || tag == "*"))
}
