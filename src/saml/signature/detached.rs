//! Signatures beside a message: over the very text of the address (bindings §3.4.4.1).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use super::Verified;
use crate::saml::{
    certificate::{Kind, Trusted},
    xml::Xml,
};

/// Why a message in an address is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetachedFault {
    /// How it was made.
    #[error("its signature is made by `{0}`, which is not accepted")]
    Algorithm(String),
    /// It does not hold.
    #[error("its signature is not one by a configured certificate, or it was changed since")]
    Invalid,
}

/// A signature beside a message.
#[derive(Debug)]
pub struct Detached<'m> {
    /// How it was made.
    pub algorithm: &'m str,
    /// It.
    pub signature: &'m [u8],
    /// What it signs: the text that the message was read from.
    pub signed: &'m str,
}

/// Checks a signature over the text that this message was read from.
///
/// # Errors
/// [`DetachedFault`].
pub fn verify_detached(message: Xml, detached: &Detached<'_>, trusted: &Trusted) -> Result<Verified, DetachedFault> {
    let Detached { algorithm, signature, signed } = *detached;
    let (kind, verifications) =
        verifications(algorithm).ok_or_else(|| DetachedFault::Algorithm(algorithm.chars().take(100).collect()))?;
    let holds = trusted.all().iter().filter(|certificate| certificate.kind() == kind).any(|certificate| {
        let verified = |algorithm: &&'static dyn VerificationAlgorithm| {
            UnparsedPublicKey::new(*algorithm, certificate.key()).verify(signed.as_bytes(), signature).is_ok()
        };
        verifications.iter().any(verified)
    });
    if holds { Ok(Verified(message)) } else { Err(DetachedFault::Invalid) }
}

/// Signatures by elliptic curves are written in either form.
fn verifications(algorithm: &str) -> Option<(Kind, Vec<&'static dyn VerificationAlgorithm>)> {
    Some(match algorithm.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#")? {
        "rsa-sha256" => (Kind::Rsa, vec![&RSA_PKCS1_2048_8192_SHA256]),
        "rsa-sha384" => (Kind::Rsa, vec![&RSA_PKCS1_2048_8192_SHA384]),
        "rsa-sha512" => (Kind::Rsa, vec![&RSA_PKCS1_2048_8192_SHA512]),
        "ecdsa-sha256" => (Kind::Ec, vec![&ECDSA_P256_SHA256_FIXED, &ECDSA_P256_SHA256_ASN1]),
        "ecdsa-sha384" => (Kind::Ec, vec![&ECDSA_P384_SHA384_FIXED, &ECDSA_P384_SHA384_ASN1]),
        "ecdsa-sha512" => (Kind::Ec, vec![&ECDSA_P521_SHA512_FIXED, &ECDSA_P521_SHA512_ASN1]),
        _ => return None,
    })
}
