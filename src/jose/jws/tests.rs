//! Tokens that are right, and every way in which they are forged.

use serde_json::json;

use super::*;
use crate::jose::testing::{ClientKey, encode, hmac_signed};

const EVERY: Expected<'_> = Expected { algorithms: Alg::ALL, typ: Typ::AbsentOr(&["JWT"]) };

fn set(keys: &[Value]) -> JwkSet {
    JwkSet::parse(&json!({ "keys": keys }).to_string()).unwrap()
}

fn named(key: &ClientKey, kid: &str) -> Value {
    let mut jwk = key.jwk();
    jwk["kid"] = kid.into();
    jwk
}

#[test]
fn every_algorithm_verifies_what_it_signed() {
    for alg in Alg::ALL {
        let key = ClientKey::generate(*alg);
        let keys = set(&[key.jwk()]);
        let token = key.sign(&json!({"alg": alg.name(), "typ": "JWT"}), &json!({"sub": "a"}));
        let verified = verify(&token, &keys, EVERY).unwrap();
        assert_eq!((verified.header.alg, verified.payload()), (*alg, &br#"{"sub":"a"}"#[..]));
        assert_eq!(verified.key.thumbprint(), keys.keys()[0].thumbprint());
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let other = encode("{\"sub\":\"b\"}");
        let (header, _) = rest.split_once('.').unwrap();
        assert_eq!(verify(&format!("{header}.{other}.{signature}"), &keys, EVERY).err(), Some(Refusal::BadSignature));
        let others = Expected { algorithms: &[if *alg == Alg::Es256 { Alg::Rs256 } else { Alg::Es256 }], ..EVERY };
        assert_eq!(verify(&token, &keys, others).err(), Some(Refusal::Algorithm));
    }
}

#[test]
fn a_library_not_written_here_signs_what_verifies() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let der = pair.to_pkcs8().unwrap();
    let x = data_encoding::BASE64URL_NOPAD.encode(aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref());
    let key = EncodingKey::from_ed_der(der.as_ref());
    let token = encode(&Header::new(Algorithm::EdDSA), &json!({"sub": "a"}), &key).unwrap();
    let keys = set(&[json!({"kty": "OKP", "crv": "Ed25519", "x": x})]);
    assert_eq!(verify(&token, &keys, EVERY).unwrap().payload(), br#"{"sub":"a"}"#);
}

#[test]
fn kid_picks_the_key() {
    let (one, two) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
    let keys = set(&[named(&one, "one"), named(&two, "two")]);
    let unnamed = set(&[one.jwk(), two.jwk()]);
    let token = |kid: Option<&str>| {
        let header = kid.map_or(json!({"alg": "ES256"}), |kid| json!({"alg": "ES256", "kid": kid}));
        two.sign(&header, &json!({}))
    };
    assert!(verify(&token(Some("two")), &keys, EVERY).is_ok());
    assert_eq!(verify(&token(Some("one")), &keys, EVERY).err(), Some(Refusal::BadSignature));
    assert_eq!(verify(&token(Some("three")), &keys, EVERY).err(), Some(Refusal::UnknownKey));
    assert!(verify(&token(None), &keys, EVERY).is_ok(), "all that fit are tried");
    assert!(verify(&token(Some("two")), &unnamed, EVERY).is_ok(), "a key without a name may have any");
    let many: Vec<Value> = (0..9).map(|_| one.jwk()).chain([two.jwk()]).collect();
    assert_eq!(verify(&token(None), &set(&many), EVERY).err(), Some(Refusal::BadSignature), "but not without end");
}

#[test]
fn a_forged_header_is_refused() {
    let key = ClientKey::generate(Alg::Es256);
    let other = ClientKey::generate(Alg::Es256);
    let keys = set(&[named(&key, "a")]);
    for (case, header, expected) in [
        ("as it should be", r#"{"alg":"ES256","kid":"a"}"#.into(), None),
        ("an unknown member", r#"{"alg":"ES256","x5t":"AA"}"#.into(), None),
        ("the type in full", r#"{"alg":"ES256","typ":"application/jwt"}"#.into(), None),
        ("no alg", r#"{"kid":"a"}"#.into(), Some(Refusal::Header)),
        ("alg is null", r#"{"alg":null}"#.into(), Some(Refusal::Header)),
        ("alg is a list", r#"{"alg":["ES256"]}"#.into(), Some(Refusal::Header)),
        ("alg twice", r#"{"alg":"ES256","alg":"ES256"}"#.into(), Some(Refusal::Header)),
        ("alg twice in other letters", r#"{"alg":"ES256","\u0061lg":"none"}"#.into(), Some(Refusal::Header)),
        ("alg in lower case", r#"{"alg":"es256"}"#.into(), Some(Refusal::Algorithm)),
        ("kid is a number", r#"{"alg":"ES256","kid":1}"#.into(), Some(Refusal::Header)),
        ("typ is a number", r#"{"alg":"ES256","typ":1}"#.into(), Some(Refusal::Header)),
        ("another typ", r#"{"alg":"ES256","typ":"at+jwt"}"#.into(), Some(Refusal::WrongTyp)),
        ("crit", r#"{"alg":"ES256","crit":["b64"],"b64":true}"#.into(), Some(Refusal::Critical)),
        ("an empty crit", r#"{"alg":"ES256","crit":[]}"#.into(), Some(Refusal::Critical)),
        ("crit is null", r#"{"alg":"ES256","crit":null}"#.into(), Some(Refusal::Critical)),
        ("its own key", format!(r#"{{"alg":"ES256","jwk":{}}}"#, other.jwk()), Some(Refusal::ForeignKey)),
        ("even the registered one", format!(r#"{{"alg":"ES256","jwk":{}}}"#, key.jwk()), Some(Refusal::ForeignKey)),
        ("the address of a key", r#"{"alg":"ES256","jku":"https://evil.example/"}"#.into(), Some(Refusal::ForeignKey)),
        (
            "the address of a chain",
            r#"{"alg":"ES256","x5u":"https://evil.example/"}"#.into(),
            Some(Refusal::ForeignKey),
        ),
        ("another kind of key", r#"{"alg":"RS256"}"#.into(), Some(Refusal::UnknownKey)),
        ("another curve", r#"{"alg":"ES384"}"#.into(), Some(Refusal::UnknownKey)),
        ("a list", r#"["ES256"]"#.into(), Some(Refusal::Header)),
        ("text after it", r#"{"alg":"ES256"} x"#.into(), Some(Refusal::Header)),
        ("nested", format!(r#"{{"alg":"ES256","a":{}{}}}"#, "[".repeat(99), "]".repeat(99)), Some(Refusal::Header)),
        ("nothing", String::new(), Some(Refusal::Header)),
    ] {
        let token = key.sign_text(&header, "{}");
        assert_eq!(verify(&token, &keys, EVERY).err(), expected, "{case}");
    }
    let token = other.sign(&json!({"alg": "ES256", "kid": "a"}), &json!({}));
    assert_eq!(verify(&token, &keys, EVERY).err(), Some(Refusal::BadSignature), "a foreign key");
}

#[test]
fn neither_none_nor_a_public_key_as_secret_is_believed() {
    let key = ClientKey::generate(Alg::Rs256);
    let keys = set(&[key.jwk()]);
    for none in ["none", "None", "NONE", "nOnE", "none ", "", "\u{0}none", "no\u{6e}e"] {
        let (header, claims) = (json!({"alg": none}).to_string(), encode("{}"));
        for token in [format!("{}.{claims}.", encode(&header)), key.sign_text(&header, "{}")] {
            assert_eq!(verify(&token, &keys, EVERY).err(), Some(Refusal::Algorithm), "{none}");
        }
    }
    let modulus = key.jwk()["n"].as_str().unwrap().to_owned();
    for secret in [key.jwk().to_string(), keys.keys()[0].thumbprint(), modulus] {
        for alg in ["HS256", "HS384", "HS512", "hs256"] {
            let token = hmac_signed(&json!({"alg": alg}), &json!({}), secret.as_bytes());
            assert_eq!(verify(&token, &keys, EVERY).err(), Some(Refusal::Algorithm));
        }
        let token = hmac_signed(&json!({"alg": "RS256"}), &json!({}), secret.as_bytes());
        assert_eq!(verify(&token, &keys, EVERY).err(), Some(Refusal::BadSignature));
    }
}

#[test]
fn only_the_canonical_compact_form_is_read() {
    let key = ClientKey::generate(Alg::EdDsa);
    let keys = set(&[key.jwk()]);
    let good = key.sign(&json!({"alg": "EdDSA"}), &json!({"a": 12}));
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    assert!(verify(&good, &keys, EVERY).is_ok());
    // 64 bytes leave four bits unused, which must be zero.
    let trailing = format!("{}{}", &signature[..85], if signature.ends_with('A') { 'B' } else { 'h' });
    for (case, token, expected) in [
        ("nothing", String::new(), Refusal::NotCompact),
        ("two parts", format!("{header}.{claims}"), Refusal::NotCompact),
        ("four parts", format!("{good}."), Refusal::NotCompact),
        ("five parts", format!("{good}.a.b"), Refusal::NotCompact),
        ("no signature", format!("{header}.{claims}."), Refusal::BadSignature),
        ("padding", format!("{good}=="), Refusal::NotCanonical),
        ("white space", format!("{good}\n"), Refusal::NotCanonical),
        ("a space before", format!(" {good}"), Refusal::NotCanonical),
        ("the other alphabet", key.sign_encoded(&format!("{header}.+/{claims}")), Refusal::NotCanonical),
        ("padding within", key.sign_encoded(&format!("{header}.{}=", encode("{}"))), Refusal::NotCanonical),
        ("trailing bits", format!("{header}.{claims}.{trailing}"), Refusal::NotCanonical),
        (
            "JSON form",
            json!({"protected": header, "payload": claims, "signature": signature}).to_string(),
            Refusal::NotCompact,
        ),
        ("too long", key.sign(&json!({"alg": "EdDSA"}), &json!({"a": "a".repeat(16_384)})), Refusal::TooLong),
    ] {
        assert_eq!(verify(&token, &keys, EVERY).err(), Some(expected), "{case}");
        assert!(verify_with_embedded_jwk(&token, EVERY).is_err(), "{case}");
    }
    for (at, _) in good.char_indices() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(verify(&String::from_utf8(changed).unwrap(), &keys, EVERY).is_err(), "character {at}");
    }
}

#[test]
fn claims_are_one_strict_object() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "read for its types")]
    struct Claims {
        iss: String,
    }
    let key = ClientKey::generate(Alg::EdDsa);
    let keys = set(&[key.jwk()]);
    for (claims, expected) in [
        (r#"{"iss":"a"}"#.to_owned(), None),
        (r#"{"iss":"a","iss":"b"}"#.into(), Some(Refusal::Payload)),
        (r#"{"iss":"a","b":{"c":1,"c":2}}"#.into(), Some(Refusal::Payload)),
        (r#"["iss"]"#.into(), Some(Refusal::Payload)),
        ("\"iss\"".into(), Some(Refusal::Payload)),
        (String::new(), Some(Refusal::Payload)),
        (format!(r#"{{"iss":"a","b":{}{}}}"#, "[".repeat(20), "]".repeat(20)), Some(Refusal::Payload)),
        (r#"{"iss":1}"#.into(), Some(Refusal::Claims)),
        (r#"{"iss":["a"]}"#.into(), Some(Refusal::Claims)),
        (r#"{"iss":null}"#.into(), Some(Refusal::Claims)),
        ("{}".into(), Some(Refusal::Claims)),
    ] {
        let token = key.sign_text(r#"{"alg":"EdDSA"}"#, &claims);
        let read = verify(&token, &keys, EVERY).and_then(|verified| verified.claims::<Claims>());
        assert_eq!(read.err(), expected, "{claims:.60}");
        assert_eq!(unverified_claims::<Claims>(&token).err(), expected, "{claims:.60}");
    }
}

#[test]
fn an_embedded_key_is_public_and_fits() {
    let (key, other) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Rs256));
    let expected = Expected { algorithms: &[Alg::Es256, Alg::Rs256], typ: Typ::Exactly("dpop+jwt") };
    let with = |name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    for (case, header, refusal) in [
        ("as it should be", json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}), None),
        ("a name beside it", json!({"typ": "dpop+jwt", "alg": "ES256", "kid": "x", "jwk": key.jwk()}), None),
        ("no typ", json!({"alg": "ES256", "jwk": key.jwk()}), Some(Refusal::WrongTyp)),
        ("another typ", json!({"typ": "JWT", "alg": "ES256", "jwk": key.jwk()}), Some(Refusal::WrongTyp)),
        ("no key", json!({"typ": "dpop+jwt", "alg": "ES256"}), Some(Refusal::EmbeddedKey)),
        (
            "the key as text",
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk().to_string()}),
            Some(Refusal::EmbeddedKey),
        ),
        ("another's key", json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": other.jwk()}), Some(Refusal::BadSignature)),
        ("another kind", json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": other.jwk()}), Some(Refusal::EmbeddedKey)),
        (
            "private",
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": with("d", "AAAA".into())}),
            Some(Refusal::EmbeddedKey),
        ),
        (
            "for encryption",
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": with("use", "enc".into())}),
            Some(Refusal::EmbeddedKey),
        ),
        (
            "a secret",
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "oct", "k": "AAAA"}}),
            Some(Refusal::EmbeddedKey),
        ),
        ("none", json!({"typ": "dpop+jwt", "alg": "none", "jwk": key.jwk()}), Some(Refusal::Algorithm)),
        ("an HMAC", json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": key.jwk()}), Some(Refusal::Algorithm)),
        (
            "an algorithm not asked for",
            json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": key.jwk()}),
            Some(Refusal::Algorithm),
        ),
    ] {
        let token = key.sign(&header, &json!({}));
        assert_eq!(verify_with_embedded_jwk(&token, expected).err(), refusal, "{case}");
    }
}
