//! Certificates, as SAML uses them: a public key with a name and an end. Who issued one does not matter; that it was
//! configured does (metadata interoperability profile §2.6).

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use x509_parser::{
    oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521},
    prelude::{FromDer as _, X509Certificate},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use crate::{clock::Timestamp, secret::sha256};

/// Bits of an RSA key at least.
const LEAST_RSA: usize = 2048;
/// Bits of an RSA key at most: longer ones cost a verifier too much.
const MOST_RSA: usize = 8192;
/// Bytes of a certificate at most.
const LARGEST: usize = 16 * 1024;

/// Why a certificate is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a certificate.
    #[error("it is no X.509 certificate in PEM, or in base64 of DER")]
    Malformed,
    /// The key.
    #[error("its key is none of RSA from 2048 bits and P-256, P-384 and P-521")]
    Key,
}

/// The kind of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RSA.
    Rsa,
    /// An elliptic curve of NIST.
    Ec,
}

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    key: Vec<u8>,
    kind: Kind,
    subject: String,
    ends: Timestamp,
}

impl Certificate {
    /// Reads PEM, or the base64 of DER with spaces in it, as metadata have it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let body = match text.split_once("-----BEGIN CERTIFICATE-----") {
            Some((_, rest)) => rest.split_once("-----END CERTIFICATE-----").ok_or(Fault::Malformed)?.0,
            None => text,
        };
        if body.len() > LARGEST * 2 {
            return Err(Fault::Malformed);
        }
        let body: String = body.split_ascii_whitespace().collect();
        Self::of_der(&BASE64.decode(body.as_bytes()).map_err(|_| Fault::Malformed)?)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn of_der(der: &[u8]) -> Result<Self, Fault> {
        let (rest, read) = X509Certificate::from_der(der).map_err(|_| Fault::Malformed)?;
        if !rest.is_empty() || der.len() > LARGEST {
            return Err(Fault::Malformed);
        }
        Ok(Self {
            der: der.to_vec(),
            key: read.public_key().raw.to_vec(),
            kind: kind(read.public_key()).ok_or(Fault::Key)?,
            subject: read.subject().to_string(),
            ends: Timestamp::from_seconds(read.validity().not_after.timestamp()),
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its bytes in base64, as messages and metadata carry them.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64.encode(&self.der)
    }

    /// It in PEM (RFC 7468).
    #[must_use]
    pub fn pem(&self) -> String {
        let body = self.base64();
        let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Its public key (`SubjectPublicKeyInfo`, DER).
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The kind of that.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whom it names.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Until when it is meant to be used.
    #[must_use]
    pub const fn ends(&self) -> Timestamp {
        self.ends
    }

    /// SHA-256 of it, for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&sha256(&self.der))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {}, until {})", self.subject, self.fingerprint(), self.ends)
    }
}

fn kind(key: &SubjectPublicKeyInfo) -> Option<Kind> {
    match key.parsed().ok()? {
        PublicKey::RSA(rsa) => (LEAST_RSA..=MOST_RSA).contains(&rsa.key_size()).then_some(Kind::Rsa),
        PublicKey::EC(_) => {
            let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
            let is_known = [OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521].contains(&curve);
            (is_known && key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY).then_some(Kind::Ec)
        }
        _ => None,
    }
}

/// The certificates of whoever is believed: never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted(Vec<Certificate>);

impl Trusted {
    /// These; none when there are none.
    #[must_use]
    pub fn new(mut certificates: Vec<Certificate>) -> Option<Self> {
        let all = certificates.clone();
        let mut at = 0;
        certificates.retain(|certificate| {
            at += 1;
            !all[..at - 1].contains(certificate)
        });
        (!certificates.is_empty()).then_some(Self(certificates))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Certificate] {
        &self.0
    }
}
