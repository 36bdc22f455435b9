//! Introspection (RFC 7662): who may learn what about a token.
//!
//! A caller learns of a token only if it is meant for the caller and belongs to an organization that the caller serves;
//! every other token answers as an unknown one does.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Provider,
    bearer::{self, LiveToken},
    client::{Introspects, Registered},
    scope::Scopes,
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
        return if may_learn(caller, &token) { told(provider, &token).await } else { Ok(INACTIVE.to_owned()) };
    }
    if token.contains('.') {
        return Ok(INACTIVE.to_owned());
    }
    let refresh = provider.app.storage.read().await?.refresh_tokens().by_hash(TokenHash::of(token)).await?;
    Ok(refresh.and_then(|token| of_refresh_token(caller, &token, now)).unwrap_or_else(|| INACTIVE.to_owned()))
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

/// The claims of the token; those that did not fit into it are added.
async fn told(provider: &Provider, token: &LiveToken) -> storage::Result<String> {
    if token.facts.overflow.is_empty() {
        return Ok(active(&token.claims));
    }
    let Some(family) = token.facts.jti.family() else {
        let service = provider.service(&token.client.client, &token.facts.org_id).await?;
        let told = service.and_then(|service| with_all(token, &service.organization, &service.access));
        return Ok(told.unwrap_or_else(|| INACTIVE.to_owned()));
    };
    let Some(family) = provider.family(&family).await? else {
        return Ok(INACTIVE.to_owned());
    };
    let standing = provider.standing(&family).await?;
    let told = standing.and_then(|standing| with_all(token, &standing.organization, &standing.access));
    Ok(told.unwrap_or_else(|| INACTIVE.to_owned()))
}

/// What the token says, with every list in full.
fn with_all(token: &LiveToken, organization: &Organization, access: &Access) -> Option<String> {
    let claims = serde_json::from_str::<AccessTokenClaims<'_>>(token.claims.get()).ok()?;
    let scopes: Scopes = claims.scope.split_whitespace().map(str::to_owned).collect();
    let membership = Membership::of_access_token(organization, access, &scopes, Extent::Whole);
    let whole = AccessTokenClaims { membership, ..claims };
    Some(active(&serde_json::value::to_raw_value(&whole).expect("claims are JSON")))
}

/// `{"active":true, …}` around an object.
fn active(claims: &RawValue) -> String {
    let members = claims.get().trim_start().trim_start_matches('{');
    format!(r#"{{"active":true,"token_type":"Bearer",{members}"#)
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
fn of_refresh_token(caller: &Registered, token: &StoredRefreshToken, now: Timestamp) -> Option<String> {
    let is_live = token.used_at.is_none() && now < token.expires_at && token.family.is_live(now);
    if !is_live || token.family.client_id != caller.client.id {
        return None;
    }
    let facts = RefreshTokenFacts {
        active: true,
        client_id: &token.family.client_id,
        sub: token.family.user.as_str(),
        scope: Cow::Owned(token.family.scopes.to_string()),
        iat: token.created_at.seconds(),
        exp: token.expires_at.seconds(),
    };
    serde_json::to_string(&facts).ok()
}
