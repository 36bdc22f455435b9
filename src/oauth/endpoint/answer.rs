//! Errors as JSON (RFC 6749 §5.2), and what a `401` says about how to authenticate.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::NO_STORE;
use crate::{
    oauth::{
        dpop,
        error::{Challenge, Code, Error, Refusal, TooMany, refuse},
    },
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
            Self::StepUp(_) => Challenge::REFUSAL.into_response(),
            Self::TooMany(TooMany(wait)) => {
                let mut response =
                    refuse(Code::TemporarilyUnavailable, "too many requests; try again later").into_response();
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
                response
            }
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

/// A refusal of what an access token opens: with 401 and a challenge also where the token endpoint answers 400 (RFC 9449 §7.1).
pub(super) struct OfResource(pub(super) Error);

impl<E: Into<Error>> From<E> for OfResource {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for OfResource {
    fn into_response(self) -> Response {
        let (refusal, more) = match self.0 {
            Error::Refused(refusal) => (refusal, String::new()),
            Error::StepUp(wanted) => (Challenge::REFUSAL, wanted.parameters()),
            other => return other.into_response(),
        };
        let dpop = challenge("DPoP", &refusal).map(|challenge| format!("{challenge}{more}, algs=\"{}\"", algorithms()));
        let bearer = challenge("Bearer", &refusal).filter(|_| !more.is_empty());
        let is_proof = matches!(refusal.code, Code::InvalidDpopProof | Code::UseDpopNonce);
        let mut response = refusal.into_response();
        if is_proof {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        if let Some(bearer) = bearer.and_then(|challenge| HeaderValue::from_str(&(challenge + &more)).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(dpop) = dpop.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, dpop);
        }
        response
    }
}

fn algorithms() -> String {
    dpop::ALGORITHMS.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(" ")
}

/// What a refused access token is told.
fn challenge(scheme: &str, refusal: &Refusal) -> Option<String> {
    let told = matches!(
        refusal.code,
        Code::InvalidToken
            | Code::InsufficientScope
            | Code::InsufficientUserAuthentication
            | Code::InvalidDpopProof
            | Code::UseDpopNonce
    );
    // RFC 6750 §3: a request without a token gets no error code.
    let (code, hint) = (refusal.code.name(), &refusal.hint);
    let error =
        if hint.is_empty() { String::new() } else { format!(", error=\"{code}\", error_description=\"{hint}\"") };
    told.then(|| format!("{scheme} realm=\"lanyard\"{error}"))
}

fn headers(refusal: &Refusal) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(header::CACHE_CONTROL, NO_STORE)]);
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    let challenge = match refusal.code {
        // RFC 6749 §5.2, RFC 9110 §11.6.1.
        Code::InvalidClient => Some("Basic realm=\"lanyard\", charset=\"UTF-8\"".to_owned()),
        Code::InvalidToken | Code::InsufficientScope => challenge("Bearer", refusal),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    headers
}
