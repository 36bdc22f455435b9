//! The answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).

use serde::{Serialize, Serializer};

use crate::secret::{ExposeSecret, SecretString};

/// Tokens on their way to the client.
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    /// The access token.
    #[serde(serialize_with = "exposed")]
    pub access_token: SecretString,
    /// Always `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// The next refresh token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    pub refresh_token: Option<SecretString>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    pub id_token: Option<SecretString>,
    /// What was granted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn exposed_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => exposed(secret, serializer),
        None => serializer.serialize_none(),
    }
}
