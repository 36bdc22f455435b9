//! Tokens whose encoding is not exactly ours, arbitrary texts among them.

use data_encoding::{BASE64, BASE64URL};
use proptest::prelude::*;

use super::*;

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
