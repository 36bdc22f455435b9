//! Proof of possession (RFC 7800): the key that a token is bound to, so that whoever steals it can do nothing with it.

use serde::{Deserialize, Serialize};

/// The claim `cnf`, with one way to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Confirmation {
    /// Thumbprint (RFC 7638) of the key of a DPoP proof (RFC 9449 §6.1), in base64url.
    #[serde(rename = "jkt")]
    Jkt(String),
    /// SHA-256 of a certificate (RFC 8705 §3.1), in base64url.
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

impl Confirmation {
    /// `token_type` of a token that is bound like this, or not at all.
    #[must_use]
    pub const fn token_type(bound: Option<&Self>) -> &'static str {
        match bound {
            Some(Self::Jkt(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_written_as_the_specifications_say() {
        for (given, expected) in [
            (Confirmation::Jkt("a".into()), r#"{"jkt":"a"}"#),
            (Confirmation::Certificate("b".into()), r#"{"x5t#S256":"b"}"#),
        ] {
            assert_eq!(serde_json::to_string(&given).unwrap(), expected);
            assert_eq!(serde_json::from_str::<Confirmation>(expected).unwrap(), given);
        }
    }
}
