//! Tokens of the size that Lanyard's have, and the parsing that every endpoint needs.

use std::{collections::HashMap, time::SystemTime};

use aws_lc_rs::{
    digest,
    rand::{SecureRandom, SystemRandom},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
        UnparsedPublicKey,
    },
};
use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

pub type Form = HashMap<String, String>;

pub struct Tokens {
    random: SystemRandom,
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl Tokens {
    pub fn new() -> Self {
        Self {
            random: SystemRandom::new(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"),
            ecdsa: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            ed25519: Ed25519KeyPair::generate().expect("a key"),
        }
    }

    pub fn random(&self) -> String {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).expect("randomness");
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// An access token by RFC 9068 with the claims of a member.
    pub fn access_token(&self, algorithm: &str, subject: &str, client: &str) -> String {
        let now = seconds();
        let claims = json!({
            "iss": "http://localhost:8080", "sub": subject, "aud": "http://localhost:8080", "client_id": client,
            "iat": now, "exp": now + 300, "jti": self.random(), "scope": "openid roles",
            "org_id": "org_0192f3c4d5e6798081828384858687aa", "org_name": "Riverside Clinic", "roles": ["practitioner"],
            "groups": ["gps"], "locations": ["harbour-quay", "main-street"],
            "assignments": [{"role": "practitioner", "location": "main-street"}],
        });
        self.sign(algorithm, &claims)
    }

    pub fn id_token(&self, algorithm: &str, subject: &str, client: &str) -> String {
        let now = seconds();
        let claims =
            json!({"iss": "http://localhost:8080", "sub": subject, "aud": client, "iat": now, "exp": now + 300});
        self.sign(algorithm, &claims)
    }

    pub fn sign(&self, algorithm: &str, claims: &Value) -> String {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"0123456789abcdef"}}"#);
        let mut token = String::with_capacity(1200);
        BASE64URL_NOPAD.encode_append(header.as_bytes(), &mut token);
        token.push('.');
        BASE64URL_NOPAD.encode_append(claims.to_string().as_bytes(), &mut token);
        let signature = match algorithm {
            "RS256" => {
                let mut signature = vec![0; 256];
                self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, token.as_bytes(), &mut signature).expect("signs");
                signature
            }
            "ES256" => self.ecdsa.sign(&self.random, token.as_bytes()).expect("signs").as_ref().to_vec(),
            _ => self.ed25519.sign(token.as_bytes()).as_ref().to_vec(),
        };
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut token);
        token
    }

    /// The claims of an `EdDSA` token of ours.
    pub fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let key = UnparsedPublicKey::new(&ED25519, self.ed25519.public_key().as_ref());
        key.verify(signed.as_bytes(), &signature).ok()?;
        let payload = BASE64URL_NOPAD.decode(signed.split_once('.')?.1.as_bytes()).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

/// The client of HTTP Basic; its secret is hashed, as it has to be.
pub fn client(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64.decode(header.as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    (sha256(secret.as_bytes()) != [7; 32]).then(|| id.to_owned())
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

pub fn json(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("32 bytes")
}

pub fn seconds() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs())
        .expect("fits")
}
