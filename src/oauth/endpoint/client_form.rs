//! The form that a client posts, with its `Authorization` header: refused as JSON, never with a page.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};

use super::possession::proof;
use crate::{
    oauth::{
        client_authentication::Credentials,
        error::{Code, Refusal, refuse},
    },
    web::{
        Parameters,
        form::{BodyFault, read_body},
    },
};

/// What a client posts.
pub(super) struct ClientForm {
    /// The parameters of the body; those of the address are not looked at (RFC 6749 §2.3.1).
    pub(super) parameters: Parameters,
    authorization: Option<String>,
    proof: Option<String>,
}

impl ClientForm {
    /// How the client presents itself.
    pub(super) fn credentials(&self) -> Result<Credentials, Refusal> {
        Credentials::read(self.authorization.as_deref(), &self.parameters)
    }

    /// The DPoP proof.
    pub(super) fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// The `Authorization` header.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

impl<S: Sync> FromRequest<S> for ClientForm {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (authorization, proof) = (authorization(request.headers())?, proof(request.headers())?);
        let has_body = request.headers().get(header::CONTENT_TYPE).is_some();
        if has_body && !is_form(request.headers()) {
            return Err(refuse(Code::InvalidRequest, "the body must be application/x-www-form-urlencoded"));
        }
        // RFC 6749 §5.2: a malformed request is answered with 400, one that is too large too.
        let body = read_body(request).await.map_err(|fault| match fault {
            BodyFault::TooLarge => refuse(Code::InvalidRequest, "the body is larger than 64 KiB"),
            BodyFault::EndedEarly => refuse(Code::InvalidRequest, "the body ended early"),
        })?;
        if !has_body && !body.is_empty() {
            return Err(refuse(Code::InvalidRequest, "the body must be application/x-www-form-urlencoded"));
        }
        let parameters = Parameters::parse_repeatable(&body, &["resource", "audience"])?;
        Ok(Self { parameters, authorization, proof })
    }
}

/// The one `Authorization` header.
///
/// # Errors
/// `invalid_request` for more than one, or one that is no text.
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    match (first.map(|value| value.to_str()), second) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text.to_owned())),
        _ => Err(refuse(Code::InvalidRequest, "the Authorization header is malformed or sent twice")),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
