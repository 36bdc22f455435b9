//! Public keys as apps see them: JWKs (RFC 7517, RFC 7518 §6, RFC 8037 §2) named by their thumbprint (RFC 7638).

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use crate::secret::sha256;

/// The name of a key: `kid`, the thumbprint of its public half, so that no two keys ever share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// The text of the `kid` member.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A `kid` read from the database or typed by a person; it may name no key.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A JWK that is not the public key of one of our algorithms.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the JWK of a signing key: {0}")]
pub struct BadJwk(&'static str);

/// One public signing key (RFC 7517 §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    #[serde(flatten)]
    material: Material,
    kid: KeyId,
    #[serde(rename = "use")]
    usage: String,
    alg: String,
}

/// The members that depend on the kind of key, each in base64url; alphabetical, as the thumbprint wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { e: String, n: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
}

impl Jwk {
    /// The JWK of a public key as the cryptography library writes it: `RSAPublicKey` in DER (RFC 8017 §A.1.1), an
    /// uncompressed point (SEC 1 §2.3.3) or 32 bytes (RFC 8032 §5.1.5).
    pub(super) fn of(algorithm: Algorithm, public: &[u8]) -> Result<Self, BadJwk> {
        let material = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                let (n, e) = rsa_integers(public).ok_or(BadJwk("RSAPublicKey"))?;
                Material::Rsa { e: BASE64URL_NOPAD.encode(e), n: BASE64URL_NOPAD.encode(n) }
            }
            Algorithm::Es256 => {
                let point = public.strip_prefix(&[4]).filter(|point| point.len() == 64).ok_or(BadJwk("point"))?;
                let (x, y) = point.split_at(32);
                Material::Ec { crv: "P-256".into(), x: BASE64URL_NOPAD.encode(x), y: BASE64URL_NOPAD.encode(y) }
            }
            Algorithm::EdDsa => Material::Okp { crv: "Ed25519".into(), x: BASE64URL_NOPAD.encode(public) },
        };
        Ok(Self { kid: material.thumbprint(), material, usage: "sig".into(), alg: algorithm.name().into() })
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.kid
    }

    /// The key in the form that checks signatures.
    pub(super) fn parse(&self) -> Result<(Algorithm, ParsedPublicKey), BadJwk> {
        let algorithm: Algorithm = self.alg.parse().map_err(|_| BadJwk("alg"))?;
        if self.usage != "sig" || self.kid != self.material.thumbprint() {
            return Err(BadJwk("use or kid"));
        }
        let key = match (&self.material, algorithm) {
            (Material::Rsa { e, n }, Algorithm::Rs256 | Algorithm::Ps256) => {
                RsaPublicKeyComponents { n: decode(n)?, e: decode(e)? }.to_parsed_public_key(algorithm.rsa_parameters())
            }
            (Material::Ec { crv, x, y }, Algorithm::Es256) if crv == "P-256" => {
                ParsedPublicKey::new(algorithm.verification(), [&[4], &decode(x)?[..], &decode(y)?[..]].concat())
            }
            (Material::Okp { crv, x }, Algorithm::EdDsa) if crv == "Ed25519" => {
                ParsedPublicKey::new(algorithm.verification(), decode(x)?)
            }
            _ => return Err(BadJwk("kty, crv and alg do not belong together")),
        };
        key.map(|key| (algorithm, key)).map_err(|_| BadJwk("key"))
    }
}

impl FromStr for Jwk {
    type Err = BadJwk;
    fn from_str(text: &str) -> Result<Self, BadJwk> {
        serde_json::from_str(text).map_err(|_| BadJwk("JSON"))
    }
}

impl fmt::Display for Jwk {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Material {
    /// RFC 7638 §3: SHA-256 of the required members, in alphabetical order and without white space.
    fn thumbprint(&self) -> KeyId {
        let members = match self {
            Self::Rsa { e, n } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        KeyId(BASE64URL_NOPAD.encode(&sha256(members.as_bytes())).into())
    }
}

fn decode(text: &str) -> Result<Vec<u8>, BadJwk> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| BadJwk("base64url"))
}

/// The modulus and exponent of `SEQUENCE { INTEGER, INTEGER }`, without leading zeros (RFC 7518 §2).
fn rsa_integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, end) = der_value(0x30, der)?;
    let (modulus, rest) = der_value(0x02, sequence)?;
    let (exponent, rest) = der_value(0x02, rest)?;
    let unsigned = |integer: &'_ [u8]| integer.iter().position(|&byte| byte != 0);
    (end.is_empty() && rest.is_empty())
        .then(|| Some((&modulus[unsigned(modulus)?..], &exponent[unsigned(exponent)?..])))
        .flatten()
}

/// The content of the DER element at the beginning, and what follows it (X.690 §8.1.3, lengths of up to two bytes).
fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der.strip_prefix(&[tag])? {
        [length @ 0..=0x7f, rest @ ..] | [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_those_of_the_specifications() {
        // RFC 7638 §3.1 and RFC 8037 §A.3.
        let rsa = Material::Rsa {
            e: "AQAB".into(),
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
                FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7\
                d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-\
                csFCur-kEgU8awapJzKnqDKgw"
                .into(),
        };
        assert_eq!(rsa.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let okp = Material::Okp { crv: "Ed25519".into(), x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into() };
        assert_eq!(okp.thumbprint().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_jwk_that_contradicts_itself_is_refused() {
        let good = Jwk::of(Algorithm::EdDsa, &[7; 32]).expect("a key").to_string();
        assert!(good.parse::<Jwk>().expect("JSON").parse().is_ok());
        for (from, to) in
            [("EdDSA", "ES256"), ("Ed25519", "Ed448"), ("\"sig\"", "\"enc\""), ("Bwc", "Bwg"), ("OKP", "EC")]
        {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good);
            assert!(changed.parse::<Jwk>().map_or(true, |jwk| jwk.parse().is_err()), "{changed}");
        }
    }

    #[test]
    fn der_that_is_not_an_rsa_key_is_refused() {
        let key = [0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 3];
        assert_eq!(rsa_integers(&key), Some((&[0x80, 1][..], &[3][..])));
        for end in 0..key.len() {
            assert_eq!(rsa_integers(&key[..end]), None, "first {end} bytes");
        }
        for bad in [&[0x30, 3, 2, 1, 3][..], &[0x30, 8, 2, 3, 0, 0, 0, 2, 1, 3], &[0x31, 8, 2, 3, 0, 0x80, 1, 2, 1, 3]]
        {
            assert_eq!(rsa_integers(bad), None);
        }
    }
}
