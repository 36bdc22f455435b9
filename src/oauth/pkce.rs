//! Proof Key for Code Exchange (RFC 7636), method S256 alone.

use data_encoding::BASE64URL_NOPAD;

use super::error::{Code, Refusal, refuse};
use crate::secret::{equal, sha256};

/// The hash of the verifier that only the client knows, as it came with the authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// `invalid_request` (RFC 7636 §4.4.1) for the method `plain`, which an absent one means, and for no SHA-256.
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, Refusal> {
        if method != Some("S256") {
            return Err(refuse(Code::InvalidRequest, "code_challenge_method must be S256"));
        }
        let is_hash = BASE64URL_NOPAD.decode(challenge.as_bytes()).is_ok_and(|hash| hash.len() == 32);
        if is_hash {
            Ok(Self(challenge.to_owned()))
        } else {
            Err(refuse(Code::InvalidRequest, "code_challenge is not the base64url form of a SHA-256"))
        }
    }

    /// A challenge read from the database.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// As it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is the one that was hashed (RFC 7636 §4.6); compares in constant time.
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        is_well_formed(verifier)
            && equal(BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes())).as_bytes(), self.0.as_bytes())
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
#[must_use]
pub fn is_well_formed(verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_s256_is_read() {
        for (case, challenge, method, fits) in [
            ("the RFC's example", CHALLENGE, Some("S256"), true),
            ("plain", CHALLENGE, Some("plain"), false),
            ("absent means plain", CHALLENGE, None, false),
            ("another case", CHALLENGE, Some("s256"), false),
            ("too short", &CHALLENGE[1..], Some("S256"), false),
            ("padding", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", Some("S256"), false),
            ("other alphabet", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", Some("S256"), false),
            ("bits beyond the end", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", Some("S256"), false),
        ] {
            assert_eq!(CodeChallenge::parse(challenge, method).is_ok(), fits, "{case}");
        }
    }

    #[test]
    fn a_challenge_is_met_by_its_own_verifier_alone() {
        let challenge = CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap();
        for (verifier, met) in [(VERIFIER, true), (CHALLENGE, false), ("", false), (&VERIFIER[1..], false)] {
            assert_eq!(challenge.is_met_by(verifier), met, "{verifier}");
        }
        assert!(
            !is_well_formed(&"a".repeat(42)) && is_well_formed(&"a".repeat(128)) && !is_well_formed(&"a".repeat(129))
        );
    }
}
