//! Answers as SCIM wants them: `application/scim+json`, errors too (RFC 7644 §3.1, §3.12).

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    scim::{ScimError, failure::Failure},
    storage,
    web::{Dialect, error::log_refusal},
};

/// The media type of every body (RFC 7644 §8.1).
pub const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A body.
#[derive(Debug)]
pub struct ScimJson<T>(pub T);

impl<T: Serialize> IntoResponse for ScimJson<T> {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, NO_STORE)];
        match serde_json::to_vec(&self.0) {
            Ok(body) => (headers, body).into_response(),
            Err(error) => {
                tracing::error!(cause = %error, "an answer has no JSON form");
                Refused::fault().into_response()
            }
        }
    }
}

/// A body that is JSON already.
#[derive(Debug)]
pub struct ScimText(pub String);

impl IntoResponse for ScimText {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, NO_STORE)], self.0).into_response()
    }
}

/// What nobody here saw (RFC 7644 §3.12): it was answered, and written down, before or after.
pub const DIALECT: Dialect = Dialect { below: "/scim", tell };

fn tell(status: StatusCode) -> Response {
    let detail = match status {
        StatusCode::NOT_FOUND => NOWHERE,
        StatusCode::METHOD_NOT_ALLOWED => NO_METHOD,
        StatusCode::REQUEST_TIMEOUT => "the body did not arrive in time",
        StatusCode::SERVICE_UNAVAILABLE => "the server is busy; try again later",
        StatusCode::INTERNAL_SERVER_ERROR => FAILED,
        status => status.canonical_reason().unwrap_or("the request is refused"),
    };
    (status, ScimJson(ScimError::of_status(status, detail).to_json())).into_response()
}

/// Of `404`, for an address.
pub(super) const NOWHERE: &str = "there is nothing at this address";
/// Of `405`.
pub(super) const NO_METHOD: &str = "this address has no such method";
/// Of `500`.
const FAILED: &str = "the request failed; its id is in the header x-request-id";

/// Why a request is not answered with what was asked for.
#[derive(Debug)]
pub struct Refused {
    error: ScimError,
    /// How to authenticate (RFC 9110 §11.6.1).
    challenges: Vec<String>,
    retry_after: Option<Duration>,
}

impl Refused {
    /// With what has to be proved.
    #[must_use]
    pub fn challenging(error: ScimError, challenges: Vec<String>) -> Self {
        Self { challenges, ..error.into() }
    }

    /// `429`: too much was asked; it is answered again after this time (RFC 6585 §4).
    #[must_use]
    pub fn too_many(wait: Duration, detail: &str) -> Self {
        let error = ScimError::of_status(StatusCode::TOO_MANY_REQUESTS, detail);
        Self { retry_after: Some(wait), ..error.into() }
    }

    /// The same, for a caller that asks more than it may.
    #[must_use]
    pub fn too_often(wait: Duration) -> Self {
        Self::too_many(wait, "this connection asks too often; try again later")
    }

    /// `500`: a fault of ours, which is in the log.
    fn fault() -> Self {
        ScimError::of_status(StatusCode::INTERNAL_SERVER_ERROR, FAILED).into()
    }

    /// `503`: for now.
    fn unavailable(detail: &str) -> Self {
        let error = ScimError::of_status(StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(Duration::from_secs(5)), ..error.into() }
    }
}

impl From<ScimError> for Refused {
    fn from(error: ScimError) -> Self {
        Self { error, challenges: vec![], retry_after: None }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error.into(),
            Failure::TooOften(wait) => Self::too_often(wait),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl From<storage::Error> for Refused {
    fn from(fault: storage::Error) -> Self {
        if matches!(fault, storage::Error::Stopped) {
            return Self::unavailable("the server is stopping");
        }
        tracing::error!(cause = %fault, "a request failed");
        if fault.is_passing() {
            return Self::unavailable("the database cannot be used at the moment; nothing was changed");
        }
        Self::fault()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.error.status;
        // A fault is in the log with its cause already.
        if !status.is_server_error() {
            log_refusal(self.error.scim_type.map_or("", |scim_type| scim_type.name()), status, "");
        }
        let mut response = (status, ScimJson(self.error.to_json())).into_response();
        let headers = response.headers_mut();
        for challenge in self.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after {
            // Rounded up: whoever comes back then is answered.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}
