//! Access tokens that come back: signed or opaque, checked the same way.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Provider,
    client::Registered,
    confirmation::Confirmation,
    introspection::Told,
    token::{Audience, TokenId},
};
use crate::{
    app::cache::Moment,
    clock::Timestamp,
    id::OrganizationId,
    keys::{Jwks, Typ},
    secret::TokenHash,
    storage,
};

/// An access token of ours that counts now.
#[derive(Debug)]
pub struct LiveToken {
    /// What it says about itself.
    pub facts: Facts,
    /// All its claims, as JSON.
    pub claims: Box<RawValue>,
    /// The client it was issued to.
    pub client: Arc<Registered>,
    /// What introspection told of it last.
    pub(super) told: Told,
    /// The keys it was checked with.
    keys: Arc<Jwks>,
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
    /// The key that it is bound to.
    #[serde(default)]
    pub cnf: Option<Confirmation>,
}

impl Facts {
    /// When the token expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }
}

/// Checks signature or storage, issuer, time, revocation, client and organization; `None` for a token that does not count,
/// for whatever reason.
///
/// What was found is kept until anything is revoked or changed, so that an API which asks about the same token again
/// costs neither a signature nor a read.
///
/// # Errors
/// When the database fails.
pub async fn live(provider: &Provider, token: &str, now: Timestamp) -> storage::Result<Option<Arc<LiveToken>>> {
    let Ground { moment, keys } = Ground::of(provider);
    let hash = TokenHash::of(token);
    let kept = provider.tokens.find(&hash, moment).filter(|found| Arc::ptr_eq(&found.keys, &keys));
    let found = if let Some(found) = kept {
        found
    } else {
        let Some(loaded) = load(provider, token, keys, now).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        provider.tokens.keep(hash, Arc::clone(&loaded), moment);
        loaded
    };
    Ok(Some(found).filter(|found| now < found.facts.expires_at()))
}

/// What decides whether a token counts, at one moment.
pub struct Ground {
    moment: Moment,
    /// A key is revoked in the database before this node has dropped it: what was checked with other keys counts no more.
    keys: Arc<Jwks>,
}

impl Ground {
    /// Now; read before a token is checked or decided.
    #[must_use]
    pub fn of(provider: &Provider) -> Self {
        Self { moment: provider.tokens.moment(&provider.app), keys: provider.app.keyring.jwks() }
    }

    /// Keeps a token that was decided and saved on this ground: whoever redeems a code asks about its token next. Where the
    /// database fails nothing is kept, and the token is good all the same.
    pub async fn keep(self, provider: &Provider, token: &str, payload: &[u8]) {
        let Ok(claims) = serde_json::from_slice::<Box<RawValue>>(payload) else { return };
        let Ok(facts) = serde_json::from_str::<Facts>(claims.get()) else { return };
        if let Ok(Some(client)) = served(provider, &facts).await {
            let live = LiveToken { facts, claims, client, told: Told::default(), keys: self.keys };
            provider.tokens.keep(TokenHash::of(token), Arc::new(live), self.moment);
        }
    }
}

async fn load(provider: &Provider, token: &str, keys: Arc<Jwks>, now: Timestamp) -> storage::Result<Option<LiveToken>> {
    let claims = if is_signed(token) { signed(provider, token) } else { opaque(provider, token, now).await? };
    let Some(claims) = claims else { return Ok(None) };
    let Ok(facts) = serde_json::from_str::<Facts>(claims.get()) else { return Ok(None) };
    if facts.iss != provider.issuer() || now >= facts.expires_at() {
        return Ok(None);
    }
    let Some(client) = served(provider, &facts).await? else { return Ok(None) };
    let counts = provider.app.storage.read().await?.access_tokens().counts(&facts.jti, &facts.org_id).await?;
    Ok(counts.then_some(LiveToken { facts, claims, client, told: Told::default(), keys }))
}

/// The client of a token, when it still stands by it and serves its organization.
async fn served(provider: &Provider, facts: &Facts) -> storage::Result<Option<Arc<Registered>>> {
    let stands_by = |client: &Arc<Registered>| client.stands_by(facts.jti.began_at(), &facts.org_id);
    Ok(provider.client(&facts.client_id).await?.filter(stands_by))
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
