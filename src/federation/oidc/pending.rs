//! Who was sent to a provider and has not come back: good once, for a while, in the browser that was sent (RFC 9700 §4.7).
//!
//! What only the provider may see comes from the state and the cookie of the browser and is kept nowhere: whoever reads the
//! database finishes nobody's sign-in.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::UpstreamId,
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::{self, Tx},
    web::{Browser, ReturnTo, Site},
};

/// How long somebody may stay there.
pub const LIFE: Duration = Duration::from_mins(30);

/// Why somebody was sent there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Where the browser goes on to.
    pub back: ReturnTo,
    /// Counts what was changed of the upstream: whoever comes back after a change begins anew.
    pub version: i64,
    /// How long ago they may have proved themselves there, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

/// What belongs to one request and nobody guesses.
#[derive(Debug)]
pub struct Bound {
    /// `state`.
    pub state: SecretString,
    /// `nonce` of the ID token.
    pub nonce: SecretString,
    /// The code verifier (RFC 7636 §4.1).
    pub verifier: SecretString,
}

impl Bound {
    fn of(state: SecretString, site: &Site, browser: &Browser) -> Self {
        let part = |purpose: &str| {
            let mac = site.mac(purpose, &[browser.as_str(), state.expose_secret()]);
            SecretString::from(BASE64URL_NOPAD.encode(&mac))
        };
        Self { nonce: part("upstream-nonce"), verifier: part("upstream-verifier"), state }
    }
}

/// Remembers that a browser is sent to a provider.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    tx: &mut Tx,
    (site, browser): (&Site, &Browser),
    upstream: &UpstreamId,
    pending: &Pending,
    now: Timestamp,
) -> storage::Result<Bound> {
    let (state, hash) = site.random().token();
    let content = serde_json::to_string(pending).unwrap_or_default();
    let until = (now, now.plus(LIFE));
    tx.upstream_requests().insert((hash, TokenHash::of(browser.as_str())), upstream, &content, until).await?;
    Ok(Bound::of(state, site, browser))
}

/// Takes out what was remembered; none where this browser was not sent there with it lately, or came back before.
///
/// # Errors
/// When the database fails.
pub async fn take(
    tx: &mut Tx,
    (site, browser): (&Site, &Browser),
    (upstream, state): (&UpstreamId, &str),
    now: Timestamp,
) -> storage::Result<Option<(Pending, Bound)>> {
    let key = (TokenHash::of(state), TokenHash::of(browser.as_str()));
    let Some(content) = tx.upstream_requests().take(key, upstream, now).await? else { return Ok(None) };
    let pending = serde_json::from_str(&content).map_err(|_| storage::Error::Corrupt("upstream_requests.content"))?;
    Ok(Some((pending, Bound::of(state.to_owned().into(), site, browser))))
}
