//! Our RSA key with its self-signed certificate: signs what we send, opens what was encrypted to us.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rcgen::{CertificateParams, DistinguishedName, DnType, PKCS_RSA_SHA256, SerialNumber};
use time::OffsetDateTime;

use super::certificate::Certificate;
use crate::{
    clock::Timestamp,
    random::Random,
    secret::{ExposeSecret as _, SecretSlice},
};

/// Days that a certificate is used: service providers do not like to change.
pub const LIFE_DAYS: u64 = 3 * 365;

/// A key or a certificate that cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the SAML key or its certificate cannot be {0}")]
pub struct CredentialFault(&'static str);

impl CredentialFault {
    /// There is none.
    pub(super) const MISSING: Self = Self("found");
}

/// Our key and its certificate.
pub struct Credential {
    certificate: Certificate,
    pkcs8: SecretSlice<u8>,
    pair: RsaKeyPair,
    opening: OaepPrivateDecryptingKey,
}

impl Credential {
    /// Makes a key, which takes about a tenth of a second of CPU, and a certificate in this name.
    ///
    /// # Errors
    /// [`CredentialFault`] when the cryptography library has no randomness or memory.
    pub fn generate(name: &str, now: Timestamp, random: &Random) -> Result<Self, CredentialFault> {
        let made = |_| CredentialFault("made");
        let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(made)?;
        let pkcs8 = pair.as_der().map_err(made)?.as_ref().to_vec();
        let certificate = self_signed(name, &pkcs8, (now, random)).ok_or(CredentialFault("made"))?;
        Self::read(&pkcs8, &certificate)
    }

    /// Reads a private key in PKCS #8 (RFC 5958) and its certificate in DER.
    ///
    /// # Errors
    /// [`CredentialFault`] when one is none, or they do not belong together.
    pub fn read(pkcs8: &[u8], certificate: &[u8]) -> Result<Self, CredentialFault> {
        let read = CredentialFault("read");
        let certificate = Certificate::of_der(certificate).map_err(|_| read)?;
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| read)?;
        let public = pair.public_key().as_der().map_err(|_| read)?;
        if public.as_ref() != certificate.key() {
            return Err(CredentialFault("used together"));
        }
        let opening = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| read)?;
        let opening = OaepPrivateDecryptingKey::new(opening).map_err(|_| read)?;
        Ok(Self { certificate, pkcs8: SecretSlice::from(pkcs8.to_vec()), pair, opening })
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key in PKCS #8, to be sealed.
    #[must_use]
    pub const fn pkcs8(&self) -> &SecretSlice<u8> {
        &self.pkcs8
    }

    /// What opens what was encrypted to us.
    pub(super) const fn opening(&self) -> &OaepPrivateDecryptingKey {
        &self.opening
    }

    /// RSA PKCS #1 v1.5 with SHA-256 over these bytes.
    ///
    /// # Panics
    /// Never: a key signs.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        #[expect(clippy::disallowed_methods, reason = "this padding takes no randomness")]
        let random = SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).expect("a key signs");
        signature
    }

    /// The private key for libxmlsec1, which takes it anew each time.
    pub(super) fn der(&self) -> &[u8] {
        self.pkcs8.expose_secret()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credential").field(&self.certificate).finish()
    }
}

fn self_signed(name: &str, pkcs8: &[u8], (now, random): (Timestamp, &Random)) -> Option<Vec<u8>> {
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).ok()?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    // A serial number is positive and has at most 20 bytes (RFC 5280 §4.1.2.2).
    let mut serial = random.bytes::<16>();
    serial[0] = serial[0] & 0x7f | 1;
    parameters.serial_number = Some(SerialNumber::from_slice(&serial));
    // Clocks of others are late.
    parameters.not_before = OffsetDateTime::from_unix_timestamp(now.seconds() - 24 * 3600).ok()?;
    let life = i64::try_from(LIFE_DAYS).ok()? * 24 * 3600;
    parameters.not_after = OffsetDateTime::from_unix_timestamp(now.seconds() + life).ok()?;
    Some(parameters.self_signed(&key).ok()?.der().to_vec())
}
