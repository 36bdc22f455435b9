//! A keyring with one key of each algorithm: what it signs, and every way in which a token may not be ours.

mod encoding;
mod header;
mod jwks;
mod signature;

use std::sync::{Arc, LazyLock};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::*;

/// One key of each algorithm, made once: RSA takes its time.
static KEYS: LazyLock<[Arc<SigningKey>; 4]> =
    LazyLock::new(|| Algorithm::ALL.map(|algorithm| Arc::new(SigningKey::generate(algorithm).expect("a key"))));

fn key(algorithm: Algorithm) -> &'static Arc<SigningKey> {
    &KEYS[algorithm as usize]
}

fn keyring() -> Keyring {
    of(Ring::new(KEYS.iter().map(Arc::clone), Vec::new()))
}

fn of(ring: Ring) -> Keyring {
    let hour = std::time::Duration::from_hours(1);
    let algorithms = vec![Algorithm::EdDsa, Algorithm::Rs256];
    let keyring = Keyring::new(Policy { algorithms, rotation: hour * 48, publication: hour * 24, token_life: hour });
    keyring.replace(ring);
    keyring
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "usr_1", "roles": ["owner"], "exp": 1_800_000_000})
}

fn token(algorithm: Algorithm) -> String {
    key(algorithm).sign(Typ::AccessToken, &claims())
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().expect("three parts")
}

/// A header of our making with another `alg` or more members, over the right payload and signature.
fn with_header(token: &str, header: &str) -> String {
    let [_, payload, signature] = parts(token);
    format!("{}.{payload}.{signature}", BASE64URL_NOPAD.encode(header.as_bytes()))
}

/// A header and an encoded payload, signed by our own key, whatever they are.
fn signed(algorithm: Algorithm, header: &str, payload: &str) -> String {
    key(algorithm).sign_text(format!("{}.{payload}", BASE64URL_NOPAD.encode(header.as_bytes())))
}

fn header_of(algorithm: Algorithm) -> String {
    format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{}"}}"#, key(algorithm).id())
}

#[test]
fn each_key_verifies_its_own_tokens() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        for typ in Typ::ALL {
            let token = key(algorithm).sign(typ, &claims());
            let verified = keyring.verify(&token, typ).expect("verifies");
            assert_eq!(verified.claims::<Value>().expect("claims"), claims());
            assert_eq!(verified.kid(), key(algorithm).id());
        }
        assert_eq!(parts(&token(algorithm))[0], BASE64URL_NOPAD.encode(header_of(algorithm).as_bytes()));
    }
}

#[test]
fn signatures_are_those_of_the_specification() {
    // RFC 8037 §A.4: the key, the text and the signature.
    let seed = BASE64URL_NOPAD.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64url");
    let pkcs8 = [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", &seed[..]].concat();
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).expect("a key");
    assert_eq!(key.id().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(
        key.sign_text("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned()),
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhij\
         cNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn a_key_survives_being_stored() {
    for algorithm in Algorithm::ALL {
        use crate::secret::ExposeSecret;
        let stored = key(algorithm).to_pkcs8().expect("PKCS #8");
        let again = SigningKey::from_pkcs8(algorithm, stored.expose_secret()).expect("a key");
        assert_eq!(again.id(), key(algorithm).id());
        assert!(keyring().verify(&again.sign(Typ::IdToken, &claims()), Typ::IdToken).is_ok());
        let text = again.public().jwk().to_string();
        let public = VerifyingKey::parse(text.parse().expect("a JWK")).expect("a key");
        let published = of(Ring::new([], vec![Arc::new(public)]));
        assert!(published.verify(&token(algorithm), Typ::AccessToken).is_ok());
        let other = if algorithm == Algorithm::EdDsa { Algorithm::Es256 } else { Algorithm::EdDsa };
        assert!(SigningKey::from_pkcs8(other, stored.expose_secret()).is_err());
    }
}

#[test]
fn a_keyring_is_ready_once_each_algorithm_has_a_key() {
    let keyring = of(Ring::new([], Vec::new()));
    assert!(!keyring.is_ready() && keyring.signer(Algorithm::EdDsa).is_none());
    keyring.replace(Ring::new([Arc::clone(key(Algorithm::EdDsa))], Vec::new()));
    assert!(!keyring.is_ready());
    keyring.replace(Ring::new(
        [Algorithm::EdDsa, Algorithm::Rs256].map(|algorithm| Arc::clone(key(algorithm))),
        Vec::new(),
    ));
    assert!(keyring.is_ready());
    assert_eq!(keyring.signer(Algorithm::EdDsa).expect("a key").id(), key(Algorithm::EdDsa).id());
}
