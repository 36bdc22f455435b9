//! Metadata at both well-known addresses (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::document::PUBLIC;
use crate::oauth::{Provider, error::Error};

/// Clients look again once an hour.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

pub(super) async fn openid(State(provider): State<Provider>) -> Result<Response, Error> {
    document(&provider).await
}

pub(super) async fn authorization_server(State(provider): State<Provider>) -> Result<Response, Error> {
    document(&provider).await
}

async fn document(provider: &Provider) -> Result<Response, Error> {
    let (json, document) = (HeaderValue::from_static("application/json"), provider.metadata().await?);
    Ok((PUBLIC, [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, CACHED)], document.to_vec()).into_response())
}
