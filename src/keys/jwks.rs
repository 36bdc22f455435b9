//! The document at `/oauth2/jwks` (RFC 7517 §5), rendered when a key changes and not when it is asked for.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::Value;

use super::{jwk::Jwk, verifying_key::VerifyingKey};
use crate::secret::sha256;

/// The public keys of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwks {
    body: Box<[u8]>,
    etag: String,
}

impl Jwks {
    /// The document with these keys, in this order.
    ///
    /// # Panics
    /// Never: keys are text.
    #[must_use]
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>) -> Self {
        Self::with(keys, None)
    }

    /// The same, with a key at the end that others encrypt to.
    ///
    /// # Panics
    /// Never: keys are text.
    #[must_use]
    pub fn with<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>, encryption: Option<&'a Value>) -> Self {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Key<'a> {
            Signing(&'a Jwk),
            Encryption(&'a Value),
        }
        #[derive(Serialize)]
        struct Document<'a> {
            keys: Vec<Key<'a>>,
        }
        let signing = keys.into_iter().map(|key| Key::Signing(key.jwk()));
        let document = Document { keys: signing.chain(encryption.map(Key::Encryption)).collect() };
        let body = serde_json::to_vec(&document).expect("keys are JSON");
        let etag = format!("\"{}\"", BASE64URL_NOPAD.encode(&sha256(&body)[..12]));
        Self { body: body.into(), etag }
    }

    /// JSON, of type `application/jwk-set+json` or `application/json`.
    #[must_use]
    pub const fn body(&self) -> &[u8] {
        &self.body
    }

    /// A strong entity tag with its quotes (RFC 9110 §8.8.3).
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }
}
