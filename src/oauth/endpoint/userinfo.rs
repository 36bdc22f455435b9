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
    possession::proof,
    presented::{INVALID, Presented},
};
use crate::{
    oauth::{
        Provider,
        error::{Code, refuse},
        requested_claims::Told,
        scope::{Scope, Scopes},
        sector, signed_answer,
        token::{Membership, Person, claims::Extent},
    },
    web::Visit,
};

const JWT: HeaderValue = HeaderValue::from_static("application/jwt");

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
    let token = presented.live(provider, visit, (method, proof)).await?;
    let scopes = Scopes::parse(&token.facts.scope)?;
    if !scopes.has(Scope::OpenId) {
        return Err(refuse(Code::InsufficientScope, "the access token lacks the scope openid").into());
    }
    let family = token.facts.jti.family().ok_or(INVALID)?;
    let family = provider.family(&family).await?;
    let family = family.filter(|family| family.is_live(now)).ok_or(INVALID)?;
    let standing = provider.entrant((&family, &token.client.client), now).await?;
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
