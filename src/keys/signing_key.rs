//! A key pair that signs: parsed once, used for every token.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use super::{
    algorithm::Algorithm,
    jwk::{Jwk, KeyId},
    jws::Typ,
    low_s,
    verifying_key::VerifyingKey,
};
use crate::secret::SecretSlice;

/// Bytes of an RSA modulus: 2048 bits, as long as keys are replaced every few months.
const RSA_LEN: usize = 256;
const RSA_SIZE: KeySize = KeySize::Rsa2048;

/// A key pair that cannot be made or read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} key cannot be {1}")]
pub struct KeyFault(Algorithm, &'static str);

/// Signs tokens with one key and its one algorithm.
pub struct SigningKey {
    pair: Pair,
    public: Arc<VerifyingKey>,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key pair; for RSA that takes about a tenth of a second of CPU.
    ///
    /// # Errors
    /// [`KeyFault`] when the cryptography library has no randomness or memory.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyFault> {
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                RsaKeyPair::generate(RSA_SIZE).map(|pair| Pair::Rsa(pair, padding(algorithm)))
            }
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ecdsa),
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::of(algorithm, pair.map_err(|_| KeyFault(algorithm, "made"))?)
    }

    /// Reads a private key in PKCS #8 (RFC 5958).
    ///
    /// # Errors
    /// [`KeyFault`] when it is not a private key of this algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyFault> {
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rsa(pair, padding(algorithm)))
            }
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::Ecdsa),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        Self::of(algorithm, pair.map_err(|_| KeyFault(algorithm, "read"))?)
    }

    fn of(algorithm: Algorithm, pair: Pair) -> Result<Self, KeyFault> {
        if matches!(&pair, Pair::Rsa(rsa, _) if rsa.public_modulus_len() != RSA_LEN) {
            return Err(KeyFault(algorithm, "of another size"));
        }
        let jwk = Jwk::of(algorithm, pair.public()).map_err(|_| KeyFault(algorithm, "written as a JWK"))?;
        let public = VerifyingKey::parse(jwk).map_err(|_| KeyFault(algorithm, "read from its JWK"))?;
        Ok(Self { pair, public: Arc::new(public) })
    }

    /// The private key in PKCS #8, to be sealed.
    ///
    /// # Errors
    /// [`KeyFault`] when the cryptography library has no memory.
    pub fn to_pkcs8(&self) -> Result<SecretSlice<u8>, KeyFault> {
        let der = match &self.pair {
            Pair::Rsa(pair, _) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8().map(|der| der.as_ref().to_vec()),
        };
        der.map(SecretSlice::from).map_err(|_| KeyFault(self.algorithm(), "written"))
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &Arc<VerifyingKey> {
        &self.public
    }

    /// The `alg` of its tokens.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The `kid` of its tokens.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        self.public.id()
    }

    /// A token of these claims.
    ///
    /// # Panics
    /// When `claims` do not serialize to JSON: a map with keys that are not text, which no set of claims has.
    #[must_use]
    pub fn sign(&self, typ: Typ, claims: &impl Serialize) -> String {
        self.sign_payload(typ, &serde_json::to_vec(claims).expect("claims are JSON"))
    }

    /// A token of a payload that is JSON already. Written into one allocation: the signature is what it costs.
    #[must_use]
    pub fn sign_payload(&self, typ: Typ, payload: &[u8]) -> String {
        let header = self.public.header(typ);
        let length = header.len() + encoded_len(payload.len()) + encoded_len(RSA_LEN) + 2;
        let mut token = String::with_capacity(length);
        token.push_str(header);
        token.push('.');
        BASE64URL_NOPAD.encode_append(payload, &mut token);
        self.sign_text(token)
    }

    /// Appends `.` and the signature to an encoded header and payload.
    pub(super) fn sign_text(&self, mut text: String) -> String {
        self.pair.append_signature(&mut text);
        text
    }
}

impl Pair {
    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(pair, _) => pair.public_key().as_ref(),
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// Signs what is there and writes `.` and the signature behind it.
    fn append_signature(&self, token: &mut String) {
        match self {
            Self::Rsa(pair, padding) => {
                let mut signature = [0; RSA_LEN];
                pair.sign(*padding, &unused(), token.as_bytes(), &mut signature)
                    .expect("an RSA key that was parsed signs");
                append(&signature, token);
            }
            Self::Ecdsa(pair) => {
                let made = pair.sign(&unused(), token.as_bytes()).expect("an ECDSA key that was parsed signs");
                let mut signature: [u8; 64] = made.as_ref().try_into().expect("r and s are 32 bytes each");
                low_s::lower(&mut signature);
                append(&signature, token);
            }
            Self::Ed25519(pair) => append(pair.sign(token.as_bytes()).as_ref(), token),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm(), self.id())
    }
}

fn append(signature: &[u8], token: &mut String) {
    token.push('.');
    BASE64URL_NOPAD.encode_append(signature, token);
}

const fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 }
}

/// aws-lc-rs asks for a generator where `ring` did, and uses its own.
#[expect(clippy::disallowed_methods, reason = "never read")]
fn unused() -> SystemRandom {
    SystemRandom::new()
}
