//! Headers that another key, algorithm or kind of token would have.

use aws_lc_rs::hmac;

use super::*;

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
