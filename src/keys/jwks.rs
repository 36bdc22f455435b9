//! The document at `/oauth2/jwks` (RFC 7517 §5), rendered when a key changes and not when it is asked for.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

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
        #[derive(Serialize)]
        struct Document<'a> {
            keys: Vec<&'a Jwk>,
        }
        let document = Document { keys: keys.into_iter().map(VerifyingKey::jwk).collect() };
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
