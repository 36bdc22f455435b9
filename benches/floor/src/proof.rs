//! What proof of possession adds: proofs by RFC 9449 to send, and what it costs to check one signature.

use std::{hint::black_box, time::Instant};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        UnparsedPublicKey,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use crate::token::{Tokens, seconds};

/// Prints `count` proofs for POST requests to `url`, all of one key.
pub fn print(count: usize, url: &str, nonce: Option<&str>) {
    let (random, tokens) = (SystemRandom::new(), Tokens::new());
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = key.public_key().as_ref();
    let (x, y) = (BASE64URL_NOPAD.encode(&point[1..33]), BASE64URL_NOPAD.encode(&point[33..]));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).to_string();
    for _ in 0..count {
        let mut claims = json!({"jti": tokens.random(), "htm": "POST", "htu": url, "iat": seconds()});
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let signed = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.as_bytes()),
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
        );
        let signature = key.sign(&random, signed.as_bytes()).expect("signs");
        println!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
    }
}

/// Prints the nanoseconds of one verification, ES256 and `EdDSA`.
pub fn measure() {
    let (random, text) = (SystemRandom::new(), [b'x'; 600]);
    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let signature = ecdsa.sign(&random, &text).expect("signs");
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ecdsa.public_key().as_ref());
    let es256 = timed(|| public.verify(&text, signature.as_ref()).expect("fits"));
    let edwards = Ed25519KeyPair::generate().expect("a key");
    let signature = edwards.sign(&text);
    let public = UnparsedPublicKey::new(&ED25519, edwards.public_key().as_ref());
    let eddsa = timed(|| public.verify(&text, signature.as_ref()).expect("fits"));
    println!("{es256:.0} {eddsa:.0}");
}

fn timed(verify: impl Fn()) -> f64 {
    const TIMES: u32 = 2_000;
    let begun = Instant::now();
    for _ in 0..TIMES {
        verify();
        black_box(());
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
}
