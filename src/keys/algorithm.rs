//! The signature algorithms that Lanyard signs with (RFC 7518 §3.1, RFC 8037 §3.1).

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    VerificationAlgorithm,
};

/// The value of `alg` in a JWS header and in the JWK of its key: a key serves one algorithm alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every relying party knows (OpenID Connect Core §15.1).
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them, in the order in which the JWKS lists their keys: a client that takes the first key gets RS256.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether a key is made in microseconds; an RSA key takes about a tenth of a second of CPU.
    #[must_use]
    pub const fn is_quick_to_generate(self) -> bool {
        matches!(self, Self::Es256 | Self::EdDsa)
    }

    /// How signatures of this algorithm are checked.
    pub(super) fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 | Self::Ps256 => self.rsa_parameters(),
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::EdDsa => &ED25519,
        }
    }

    pub(super) fn rsa_parameters(self) -> &'static RsaParameters {
        if self == Self::Ps256 { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names none of [`Algorithm::ALL`]; names are case-sensitive (RFC 7515 §4.1.1).
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a signature algorithm of this server (RS256, PS256, ES256, EdDSA)")]
pub struct UnknownAlgorithm(String);

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or_else(|| UnknownAlgorithm(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_parses_exactly_as_registered() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        for text in ["", "none", "None", "HS256", "rs256", "EDDSA", "Ed25519", " RS256", "RS512"] {
            assert_eq!(text.parse::<Algorithm>(), Err(UnknownAlgorithm(text.to_owned())));
        }
    }
}
