//! Access tokens that come back: signed or opaque, checked the same way.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Provider,
    client::Registered,
    token::{Audience, TokenId},
};
use crate::{clock::Timestamp, id::OrganizationId, keys::Typ, secret::TokenHash, storage};

/// An access token of ours that counts now.
#[derive(Debug)]
pub struct LiveToken {
    /// What it says about itself.
    pub facts: Facts,
    /// All its claims, as JSON.
    pub claims: Box<RawValue>,
    /// The client it was issued to.
    pub client: Arc<Registered>,
}

/// The claims that decisions need.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    iss: String,
    exp: i64,
    /// Its id, and by it its family.
    pub jti: TokenId,
    /// The person, or the client on its own behalf.
    pub sub: String,
    /// The client.
    pub client_id: String,
    /// Whom it is meant for.
    pub aud: Audience,
    /// Scopes, separated by spaces.
    #[serde(default)]
    pub scope: String,
    /// The organization.
    pub org_id: OrganizationId,
    /// Claims that did not fit.
    #[serde(default)]
    pub overflow: Vec<Cow<'static, str>>,
}

impl Facts {
    /// When the token expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }
}

/// Checks signature or storage, issuer, time, revocation and the client; `None` for a token that does not count, for
/// whatever reason.
///
/// # Errors
/// When the database fails.
pub async fn live(provider: &Provider, token: &str, now: Timestamp) -> storage::Result<Option<LiveToken>> {
    let claims = if is_signed(token) { signed(provider, token) } else { opaque(provider, token, now).await? };
    let Some(claims) = claims else { return Ok(None) };
    let Ok(facts) = serde_json::from_str::<Facts>(claims.get()) else { return Ok(None) };
    if facts.iss != provider.issuer() || now >= facts.expires_at() {
        return Ok(None);
    }
    let client = provider.client(&facts.client_id).await?;
    let Some(client) = client.filter(|registered| registered.client.disabled_at.is_none()) else { return Ok(None) };
    if is_signed(token) && provider.app.storage.read().await?.access_tokens().is_revoked(&facts.jti).await? {
        return Ok(None);
    }
    Ok(Some(LiveToken { facts, claims, client }))
}

fn is_signed(token: &str) -> bool {
    token.contains('.')
}

fn signed(provider: &Provider, token: &str) -> Option<Box<RawValue>> {
    provider.app.keyring.verify(token, Typ::AccessToken).ok()?.claims().ok()
}

async fn opaque(provider: &Provider, token: &str, now: Timestamp) -> storage::Result<Option<Box<RawValue>>> {
    let found = provider.app.storage.read().await?.access_tokens().live(TokenHash::of(token), now).await?;
    Ok(found.and_then(|token| RawValue::from_string(token.claims).ok()))
}
