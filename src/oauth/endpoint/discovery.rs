//! Metadata at both well-known addresses (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::document::PUBLIC;
use crate::oauth::Provider;

/// Clients look again once an hour.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

pub(super) async fn openid(State(provider): State<Provider>) -> Response {
    document(&provider)
}

pub(super) async fn authorization_server(State(provider): State<Provider>) -> Response {
    document(&provider)
}

fn document(provider: &Provider) -> Response {
    let json = HeaderValue::from_static("application/json");
    (PUBLIC, [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, CACHED)], provider.metadata()).into_response()
}
