//! Extractors of what a page was sent: a query, or a form from one of our own pages.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use futures_util::StreamExt;

use super::{
    csrf,
    error::Refusal,
    parameters::{ParameterError, Parameters},
    visit::Visit,
};

/// The largest body of a form, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The parameters of the query; a repeated or malformed one is refused with a page.
#[derive(Debug)]
pub struct Query(pub Parameters);

/// The parameters of a form that is proved to come from a page that we gave to this browser.
#[derive(Debug)]
pub struct CsrfForm(pub Parameters);

/// The body of a form from anywhere (an authorization request by POST), for [`Parameters`] to parse; says nothing about who
/// sent it.
pub struct PlainForm(pub Vec<u8>);

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Larger than it may be.
    #[error("the body is too large")]
    TooLarge,
    /// The client stopped sending.
    #[error("the body ended early")]
    EndedEarly,
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::TooLarge,
            BodyFault::EndedEarly => Self::BadRequest(fault.to_string()),
        }
    }
}

impl From<ParameterError> for Refusal {
    fn from(error: ParameterError) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}

impl<S: Sync> FromRequest<S> for PlainForm {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read(request).await.map(Self)
    }
}

impl<S: Sync> FromRequest<S> for CsrfForm {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or(Refusal::FormExpired)?;
        if !csrf::is_same_origin(visit.site(), request.headers()) {
            return Err(Refusal::FormExpired);
        }
        let browser = visit.known_browser().ok_or(Refusal::FormExpired)?;
        let action = request.uri().path().to_owned();
        let parameters = Parameters::parse(&read(request).await?)?;
        let token = parameters.value(csrf::FIELD).unwrap_or_default();
        if !csrf::is_valid(visit.site(), browser, &action, token) {
            return Err(Refusal::FormExpired);
        }
        Ok(Self(parameters.without(csrf::FIELD)))
    }
}

async fn read(request: Request) -> Result<Vec<u8>, Refusal> {
    if !is_form(request.headers()) {
        return Err(Refusal::ContentType);
    }
    Ok(read_body(request).await?)
}

/// Reads the body of a form, of [`MAX_BODY`] bytes at most; of one that says to be larger nothing is read.
///
/// # Errors
/// [`BodyFault`].
pub async fn read_body(request: Request) -> Result<Vec<u8>, BodyFault> {
    read_body_within(request, MAX_BODY).await
}

/// Reads a body of at most so many bytes; of one that says to be larger nothing is read.
///
/// # Errors
/// [`BodyFault`].
pub async fn read_body_within(request: Request, most: usize) -> Result<Vec<u8>, BodyFault> {
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > most as u64) {
        return Err(BodyFault::TooLarge);
    }
    let mut read = Vec::new();
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| fault_behind(&error))?;
        if read.len() + chunk.len() > most {
            return Err(BodyFault::TooLarge);
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

/// What is behind the wrappings of an error: those who bound a body end it with a fault of ours.
fn fault_behind(error: &(dyn std::error::Error + 'static)) -> BodyFault {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref() {
            return *fault;
        }
        next = error.source();
    }
    BodyFault::EndedEarly
}

fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
