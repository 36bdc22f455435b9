//! A signed token of Lanyard: its kind and its signature, as any app has to check them (RFC 8725 §3).

use data_encoding::BASE64URL_NOPAD;
use openidconnect::{
    JsonWebKey,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Calendar,
    provider::{Known, Unreachable},
};

/// `aud`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn contains(&self, wanted: &str) -> bool {
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
    #[error("the token is not one that this app accepts: {0}")]
    Invalid(&'static str),
}

/// Seconds that clocks may differ.
pub(super) const SKEW: i64 = 60;

/// Checks that `token` is of this type and signed by Lanyard, and answers its claims, which are not checked yet.
pub(super) async fn claims<T: DeserializeOwned>(app: &Calendar, token: &str, typ: &str) -> Result<T, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Invalid("it is not a JWS"))?;
    let (header, payload) = signed.split_once('.').ok_or(Refused::Invalid("it is not a JWS"))?;
    let header: Header = decode(header)?;
    // 1. Its type says what it is for: an ID token is no access token, and neither is a logout token.
    if header.typ != typ {
        return Err(Refused::Invalid("it is of another type"));
    }
    // 2. A signature by a key of the issuer, with an algorithm that we chose.
    let algorithm = match header.alg.as_str() {
        "EdDSA" => CoreJwsSigningAlgorithm::EdDsa,
        "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        _ => return Err(Refused::Invalid("its algorithm is not one that this app accepts")),
    };
    let signature =
        BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| Refused::Invalid("its signature is torn"))?;
    let mut known = app.0.provider.known().await?;
    let has = |known: &Known| known.keys().keys().iter().any(|key| kid(key) == Some(&header.kid));
    if !has(&known) {
        known = app.0.provider.known_anew().await?;
    }
    let key = known.keys().keys().iter().find(|key| kid(key) == Some(&header.kid));
    let key = key.ok_or(Refused::Invalid("its key is not one of the issuer's"))?;
    key.verify_signature(&algorithm, signed.as_bytes(), &signature)
        .map_err(|_| Refused::Invalid("its signature is wrong"))?;
    decode(payload)
}

fn kid(key: &CoreJsonWebKey) -> Option<&String> {
    key.key_id().map(|id| &**id)
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, Refused> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Refused::Invalid("it is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Invalid("it is not the JSON of such a token"))
}
