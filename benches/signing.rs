//! What a token costs beside its bare signature: `cargo bench --bench signing`.
//!
//! Both sign the same text with keys that were parsed before, in turns, so that a busy machine disturbs both alike.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
        RsaKeyPair,
    },
};
use lanyard::keys::{Algorithm, SigningKey, Typ};
use serde::Serialize;

/// The claims of a client-credentials token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    org_id: &'a str,
    scope: &'a str,
    jti: &'a str,
    roles: [&'a str; 2],
    iat: i64,
    exp: i64,
}

const CLAIMS: Claims<'static> = Claims {
    iss: "https://id.example.com",
    sub: "reporting-service",
    aud: "https://api.example.com",
    client_id: "reporting-service",
    org_id: "org_0192f3c4d5e6798081828384858687",
    scope: "roles organization",
    jti: "vT3yPq0Zr8sN1mKxW4cJdA",
    roles: ["billing", "front_desk"],
    iat: 1_795_000_000,
    exp: 1_795_000_300,
};

const ROUNDS: u32 = 20;

fn main() {
    println!("{:<10}{:>14}{:>14}{:>9}", "µs each", "signature", "token", "ratio");
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let token = key.sign(Typ::AccessToken, &CLAIMS);
        let text = token[..token.rfind('.').expect("three parts")].to_owned();
        let bare = bare(algorithm);
        let turns = if algorithm.is_quick_to_generate() { 2000 } else { 200 };
        let (mut signature, mut whole) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..ROUNDS {
            signature += time(turns, || bare(text.as_bytes()));
            whole += time(turns, || drop(black_box(key.sign(Typ::AccessToken, black_box(&CLAIMS)))));
        }
        let each = |total: Duration| total.as_secs_f64() * 1e6 / f64::from(ROUNDS * turns);
        let ratio = whole.as_secs_f64() / signature.as_secs_f64();
        println!("{algorithm:<10}{:>14.1}{:>14.1}{ratio:>9.2}", each(signature), each(whole));
    }
}

fn time(turns: u32, mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..turns {
        work();
    }
    start.elapsed()
}

/// The library's signature alone.
#[expect(clippy::disallowed_methods, reason = "measures the library without ours")]
fn bare(algorithm: Algorithm) -> impl Fn(&[u8]) {
    let random = SystemRandom::new();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let ed25519 = Ed25519KeyPair::generate().expect("a key");
    let padding: &'static dyn RsaEncoding =
        if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
    move |text| match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 => {
            let mut signature = [0; 256];
            rsa.sign(padding, &random, text, &mut signature).expect("a signature");
            black_box(&signature);
        }
        Algorithm::Es256 => {
            black_box(ecdsa.sign(&random, text).expect("a signature"));
        }
        Algorithm::EdDsa => {
            black_box(ed25519.sign(text));
        }
    }
}
