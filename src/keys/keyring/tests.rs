//! Every way in which a token may not be ours.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use proptest::prelude::*;
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
fn a_header_of_our_key_with_another_alg_is_foreign() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        let kid = key(algorithm).id();
        for alg in [
            "none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "ES256", "EdDSA", "RS512",
            "ES256K", "Ed25519",
        ] {
            if alg == algorithm.name() {
                continue;
            }
            let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#);
            let [_, payload, _] = parts(&ours);
            let unsigned = format!("{}.{payload}.", BASE64URL_NOPAD.encode(header.as_bytes()));
            for token in [with_header(&ours, &header), unsigned, signed(algorithm, &header, payload)] {
                assert_eq!(keyring.verify(&token, Typ::AccessToken).err(), Some(Refusal::ForeignHeader), "{alg}");
            }
        }
    }
}

#[test]
fn a_public_key_is_not_a_shared_secret() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let [ours, payload, _] = parts(&token(algorithm)).map(str::to_owned);
        let jwk = key(algorithm).public().jwk().to_string();
        let hs256 = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#, key(algorithm).id());
        for secret in [jwk.as_bytes(), keyring.jwks().body(), key(algorithm).id().as_str().as_bytes(), b""] {
            for header in [&ours, &BASE64URL_NOPAD.encode(hs256.as_bytes())] {
                let text = format!("{header}.{payload}");
                let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
                assert!(
                    keyring
                        .verify(&format!("{text}.{}", BASE64URL_NOPAD.encode(code.as_ref())), Typ::AccessToken)
                        .is_err()
                );
            }
        }
    }
}

#[test]
fn a_header_that_asks_for_more_is_foreign_even_when_we_signed_it() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let (kid, jwk) = (key(algorithm).id(), key(algorithm).public().jwk());
        let payload = BASE64URL_NOPAD.encode(claims().to_string().as_bytes());
        for header in [
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}","crit":["exp"],"exp":1}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}","b64":false,"crit":["b64"]}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}","jwk":{jwk}}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}","jku":"https://evil.example/jwks"}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}","x5c":["MIIB"]}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"none","alg":"{algorithm}","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"{algorithm}","alg":"{algorithm}","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"{algorithm}","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}"}}"#),
            format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"../{kid}"}}"#),
            format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"application/at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#),
            format!(r#"{{"typ": "at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#),
            "{}".to_owned(),
            String::new(),
        ] {
            let found = keyring.verify(&signed(algorithm, &header, &payload), Typ::AccessToken);
            assert_eq!(found.err(), Some(Refusal::ForeignHeader), "{header}");
        }
    }
}

#[test]
fn a_token_of_another_kind_is_refused() {
    let keyring = keyring();
    for (typ, others) in [
        (Typ::AccessToken, [Typ::IdToken, Typ::LogoutToken]),
        (Typ::IdToken, [Typ::AccessToken, Typ::LogoutToken]),
        (Typ::LogoutToken, [Typ::AccessToken, Typ::IdToken]),
    ] {
        let token = key(Algorithm::EdDsa).sign(typ, &claims());
        for other in others {
            assert_eq!(keyring.verify(&token, other).err(), Some(Refusal::WrongTyp));
        }
    }
}

#[test]
fn a_key_that_is_not_published_is_foreign() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let foreign = SigningKey::generate(algorithm).expect("a key");
        let theirs = foreign.sign(Typ::AccessToken, &claims());
        assert_eq!(keyring().verify(&theirs, Typ::AccessToken).err(), Some(Refusal::ForeignHeader));
        // Their signature under our header.
        let [_, payload, _] = parts(&theirs);
        let text = format!("{}.{payload}", BASE64URL_NOPAD.encode(header_of(algorithm).as_bytes()));
        assert_eq!(keyring().verify(&foreign.sign_text(text), Typ::AccessToken).err(), Some(Refusal::BadSignature));
        // And nothing verifies once our keys are gone.
        assert_eq!(
            of(Ring::new([], Vec::new())).verify(&token(algorithm), Typ::AccessToken).err(),
            Some(Refusal::ForeignHeader)
        );
    }
}

#[test]
fn rsa_paddings_are_not_mixed_up() {
    use crate::secret::ExposeSecret;
    // The same RSA key under both algorithms: each accepts its own padding alone.
    let pkcs8 = key(Algorithm::Rs256).to_pkcs8().expect("PKCS #8");
    let as_pss = Arc::new(SigningKey::from_pkcs8(Algorithm::Ps256, pkcs8.expose_secret()).expect("a key"));
    let keyring = of(Ring::new([Arc::clone(key(Algorithm::Rs256)), Arc::clone(&as_pss)], Vec::new()));
    let [rs_header, payload, _] = parts(&token(Algorithm::Rs256)).map(str::to_owned);
    let ps_token = as_pss.sign(Typ::AccessToken, &claims());
    let [ps_header, ..] = parts(&ps_token);
    assert!(keyring.verify(&ps_token, Typ::AccessToken).is_ok());
    for forged in [
        as_pss.sign_text(format!("{rs_header}.{payload}")),
        key(Algorithm::Rs256).sign_text(format!("{ps_header}.{payload}")),
    ] {
        assert_eq!(keyring.verify(&forged, Typ::AccessToken).err(), Some(Refusal::BadSignature));
    }
}

#[test]
fn an_es256_signature_has_one_form() {
    let keyring = keyring();
    for _ in 0..50 {
        let token = token(Algorithm::Es256);
        let [header, payload, signature] = parts(&token);
        let mut mirrored: [u8; 64] =
            BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url").try_into().expect("64 bytes");
        low_s_mirror(&mut mirrored);
        let forged = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&mirrored));
        assert!(keyring.verify(&token, Typ::AccessToken).is_ok());
        assert_eq!(keyring.verify(&forged, Typ::AccessToken).err(), Some(Refusal::BadSignature));
    }
}

/// (r, s) → (r, n − s).
fn low_s_mirror(signature: &mut [u8; 64]) {
    const ORDER: &str = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order = data_encoding::HEXUPPER.decode(ORDER.as_bytes()).expect("hexadecimal");
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(order).rev() {
        let difference = i16::from(n) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *s = u8::try_from(difference.rem_euclid(256)).expect("a byte");
    }
}

#[test]
fn empty_and_degenerate_signatures_are_refused() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        let [header, payload, signature] = parts(&ours);
        let length = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url").len();
        let mut order = vec![0; 64];
        order[..32].copy_from_slice(
            &data_encoding::HEXUPPER
                .decode(b"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
                .expect("hex"),
        );
        let mut one = vec![0; length];
        one[length - 1] = 1;
        let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
        let der = [&[0x30, 68, 2, 32][..], &raw[..32], &[2, 32], &raw[32..64]].concat();
        let longer = [&raw[..], &[0]].concat();
        for bad in [
            vec![],
            vec![0; length],
            vec![0xff; length],
            one,
            order,
            der,
            longer,
            raw[..length - 1].to_vec(),
            raw[1..].to_vec(),
        ] {
            let token = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&bad));
            assert_eq!(
                keyring.verify(&token, Typ::AccessToken).err(),
                Some(Refusal::BadSignature),
                "{algorithm} {bad:?}"
            );
        }
    }
}

#[test]
fn any_changed_character_is_refused() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        for index in 0..ours.len() {
            for other in ["A", "b", "-", "_", "0", "=", "+", "/", ".", " ", "\n", "é", "\0", ""] {
                let mut changed = ours.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == ours || keyring.verify(&changed, Typ::AccessToken).is_err(), "{index} {other:?}");
            }
        }
    }
}

#[test]
fn lenient_encodings_are_refused() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        let [header, payload, signature] = parts(&ours);
        let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
        // Another last character with the same bytes: the bits beyond the end are not zero.
        let last = signature.chars().last().expect("not empty");
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let next = alphabet.chars().nth(alphabet.find(last).expect("in the alphabet") + 1).expect("there is one");
        let trailing = format!("{}{next}", &signature[..signature.len() - 1]);
        for token in [
            format!("{header}.{payload}.{}", BASE64URL.encode(&raw)),
            format!("{header}.{payload}.{}", BASE64.encode(&raw)),
            format!("{header}.{payload}.{trailing}"),
            format!("{header}.{payload}.{signature}\n"),
            format!("{header}.{payload}.{} {}", &signature[..20], &signature[20..]),
        ] {
            assert_eq!(keyring.verify(&token, Typ::AccessToken).err(), Some(Refusal::NotCanonical), "{token}");
        }
    }
}

#[test]
fn the_form_is_exactly_three_parts_of_bounded_length() {
    let keyring = keyring();
    let ours = token(Algorithm::EdDsa);
    let [header, payload, signature] = parts(&ours);
    let long = key(Algorithm::EdDsa).sign(Typ::AccessToken, &json!({"a": "x".repeat(16 * 1024)}));
    for (token, refusal) in [
        (String::new(), Refusal::NotCompact),
        (".".into(), Refusal::NotCompact),
        ("..".into(), Refusal::ForeignHeader),
        ("...".into(), Refusal::NotCompact),
        (format!("{header}.{payload}"), Refusal::NotCompact),
        (format!("{ours}."), Refusal::NotCompact),
        (format!(".{ours}"), Refusal::NotCompact),
        (format!("{header}.{payload}.{signature}.{signature}.{signature}"), Refusal::NotCompact),
        (format!("{header}..{signature}"), Refusal::BadSignature),
        (format!(" {ours}"), Refusal::ForeignHeader),
        (format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#), Refusal::NotCompact),
        (long, Refusal::TooLong),
    ] {
        assert_eq!(keyring.verify(&token, Typ::AccessToken).err(), Some(refusal), "{token:.80}");
    }
}

#[test]
fn a_payload_of_ours_that_is_not_strict_json_is_refused() {
    let keyring = keyring();
    for payload in [r#"{"sub":"a","sub":"b"}"#, "[]", "null", "", "{}x", r#"{"a":{"b":1,"b":1}}"#] {
        let token = key(Algorithm::EdDsa).sign_payload(Typ::AccessToken, payload.as_bytes());
        assert_eq!(keyring.verify(&token, Typ::AccessToken).err(), Some(Refusal::BadPayload), "{payload}");
    }
}

#[test]
fn the_jwks_shows_public_members_alone_in_a_fixed_order() {
    let next = Arc::new(SigningKey::generate(Algorithm::EdDsa).expect("a key"));
    let ring = Ring::new(KEYS.iter().rev().map(Arc::clone), vec![Arc::clone(next.public())]);
    let jwks = of(ring).jwks();
    let document: Value = serde_json::from_slice(jwks.body()).expect("JSON");
    let shown: Vec<_> =
        document["keys"].as_array().expect("keys").iter().map(|key| (&key["alg"], &key["kid"])).collect();
    let expected: Vec<_> = Algorithm::ALL
        .iter()
        .map(|a| (json!(a.name()), json!(key(*a).id())))
        .chain([(json!("EdDSA"), json!(next.id()))])
        .collect();
    assert_eq!(shown, expected.iter().map(|(alg, kid)| (alg, kid)).collect::<Vec<_>>());
    for key in document["keys"].as_array().expect("keys") {
        let names: Vec<_> = key.as_object().expect("an object").keys().map(String::as_str).collect();
        let expected: &[_] = match key["kty"].as_str().expect("kty") {
            "RSA" => &["alg", "e", "kid", "kty", "n", "use"],
            "EC" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "crv", "kid", "kty", "use", "x"],
        };
        assert_eq!(names, expected);
    }
    assert_eq!(document["keys"][0]["e"], "AQAB");
    assert_eq!(document["keys"][0]["n"].as_str().expect("n").len(), 342);
}

#[test]
fn the_entity_tag_follows_the_keys() {
    let jwks = |keys: &[Arc<SigningKey>]| of(Ring::new(keys.iter().map(Arc::clone), Vec::new())).jwks();
    assert_eq!(jwks(&KEYS[..2]).etag(), jwks(&KEYS[..2]).etag());
    assert_ne!(jwks(&KEYS[..2]).etag(), jwks(&KEYS[..3]).etag());
    assert!(jwks(&KEYS[..1]).etag().starts_with('"'));
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

proptest! {
    #[test]
    fn arbitrary_text_never_verifies(text in ".{0,300}") {
        prop_assert!(keyring().verify(&text, Typ::AccessToken).is_err());
    }

    #[test]
    fn arbitrary_parts_under_our_header_never_verify(payload in "[A-Za-z0-9_-]{0,60}", signature in "[A-Za-z0-9_=.-]{0,100}") {
        for algorithm in Algorithm::ALL {
            let [header, ..] = parts(&token(algorithm)).map(str::to_owned);
            let token = format!("{header}.{payload}.{signature}");
            prop_assert!(keyring().verify(&token, Typ::AccessToken).is_err());
        }
    }

    #[test]
    fn a_token_with_any_bits_changed_never_verifies(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let mut bytes = token(algorithm).into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
            if let Ok(text) = String::from_utf8(bytes) {
                prop_assert!(keyring().verify(&text, Typ::AccessToken).is_err());
            }
        }
    }
}
