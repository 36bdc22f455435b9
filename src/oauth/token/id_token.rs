//! ID tokens (OpenID Connect Core 1.0 §2), and reading one that comes back as a hint.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::claims::{Audience, Authentication, Membership, Person};
use crate::{
    keys::{Keyring, Refusal, Typ},
    secret::sha256,
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

/// Reads a hint that one of our published keys signed.
///
/// # Errors
/// Why it is none; [`Refusal::ForeignHeader`] may also mean that its key has gone.
pub fn hint(keyring: &Keyring, issuer: &str, token: &str) -> Result<Hint, Refusal> {
    let hint: Hint = keyring.verify(token, Typ::IdToken)?.claims()?;
    if hint.iss == issuer { Ok(hint) } else { Err(Refusal::UnexpectedClaims) }
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
