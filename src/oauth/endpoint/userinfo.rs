//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core 1.0 §5.3), with an access token (RFC 6750, RFC 9449).

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    NO_STORE,
    answer::OfResource,
    client_form::{ClientForm, authorization},
    context,
    possession::{demonstrated, proof},
};
use crate::{
    oauth::{
        Provider, bearer,
        client_certificate::confirmation,
        confirmation::Confirmation,
        error::{Code, Refusal, refuse},
        requested_claims::Told,
        scope::{Scope, Scopes},
        sector, signed_answer,
        token::{Membership, Person, claims::Extent},
    },
    web::Visit,
};

const JWT: HeaderValue = HeaderValue::from_static("application/jwt");

const INVALID: Refusal = refuse(Code::InvalidToken, "the access token is not valid");

#[derive(Serialize)]
struct UserInfo<'a> {
    sub: &'a str,
    #[serde(flatten)]
    person: Person<'a>,
    #[serde(flatten)]
    membership: Membership<'a>,
}

pub(super) async fn by_header(
    State(provider): State<Provider>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, OfResource> {
    let presented = Presented::of(authorization(&headers)?.as_deref(), None)?;
    let method = if method == Method::HEAD { "HEAD" } else { "GET" };
    userinfo(&provider, &visit, (method, proof(&headers)?.as_deref()), presented).await
}

pub(super) async fn by_header_or_form(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, OfResource> {
    let presented = Presented::of(form.authorization(), form.parameters.value("access_token"))?;
    userinfo(&provider, &visit, ("POST", form.proof()), presented).await
}

async fn userinfo(
    provider: &Provider,
    visit: &Visit,
    (method, proof): (&'static str, Option<&str>),
    presented: Presented,
) -> Result<Response, OfResource> {
    let now = context(provider, visit).now;
    let token = bearer::live(provider, &presented.token, now).await?.ok_or(INVALID)?;
    match (&token.facts.cnf, presented.scheme) {
        (Some(Confirmation::Jkt(jkt)), Scheme::Dpop) => {
            demonstrated(provider, visit, (method, &presented.token), (proof, jkt)).await?;
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
    let scopes = Scopes::parse(&token.facts.scope)?;
    if !scopes.has(Scope::OpenId) {
        return Err(refuse(Code::InsufficientScope, "the access token lacks the scope openid").into());
    }
    let family = token.facts.jti.family().ok_or(INVALID)?;
    let family = provider.family(&family).await?;
    let family = family.filter(|family| family.is_live(now)).ok_or(INVALID)?;
    let standing = provider.standing(&family).await?.ok_or(INVALID)?;
    // What was asked for by name is for the app that asked, with all of its scope: not for a token that was narrowed.
    let is_whole = token.facts.client_id == family.client_id && scopes == family.scopes;
    let also: &[String] = if is_whole { &family.particulars.claims.userinfo } else { &[] };
    let told = Told { scopes: &scopes, also };
    let claims = UserInfo {
        sub: &sector::subject(&provider.app, &token.client.client, &family.user),
        person: Person::told(&standing.user, told),
        membership: Membership::told(&standing.organization, &standing.access, told, Extent::Whole),
    };
    if let Some(jwt) = signed_answer::userinfo(provider, &token.client.client, &claims).await? {
        return Ok(([(header::CACHE_CONTROL, NO_STORE), (header::CONTENT_TYPE, JWT)], jwt).into_response());
    }
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(claims)).into_response())
}

/// An access token as it was sent.
struct Presented {
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
    fn of(header: Option<&str>, form: Option<&str>) -> Result<Self, Refusal> {
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
}
