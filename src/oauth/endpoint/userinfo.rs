//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core 1.0 §5.3), with a bearer token (RFC 6750).

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    NO_STORE,
    client_form::{ClientForm, authorization},
    context,
};
use crate::{
    oauth::{
        Provider, bearer,
        error::{Code, Error, Refusal, refuse},
        requested_claims::Told,
        scope::{Scope, Scopes},
        token::{Membership, Person, claims::Extent},
    },
    web::Visit,
};

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
    headers: HeaderMap,
) -> Result<Response, Error> {
    userinfo(&provider, &visit, bearer_of(authorization(&headers)?.as_deref(), None)?).await
}

pub(super) async fn by_header_or_form(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Error> {
    let token = bearer_of(form.authorization(), form.parameters.value("access_token"))?;
    userinfo(&provider, &visit, token).await
}

async fn userinfo(provider: &Provider, visit: &Visit, token: String) -> Result<Response, Error> {
    let now = context(provider, visit).now;
    let token = bearer::live(provider, &token, now).await?.ok_or(INVALID)?;
    let scopes = Scopes::parse(&token.facts.scope)?;
    if !scopes.has(Scope::OpenId) {
        return Err(refuse(Code::InsufficientScope, "the access token lacks the scope openid").into());
    }
    let family = token.facts.jti.family().ok_or(INVALID)?;
    let family = provider.family(&family).await?;
    let family = family.filter(|family| family.is_live(now)).ok_or(INVALID)?;
    let standing = provider.standing(&family).await?.ok_or(INVALID)?;
    let told = Told { scopes: &scopes, also: &family.particulars.claims.userinfo };
    let claims = UserInfo {
        sub: family.user.as_str(),
        person: Person::told(&standing.user, told),
        membership: Membership::told(&standing.organization, &standing.access, told, Extent::Whole),
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(claims)).into_response())
}

/// RFC 6750 §2: in the header or in the form, not in both, never in the address.
fn bearer_of(header: Option<&str>, form: Option<&str>) -> Result<String, Refusal> {
    let bearer = |text: &str| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    match (header, form) {
        (Some(_), Some(_)) => Err(refuse(Code::InvalidRequest, "the access token is sent in more than one way")),
        (Some(text), None) => bearer(text).ok_or(refuse(Code::InvalidToken, "")),
        (None, Some(token)) => Ok(token.to_owned()),
        (None, None) => Err(refuse(Code::InvalidToken, "")),
    }
}
