//! Checking an access token in an API: the steps of RFC 9068 §4, in order.

use data_encoding::BASE64URL_NOPAD;
use openidconnect::{JsonWebKey, core::CoreJwsSigningAlgorithm};
use serde::Deserialize;

use super::{Calendar, provider::Unreachable, relying_party::RoleAt};

/// What the API reads of a token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    pub(super) sub: String,
    #[serde(default)]
    pub(super) org_id: String,
    #[serde(default)]
    pub(super) assignments: Vec<RoleAt>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Why a token was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("the token is not an access token for this API: {0}")]
    Invalid(&'static str),
}

/// Seconds that clocks may differ.
const SKEW: i64 = 60;

/// Checks `token` and answers its claims.
pub(super) async fn check(app: &Calendar, token: &str, audience: &str) -> Result<Claims, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Invalid("it is not a JWS"))?;
    let (header, payload) = signed.split_once('.').ok_or(Refused::Invalid("it is not a JWS"))?;
    let header: Header = decode(header)?;
    // 1. Its type says that it is an access token: an ID token is none.
    if header.typ != "at+jwt" {
        return Err(Refused::Invalid("its type is not at+jwt"));
    }
    // 2. A signature by a key of the issuer, with an algorithm that we chose.
    let algorithm = match header.alg.as_str() {
        "EdDSA" => CoreJwsSigningAlgorithm::EdDsa,
        "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        _ => return Err(Refused::Invalid("its algorithm is not one that this API accepts")),
    };
    let signature =
        BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| Refused::Invalid("its signature is torn"))?;
    let mut known = app.0.provider.known().await?;
    let has = |known: &super::provider::Known| known.keys().keys().iter().any(|key| kid(key) == Some(&header.kid));
    if !has(&known) {
        known = app.0.provider.known_anew().await?;
    }
    let key = known.keys().keys().iter().find(|key| kid(key) == Some(&header.kid));
    let key = key.ok_or(Refused::Invalid("its key is not one of the issuer's"))?;
    key.verify_signature(&algorithm, signed.as_bytes(), &signature)
        .map_err(|_| Refused::Invalid("its signature is wrong"))?;
    // 3. Issuer, audience and time.
    let claims: Claims = decode(payload)?;
    if claims.iss != app.0.provider.issuer() {
        return Err(Refused::Invalid("it is from another issuer"));
    }
    if !claims.aud.contains(audience) {
        return Err(Refused::Invalid("it is meant for somebody else"));
    }
    if claims.exp + SKEW <= app.0.clock.now().seconds() {
        return Err(Refused::Invalid("it has expired"));
    }
    Ok(claims)
}

fn kid(key: &openidconnect::core::CoreJsonWebKey) -> Option<&String> {
    key.key_id().map(|id| &**id)
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Refused> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Refused::Invalid("it is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Invalid("it is not the JSON of an access token"))
}
