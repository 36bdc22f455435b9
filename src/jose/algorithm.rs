//! The signatures of others that are understood (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
//!
//! Neither `none` nor an HMAC has a value here, so that no list of algorithms can ever allow one.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
};

/// The value of `alg` in the header of a signed token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519 by its older name.
    EdDsa,
    /// Ed25519.
    Ed25519,
}

/// What a key of some kind does with a signature.
pub(super) enum Scheme {
    Rsa(&'static RsaParameters),
    Ecdsa(&'static EcdsaVerificationAlgorithm),
    Ed25519,
}

impl Alg {
    /// All of them, as the metadata lists them.
    pub const ALL: &[Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// Those that FAPI 2.0 allows (Security Profile §5.4).
    pub const FAPI: &[Self] = &[Self::Ps256, Self::Es256, Self::EdDsa, Self::Ed25519];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of this name, which is case-sensitive (RFC 7515 §4.1.1).
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|alg| alg.name() == text)
    }

    pub(super) fn scheme(self) -> Scheme {
        match self {
            Self::Rs256 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Scheme::Ecdsa(&ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Scheme::Ecdsa(&ECDSA_P384_SHA384_FIXED),
            Self::Es512 => Scheme::Ecdsa(&ECDSA_P521_SHA512_FIXED),
            Self::EdDsa | Self::Ed25519 => Scheme::Ed25519,
        }
    }

    /// How its signatures by a key on an elliptic curve are checked.
    pub(super) fn of_curve(self) -> &'static dyn aws_lc_rs::signature::VerificationAlgorithm {
        match self.scheme() {
            Scheme::Rsa(parameters) => parameters,
            Scheme::Ecdsa(parameters) => parameters,
            Scheme::Ed25519 => &ED25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_exactly_the_registered_one() {
        for alg in Alg::ALL {
            assert_eq!(Alg::named(alg.name()), Some(*alg));
        }
        for text in ["", "none", "None", "NONE", "nOnE", "HS256", "HS512", "rs256", "ES256K", "Ed448", " ES256"] {
            assert_eq!(Alg::named(text), None, "{text}");
        }
    }
}
