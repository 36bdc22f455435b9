//! Introspection (RFC 7662): who may learn what about a token.
//!
//! A caller learns of a token only if it is meant for the caller and belongs to an organization that the caller serves;
//! every other token answers as an unknown one does. A token whose membership or app is over counts no more, and its roles
//! are those of now: a signed one still says what held when it was issued.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Provider,
    bearer::{self, LiveToken},
    client::{Introspects, Registered},
    confirmation::Confirmation,
    grant::Standing,
    provider::Service,
    scope::Scopes,
    sector,
    store::StoredRefreshToken,
    token::{AccessTokenClaims, Membership, claims::Extent},
};
use crate::{
    clock::Timestamp,
    directory::{access::Access, organization::Organization},
    id::OrganizationId,
    secret::TokenHash,
    storage,
};

/// The answer for a token that does not count, or not for this caller (RFC 7662 §2.2).
pub const INACTIVE: &str = r#"{"active":false}"#;

/// What `caller` learns of `token`, as JSON.
///
/// # Errors
/// When the database fails.
pub async fn introspect(
    provider: &Provider,
    caller: &Registered,
    token: &str,
    now: Timestamp,
) -> storage::Result<String> {
    if let Some(token) = bearer::live(provider, token, now).await? {
        return if may_learn(caller, &token) { told(provider, &token, now).await } else { Ok(INACTIVE.to_owned()) };
    }
    if token.contains('.') {
        return Ok(INACTIVE.to_owned());
    }
    let refresh = provider.app.storage.read().await?.refresh_tokens().by_hash(TokenHash::of(token)).await?;
    let Some(token) = refresh else { return Ok(INACTIVE.to_owned()) };
    let Some(told) = of_refresh_token(provider, caller, &token, now) else { return Ok(INACTIVE.to_owned()) };
    let admitted = provider.admitted(&token.family, &caller.client, now).await?;
    Ok(if admitted.is_some() { told } else { INACTIVE.to_owned() })
}

fn may_learn(caller: &Registered, token: &LiveToken) -> bool {
    let client = &caller.client;
    match client.introspects {
        Introspects::Nothing => false,
        Introspects::All => client.organization.as_ref().is_none_or(|owner| *owner == token.facts.org_id),
        Introspects::Own => is_meant_for(caller, token) && serves(caller, &token.facts.org_id),
    }
}

fn is_meant_for(caller: &Registered, token: &LiveToken) -> bool {
    let client = &caller.client;
    let names = [&client.id].into_iter().chain(&client.audience).chain(&client.resources);
    names.into_iter().any(|name| token.facts.aud.names(name)) || token.facts.client_id == client.id
}

fn serves(caller: &Registered, organization: &OrganizationId) -> bool {
    caller.serves(organization).is_some()
}

/// Whom a token speaks of, as it is now.
#[derive(Debug, Clone)]
enum Holder {
    Person(Arc<Standing>),
    Service(Arc<Service>),
}

/// What was told of a token last, and of whom: told again until that changes.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<(Holder, String)>>);

impl Holder {
    /// `None` when the token counts no more: what it rests on was ended, or is over by the calendar.
    async fn of(provider: &Provider, token: &LiveToken, now: Timestamp) -> storage::Result<Option<Self>> {
        let Some(family) = token.facts.jti.family() else {
            return Ok(provider.service(&token.client.client, &token.facts.org_id).await?.map(Self::Service));
        };
        let Some(family) = provider.family(&family).await?.filter(|family| family.is_live(now)) else {
            return Ok(None);
        };
        Ok(provider.admitted(&family, &token.client.client, now).await?.map(Self::Person))
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Person(one), Self::Person(other)) => Arc::ptr_eq(one, other),
            (Self::Service(one), Self::Service(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn holds(&self) -> (&Organization, &Access) {
        match self {
            Self::Person(standing) => (&standing.organization, &standing.access),
            Self::Service(service) => (&service.organization, &service.access),
        }
    }
}

/// The claims of the token; its lists are those of now, in full.
async fn told(provider: &Provider, token: &LiveToken, now: Timestamp) -> storage::Result<String> {
    let Some(holder) = Holder::of(provider, token, now).await? else { return Ok(INACTIVE.to_owned()) };
    let mut last = token.told.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, told)) = last.as_ref()
        && of.is(&holder)
    {
        return Ok(told.clone());
    }
    let (organization, access) = holder.holds();
    let told = with_all(token, organization, access).unwrap_or_else(|| INACTIVE.to_owned());
    *last = Some((holder, told.clone()));
    Ok(told)
}

/// What the token says, with every list as it is now and in full.
fn with_all(token: &LiveToken, organization: &Organization, access: &Access) -> Option<String> {
    let claims = serde_json::from_str::<AccessTokenClaims<'_>>(token.claims.get()).ok()?;
    let scopes: Scopes = claims.scope.split_whitespace().map(str::to_owned).collect();
    let membership = Membership::of_access_token(organization, access, &scopes, Extent::Whole);
    let whole = AccessTokenClaims { membership, ..claims };
    let token_type = Confirmation::token_type(whole.cnf.as_ref());
    Some(active(token_type, &serde_json::value::to_raw_value(&whole).expect("claims are JSON")))
}

/// `{"active":true, …}` around an object.
fn active(token_type: &str, claims: &RawValue) -> String {
    let members = claims.get().trim_start().trim_start_matches('{');
    format!(r#"{{"active":true,"token_type":"{token_type}",{members}"#)
}

#[derive(Serialize)]
struct RefreshTokenFacts<'a> {
    active: bool,
    client_id: &'a str,
    sub: &'a str,
    scope: Cow<'a, str>,
    iat: i64,
    exp: i64,
}

/// A refresh token is told of to the client that holds it, and nobody else.
fn of_refresh_token(
    provider: &Provider,
    caller: &Registered,
    token: &StoredRefreshToken,
    now: Timestamp,
) -> Option<String> {
    let is_live = token.used_at.is_none() && now < token.expires_at && token.family.is_live(now);
    let family = &token.family;
    let is_own = family.client_id == caller.client.id && caller.stands_by(family.created_at, &family.organization);
    if !is_live || !is_own {
        return None;
    }
    let facts = RefreshTokenFacts {
        active: true,
        client_id: &token.family.client_id,
        sub: &sector::subject(&provider.app, &caller.client, &token.family.user),
        scope: Cow::Owned(token.family.scopes.to_string()),
        iat: token.created_at.seconds(),
        exp: token.expires_at.seconds(),
    };
    serde_json::to_string(&facts).ok()
}
