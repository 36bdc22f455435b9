//! Errors as JSON (RFC 6749 §5.2), and what a `401` says about how to authenticate.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::NO_STORE;
use crate::{
    oauth::error::{Code, Error, Refusal, refuse},
    storage,
    web::error::{log_refusal, own_words},
};

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        // A fault is in the log with its cause already.
        if !status.is_server_error() {
            log_refusal(self.code.name(), status, own_words(&self.hint));
        }
        let body = Json(Body { error: self.code.name(), error_description: &self.hint });
        (status, headers(&self), body).into_response()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::NoKey(algorithm) => {
                tracing::warn!(%algorithm, "a token was asked for before there is a key to sign it");
                let mut response = refuse(Code::TemporarilyUnavailable, "no signing key yet").into_response();
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
            Self::Storage(storage::Error::Stopped) => {
                refuse(Code::TemporarilyUnavailable, "the server is stopping").into_response()
            }
            Self::Storage(fault) => {
                tracing::error!(cause = %fault, "a request failed");
                refuse(Code::ServerError, "the request failed; its id is in the header x-request-id").into_response()
            }
        }
    }
}

fn headers(refusal: &Refusal) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(header::CACHE_CONTROL, NO_STORE)]);
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    let challenge = match refusal.code {
        // RFC 6749 §5.2, RFC 9110 §11.6.1.
        Code::InvalidClient => Some("Basic realm=\"lanyard\", charset=\"UTF-8\"".to_owned()),
        // RFC 6750 §3: a request without a token gets no error code.
        Code::InvalidToken if refusal.hint.is_empty() => Some("Bearer realm=\"lanyard\"".to_owned()),
        Code::InvalidToken | Code::InsufficientScope => Some(format!(
            "Bearer realm=\"lanyard\", error=\"{}\", error_description=\"{}\"",
            refusal.code.name(),
            refusal.hint
        )),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    headers
}
