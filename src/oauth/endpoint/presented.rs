//! An access token as it is sent to what it opens (RFC 6750 §2, RFC 9449 §7.1), and whether its sender may use it.

use std::sync::Arc;

use axum::http::{HeaderMap, Method};

use super::{
    client_form::authorization,
    possession::{demonstrated, proof},
};
use crate::{
    oauth::{
        Provider,
        bearer::{self, LiveToken},
        client_certificate::confirmation,
        confirmation::Confirmation,
        error::{Code, Error, Refusal, refuse},
    },
    web::Visit,
};

pub(super) const INVALID: Refusal = refuse(Code::InvalidToken, "the access token is not valid");

/// An access token as it was sent.
pub(super) struct Presented {
    scheme: Scheme,
    token: String,
}

#[derive(Clone, Copy)]
enum Scheme {
    Bearer,
    Dpop,
}

impl Presented {
    /// RFC 6750 §2, RFC 9449 §7.1: in the header or in the form, not in both, never in the address.
    pub(super) fn of(header: Option<&str>, form: Option<&str>) -> Result<Self, Refusal> {
        let in_header = |text: &str| {
            let (scheme, token) = text.split_once(' ')?;
            let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
            let (_, scheme) = schemes.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
            Some(Self { scheme, token: token.trim().to_owned() })
        };
        match (header, form) {
            (Some(_), Some(_)) => Err(refuse(Code::InvalidRequest, "the access token is sent in more than one way")),
            (Some(text), None) => in_header(text).ok_or(refuse(Code::InvalidToken, "")),
            (None, Some(token)) => Ok(Self { scheme: Scheme::Bearer, token: token.to_owned() }),
            (None, None) => Err(refuse(Code::InvalidToken, "")),
        }
    }

    /// The token, if it counts and whoever sends it holds the key that it is bound to.
    ///
    /// # Errors
    /// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, or a fault.
    pub(super) async fn live(
        &self,
        provider: &Provider,
        visit: &Visit,
        (method, proof): (&'static str, Option<&str>),
    ) -> Result<Arc<LiveToken>, Error> {
        let token = bearer::live(provider, &self.token, provider.app.clock.now()).await?.ok_or(INVALID)?;
        match (&token.facts.cnf, self.scheme) {
            (Some(Confirmation::Jkt(jkt)), Scheme::Dpop) => {
                demonstrated(provider, visit, (method, &self.token), (proof, jkt)).await?;
            }
            // RFC 9449 §7.2: neither may stand for the other.
            (Some(Confirmation::Jkt(_)), Scheme::Bearer) => {
                return Err(refuse(Code::InvalidToken, "the access token is bound to a key; its scheme is DPoP").into());
            }
            // RFC 8705 §3.
            (Some(bound @ Confirmation::Certificate(_)), Scheme::Bearer)
                if visit.certificate().map(confirmation).as_ref() != Some(bound) =>
            {
                return Err(refuse(Code::InvalidToken, "the access token is bound to another certificate").into());
            }
            (_, Scheme::Dpop) => {
                return Err(refuse(Code::InvalidToken, "the access token is not bound to a key").into());
            }
            (_, Scheme::Bearer) => {}
        }
        Ok(token)
    }
}

/// The live access token in the header of a request to what other features let it open.
///
/// # Errors
/// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, or a fault.
pub async fn of_request(
    provider: &Provider,
    visit: &Visit,
    (method, headers): (&Method, &HeaderMap),
) -> Result<Arc<LiveToken>, Error> {
    let presented = Presented::of(authorization(headers)?.as_deref(), None)?;
    presented.live(provider, visit, (named(method), proof(headers)?.as_deref())).await
}

fn named(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        // No proof names it.
        _ => "",
    }
}
