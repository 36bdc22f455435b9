//! ID tokens (OpenID Connect Core 1.0 §2), and reading one that comes back as a hint.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::{
    claims::{Audience, Authentication, Membership},
    person::Person,
};
use crate::{
    app::App,
    keys::{Refusal, Typ, VerifiedToken, VerifyingKey, jws::key_named},
    oauth::error,
    secret::sha256,
    storage,
};

/// The payload of an ID token.
#[derive(Debug, Clone, Serialize)]
pub struct IdTokenClaims<'a> {
    /// Issuer.
    pub iss: &'a str,
    /// The person.
    pub sub: &'a str,
    /// The client.
    pub aud: &'a str,
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds.
    pub exp: i64,
    /// What the authorization request held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// Binds the access token that came with it.
    pub at_hash: String,
    /// How the person signed in.
    #[serde(flatten)]
    pub authentication: &'a Authentication,
    /// Claims of the person by scope.
    #[serde(flatten)]
    pub person: Person<'a>,
    /// Claims of the organization by scope.
    #[serde(flatten)]
    pub membership: Membership<'a>,
}

/// §3.1.3.6: the left half of the SHA-256, which all our algorithms use.
#[must_use]
pub fn at_hash(access_token: &str) -> String {
    BASE64URL_NOPAD.encode(&sha256(access_token.as_bytes())[..16])
}

/// What an ID token that came back as a hint says (§3.1.2.1 `id_token_hint`); it may be expired.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hint {
    iss: String,
    /// The person.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// The session in the organization.
    pub sid: Option<String>,
}

/// Why a hint is refused.
#[derive(Debug, thiserror::Error)]
pub enum HintError {
    /// None of our keys ever signed it, or it is no ID token.
    #[error("not an ID token of this server: {0}")]
    Foreign(#[from] Refusal),
    /// Our doing.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What the app is told of a hint that is refused.
pub const NOT_OURS: error::Refusal =
    error::refuse(error::Code::InvalidRequest, "id_token_hint is not an ID token of this server");

/// Reads a hint, expired or not. `None` for one that is ours but whose key is published no more: it proves nothing, and
/// whoever kept it for so long did nothing wrong.
///
/// # Errors
/// [`HintError`].
pub async fn hint(app: &App, token: &str) -> Result<Option<Hint>, HintError> {
    // OpenID Connect Core 1.0 §3.1.2.1: an app may encrypt it to us.
    let opened = (token.split('.').count() == 5).then(|| app.encryption().decrypt(token).ok()).flatten();
    let opened = opened.and_then(|opened| String::from_utf8(opened.content).ok());
    let token = opened.as_deref().unwrap_or(token);
    match app.keyring.verify(token, Typ::IdToken) {
        Ok(verified) => Ok(Some(of_us(app, &verified)?)),
        Err(Refusal::ForeignHeader) => {
            let key = gone_key(app, token).await?.ok_or(Refusal::ForeignHeader)?;
            of_us(app, &key.verify_text(token, Typ::IdToken)?)?;
            Ok(None)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The issuer is configured and may have been another when the token was signed.
fn of_us(app: &App, verified: &VerifiedToken) -> Result<Hint, Refusal> {
    let hint: Hint = verified.claims()?;
    if hint.iss == app.config.server.issuer.as_str() { Ok(hint) } else { Err(Refusal::UnexpectedClaims) }
}

async fn gone_key(app: &App, token: &str) -> storage::Result<Option<VerifyingKey>> {
    let Some(id) = key_named(token) else { return Ok(None) };
    let jwk = app.storage.read().await?.signing_keys().public_jwk(&id).await?;
    Ok(jwk.and_then(|jwk| VerifyingKey::parse(jwk.parse().ok()?).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_is_half_a_sha256() {
        // OpenID Connect Core 1.0 appendix A.3.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
