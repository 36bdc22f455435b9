//! Values that must not be printed, compared byte by byte or left in memory.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

pub use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// The SHA-256 of a token: all that is stored of it.
///
/// Enough for values with 256 random bits (codes, tokens, cookies, client secrets); never for passwords.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of what a client presented.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }

    /// The hash as it was stored; `None` unless 32 bytes.
    #[must_use]
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(self, other: Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({}…)", &BASE64URL_NOPAD.encode(&self.0)[..6])
    }
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// Compares two secrets in a time that depends on their lengths alone.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_own_token_alone() {
        assert!(TokenHash::of("a").matches(TokenHash::of("a")));
        assert!(!TokenHash::of("a").matches(TokenHash::of("b")));
    }

    #[test]
    fn debug_shows_no_more_than_a_fingerprint() {
        assert_eq!(format!("{:?}", TokenHash::of("a")), "TokenHash(ypeBEs…)");
    }
}
