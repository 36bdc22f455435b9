//! Request objects (RFC 9101): signed, encrypted, by value and by reference; alone and pushed.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use axum::http::StatusCode;
use lanyard::{
    jose::{
        Alg, JwkSet,
        jwe::{self, ContentEncryption, Encryption, KeyManagement},
    },
    random::Random,
};
use serde_json::{Value, json};

use super::{
    authorization::way_back,
    client_assertion::publish,
    clinic::{Answer, CHALLENGE, Clinic, ISSUER, REDIRECT, request},
};
use crate::harness::client_key::{ClientKey, encode, hmac_signed};

fn object(clinic: &Clinic) -> Value {
    let now = clinic.app.clock.now().seconds();
    json!({
        "iss": "portal", "aud": ISSUER, "exp": now + 60, "nbf": now, "client_id": "portal", "response_type": "code",
        "redirect_uri": REDIRECT, "scope": "openid email", "state": "inside", "nonce": "n",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    })
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "oauth-authz-req+jwt"})
}

async fn with_key(clinic: &Clinic) -> ClientKey {
    let key = ClientKey::generate(Alg::Es256);
    clinic.set("portal", json!({"jwks": {"keys": [key.jwk()]}})).await;
    key
}

async fn ask(clinic: &Clinic, browser: &str, object: &str) -> Answer {
    clinic.authorize(browser, &format!("client_id=portal&request={object}")).await
}

fn error(answer: &Answer) -> Option<String> {
    answer.parameter("error")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_signed_object_says_counts_and_nothing_beside_it() {
    for clinic in Clinic::each().await {
        let (key, browser) = (with_key(&clinic).await, clinic.browser("priya").await);
        let signed = key.sign(&header(), &object(&clinic));
        let more = format!("&state=outside&scope=admin&prompt=none&redirect_uri={REDIRECT}&signed_request=1");
        let answer = clinic.authorize(&browser, &format!("client_id=portal&request={signed}{more}")).await;
        assert!(answer.parameter("code").is_some(), "{} {}", answer.status, answer.location());
        assert_eq!(answer.parameter("state").as_deref(), Some("inside"));
        // The same by POST, and pushed.
        let posted = clinic.post("/oauth2/authorize", &[], &format!("client_id=portal&request={signed}")).await;
        let done = clinic.get(posted.location(), &[("cookie", &browser)]).await;
        assert!(done.parameter("code").is_some(), "{} {}", done.status, done.location());
        let pushed = clinic.push("portal", &format!("request={signed}&state=outside")).await.json();
        let reference = pushed["request_uri"].as_str().unwrap();
        let done = clinic.authorize(&browser, &format!("client_id=portal&request_uri={reference}")).await;
        assert_eq!(done.parameter("state").as_deref(), Some("inside"));
        for bad in
            [format!("request={signed}x"), format!("request={}", key.sign(&header(), &json!({"client_id": "own"})))]
        {
            assert_eq!(clinic.push("portal", &bad).await.json()["error"], "invalid_request_object");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_opened_once_however_long_the_sign_in_takes() {
    for clinic in Clinic::each().await {
        let key = with_key(&clinic).await;
        let mut once = object(&clinic);
        once["jti"] = json!("1");
        once["prompt"] = json!("login");
        let signed = key.sign(&header(), &once);
        let old = clinic.browser_since("priya", Duration::from_mins(5)).await;
        let away = ask(&clinic, &old, &signed).await;
        let back = way_back(&clinic, &away);
        assert!(!back.contains("request="), "{back}");
        clinic.app.clock.advance(Duration::from_mins(20));
        let fresh = clinic.browser("priya").await;
        let done = clinic.get(&back, &[("cookie", &fresh)]).await;
        assert_eq!(done.parameter("state").as_deref(), Some("inside"), "{} {}", done.status, done.location());
        let again =
            clinic.authorize(&fresh, &format!("client_id=portal&request={signed}&redirect_uri={REDIRECT}")).await;
        assert_eq!(error(&again).as_deref(), Some("invalid_request_object"));
    }
}

/// On a page, or to the app where the request names its address.
async fn is_refused(clinic: &Clinic, browser: &str, case: &str, object: &str) {
    let answer = ask(clinic, browser, object).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{case}");
    assert!(answer.body.contains("invalid_request_object"), "{case}: {}", answer.body);
    let query = format!("client_id=portal&request={object}&redirect_uri={REDIRECT}&state=o");
    let told = clinic.authorize(browser, &query).await;
    assert_eq!(error(&told).as_deref(), Some("invalid_request_object"), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_mutated_objects_are_refused() {
    for clinic in Clinic::each().await {
        let (key, other, browser) =
            (with_key(&clinic).await, ClientKey::generate(Alg::Es256), clinic.browser("priya").await);
        let good = object(&clinic);
        let with = |name: &str, value: Value| {
            let mut object = good.clone();
            object[name] = value;
            object
        };
        let signed = |object: &Value| key.sign(&header(), object);
        let head = |members: Value| key.sign(&members, &good);
        let (text, now) = (good.to_string(), clinic.app.clock.now().seconds());
        let whole = signed(&good);
        let parts: Vec<&str> = whole.split('.').collect();
        let deep = format!("{}1{}", r#"{"a":"#.repeat(20), "}".repeat(20));
        let twice = text.replacen('{', r#"{"scope":"openid roles","#, 1);
        let mut cases = vec![
            ("another key", other.sign(&header(), &good)),
            ("its own key", head(json!({"alg": "ES256", "jwk": other.jwk()}))),
            ("a key elsewhere", head(json!({"alg": "ES256", "jku": "https://evil.example/jwks"}))),
            ("a critical header", head(json!({"alg": "ES256", "crit": ["b64"], "b64": false}))),
            ("another algorithm", head(json!({"alg": "RS256"}))),
            ("an access token", head(json!({"alg": "ES256", "typ": "at+jwt"}))),
            ("padding", format!("{whole}=")),
            ("a changed claim", format!("{}.{}.{}", parts[0], encode(&text.replace("email", "roles")), parts[2])),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("two parts", format!("{}.{}", parts[0], parts[1])),
            ("a member twice", key.sign_text(&header().to_string(), &twice)),
            ("an HMAC", hmac_signed(&json!({"alg": "HS256"}), &good, key.jwk().to_string().as_bytes())),
            ("deep", signed(&with("claims", serde_json::from_str(&deep).unwrap()))),
            ("another client", signed(&with("client_id", json!("own")))),
            ("another issuer", signed(&with("iss", json!("own")))),
            ("another audience", signed(&with("aud", json!("https://other.example")))),
            ("a client assertion", signed(&with("sub", json!("portal")))),
            ("expired", signed(&with("exp", json!(now)))),
            ("not yet", signed(&with("nbf", json!(now + 120)))),
            ("an end that is no number", signed(&with("exp", json!("soon")))),
            ("a list for a text", signed(&with("scope", json!(["openid"])))),
            ("an object in an object", signed(&with("request", json!("x")))),
            ("an address in an object", signed(&with("request_uri", json!("https://x.example")))),
            ("our own mark", signed(&with("signed_request", json!("1")))),
            ("nonsense", "x".to_owned()),
            ("encrypted nonsense", "a.b.c.d.e".to_owned()),
        ];
        for name in ["none", "None", "NONE", "nOnE"] {
            cases.push((name, format!("{}.{}.", encode(&json!({ "alg": name }).to_string()), parts[1])));
        }
        for (case, object) in cases {
            is_refused(&clinic, &browser, case, &object).await;
        }
        for query in ["request=x&request=y", "request=x&request_uri=https://x.example"] {
            let answer = clinic.authorize(&browser, &format!("client_id=portal&{query}")).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{query}");
        }
        let keyless = clinic.authorize(&browser, &format!("client_id=own&request={whole}")).await;
        assert!(keyless.body.contains("invalid_request_object"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_objects_are_required_no_parameters_count() {
    for clinic in Clinic::each().await {
        let (key, browser) = (with_key(&clinic).await, clinic.browser("priya").await);
        clinic
            .set("portal", json!({"require_signed_request_object": true, "request_object_signing_alg": "ES256"}))
            .await;
        for more in ["", "signed_request=1"] {
            let plain = clinic.authorize(&browser, &request("portal", more)).await;
            assert_eq!(error(&plain).as_deref(), Some("invalid_request"), "{more}");
            let form = request("portal", more);
            let posted = clinic.post("/oauth2/authorize", &[], &form).await;
            let answer = clinic.get(posted.location(), &[("cookie", &browser)]).await;
            assert_eq!(error(&answer).as_deref(), Some("invalid_request"), "{more}");
            let pushed = clinic.push("portal", &form).await.json();
            let Some(reference) = pushed["request_uri"].as_str() else { continue };
            let answer = clinic.authorize(&browser, &format!("client_id=portal&request_uri={reference}")).await;
            assert_eq!(error(&answer).as_deref(), Some("invalid_request"), "{more}");
        }
        // What is kept for a sign-out is no request, whatever it says.
        let bye =
            format!("{}&signed_request=1&post_logout_redirect_uri=https://app.example/bye", request("portal", ""));
        let kept = clinic.post("/oauth2/logout", &[], &bye).await;
        let stored = kept.parameter("stored").unwrap();
        let answer = clinic.authorize(&browser, &format!("stored={stored}")).await;
        assert_eq!(error(&answer).as_deref(), Some("invalid_request"));
        let signed = key.sign(&header(), &object(&clinic));
        assert!(ask(&clinic, &browser, &signed).await.parameter("code").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_may_be_encrypted_to_us() {
    for clinic in Clinic::each().await {
        let (key, browser) = (with_key(&clinic).await, clinic.browser("priya").await);
        let published = clinic.get("/oauth2/jwks", &[]).await.json();
        let ours = published["keys"].as_array().unwrap().iter().find(|key| key["use"] == "enc").unwrap().clone();
        let ours = JwkSet::parse(&json!({"keys": [ours]}).to_string()).unwrap();
        let how = Encryption { alg: KeyManagement::EcdhEsA256Kw, enc: ContentEncryption::A256Gcm };
        let encrypt =
            |text: &str, how| jwe::encrypt(text.as_bytes(), &ours, how, (Some("JWT"), &Random::system())).unwrap();
        let signed = key.sign(&header(), &object(&clinic));
        assert!(ask(&clinic, &browser, &encrypt(&signed, how)).await.parameter("code").is_some());
        clinic
            .set(
                "portal",
                json!({"request_object_encryption_alg": "ECDH-ES+A256KW", "request_object_encryption_enc": "A256GCM"}),
            )
            .await;
        assert!(ask(&clinic, &browser, &encrypt(&signed, how)).await.parameter("code").is_some());
        let weaker = Encryption { enc: ContentEncryption::A128Gcm, ..how };
        let another = Encryption { alg: KeyManagement::EcdhEs, ..how };
        for (case, object) in [
            ("not encrypted", signed.clone()),
            ("another enc", encrypt(&signed, weaker)),
            ("another alg", encrypt(&signed, another)),
            ("no signed object inside", encrypt(&object(&clinic).to_string(), how)),
            ("twice encrypted", encrypt(&encrypt(&signed, how), how)),
        ] {
            assert!(ask(&clinic, &browser, &object).await.body.contains("invalid_request_object"), "{case}");
        }
        assert!(clinic.get("/oauth2/jwks", &[]).await.json()["keys"][0]["use"] == "sig", "clients that take the first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_lies_at_a_registered_address_alone() {
    for database in lanyard::storage::testing::databases().await {
        let clinic = Clinic::configured(database, &[("outgoing.allowed_networks", "[\"127.0.0.0/8\"]")]).await;
        let (key, browser) = (with_key(&clinic).await, clinic.browser("priya").await);
        let place = Arc::new(Mutex::new(key.sign(&header(), &object(&clinic))));
        let (address, calls) = publish(Arc::clone(&place)).await;
        let ask = async |uri: &str| {
            clinic.authorize(&browser, &format!("client_id=portal&request_uri={uri}&redirect_uri={REDIRECT}")).await
        };
        assert_eq!(error(&ask(&address).await).as_deref(), Some("invalid_request_uri"), "not registered");
        assert_eq!(calls.load(Ordering::SeqCst), 0, "nobody is called for strangers");
        clinic
            .set(
                "portal",
                json!({"request_uris": [address, "http://10.0.0.1/object", "https://nowhere.invalid/object"]}),
            )
            .await;
        assert!(ask(&address).await.parameter("code").is_some());
        for uri in [
            "http://10.0.0.1/object",
            "https://nowhere.invalid/object",
            &format!("{address}/other"),
            "file:///etc/passwd",
            "x",
        ] {
            assert_eq!(error(&ask(uri).await).as_deref(), Some("invalid_request_uri"), "{uri}");
        }
        for (bad, expected) in [
            ("", "invalid_request_object"),
            ("<html>", "invalid_request_object"),
            (&"x".repeat(200_000), "invalid_request_uri"),
        ] {
            bad.clone_into(&mut place.lock().unwrap());
            assert_eq!(error(&ask(&address).await).as_deref(), Some(expected), "{bad:.10}");
        }
    }
}
