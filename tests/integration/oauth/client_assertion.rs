//! Clients that sign who they are: `private_key_jwt` (RFC 7523 §2.2).

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use lanyard::{
    jose::Alg,
    oauth::{client_assertion::TYPE, registrar},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::clinic::{Answer, Clinic, ISSUER, basic, claims, redemption, request};
use crate::harness::client_key::{ClientKey, encode, hmac_signed};

/// Sets members of a client's registration.
pub(crate) async fn set(clinic: &Clinic, client: &'static str, members: &[(&'static str, Value)]) {
    let (context, members) = (clinic.context(), members.to_vec());
    let change = move |mut registration: lanyard::oauth::registration::Registration| {
        for (name, value) in members {
            registration.set(name, value)?;
        }
        Ok(registration)
    };
    clinic
        .write(move |tx| {
            Box::pin(async move {
                registrar::change(tx, &context, client, ("test".into(), change)).await?;
                Ok(())
            })
        })
        .await;
}

/// `client` signs with `key` from now on.
async fn signs(clinic: &Clinic, client: &'static str, key: &ClientKey) {
    let members = [("token_endpoint_auth_method", json!("private_key_jwt")), ("jwks", json!({ "keys": [key.jwk()] }))];
    set(clinic, client, &members).await;
}

fn now(clinic: &Clinic) -> i64 {
    clinic.app.clock.now().seconds()
}

/// What `client` says of itself; `id` is used once.
fn said(clinic: &Clinic, client: &str, id: &str) -> Value {
    json!({"iss": client, "sub": client, "aud": ISSUER, "exp": now(clinic) + 60, "jti": id})
}

fn form(assertion: &str, more: &str) -> String {
    format!("client_assertion_type={TYPE}&client_assertion={assertion}&{more}")
}

async fn post(clinic: &Clinic, path: &str, assertion: &str, more: &str) -> Answer {
    clinic.post(path, &[], &form(assertion, more)).await
}

/// The answer to everything that is not believed, whatever the reason.
fn is_refused(answer: &Answer) -> bool {
    let told = "{\"error\":\"invalid_client\",\"error_description\":\"client authentication failed\"}";
    answer.status == StatusCode::UNAUTHORIZED && answer.body == told
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_proves_a_client_at_every_endpoint_and_once() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (at, alg) in [Alg::Rs256, Alg::Ps384, Alg::Es256, Alg::EdDsa].into_iter().enumerate() {
            let key = ClientKey::generate(alg);
            signs(&clinic, "portal", &key).await;
            let header = json!({"alg": alg.name(), "typ": "JWT"});
            let code = clinic.code(&browser, "portal", "").await;
            let assertion = key.sign(&header, &said(&clinic, "portal", &format!("code {at}")));
            let answer = post(&clinic, "/oauth2/token", &assertion, &redemption(&code)).await;
            assert_eq!(answer.status, StatusCode::OK, "{alg:?} {}", answer.body);
            let code = clinic.code(&browser, "portal", "").await;
            let again = post(&clinic, "/oauth2/token", &assertion, &redemption(&code)).await;
            assert!(is_refused(&again), "{}", again.body);
        }
        let key = ClientKey::generate(Alg::Es256);
        signs(&clinic, "api", &key).await;
        let token = clinic.tokens(&browser, "opaque", "").await["access_token"].as_str().unwrap().to_owned();
        for (path, form, expected) in [
            ("/oauth2/introspect", format!("client_id=api&token={token}"), StatusCode::OK),
            ("/oauth2/par", request("api", ""), StatusCode::CREATED),
            ("/oauth2/revoke", format!("token={token}"), StatusCode::OK),
        ] {
            for audience in [ISSUER.to_owned(), format!("{ISSUER}/oauth2/token"), format!("{ISSUER}{path}")] {
                let mut said = said(&clinic, "api", &format!("{path} {audience}"));
                said["aud"] = audience.into();
                let assertion = key.sign(&json!({"alg": "ES256"}), &said);
                assert_eq!(post(&clinic, path, &assertion, &form).await.status, expected, "{path}");
                assert!(is_refused(&post(&clinic, path, &assertion, &form).await), "{path} again");
            }
            let mut other = said(&clinic, "api", path);
            other["aud"] = format!("{ISSUER}/oauth2/userinfo").into();
            let assertion = key.sign(&json!({"alg": "ES256"}), &other);
            assert!(is_refused(&post(&clinic, path, &assertion, &form).await), "{path} for another endpoint");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_signs_and_its_secret_counts_no_more() {
    for clinic in Clinic::each().await {
        let key = ClientKey::generate(Alg::EdDsa);
        signs(&clinic, "service", &key).await;
        let grant = "grant_type=client_credentials";
        let answer = clinic.token("service", grant).await;
        assert!(is_refused(&answer), "{}", answer.body);
        let assertion = key.sign(&json!({"alg": "EdDSA"}), &said(&clinic, "service", "a"));
        let both =
            clinic.post("/oauth2/token", &[("authorization", &basic("service"))], &form(&assertion, grant)).await;
        assert_eq!(both.json()["error"], "invalid_request");
        let tokens = post(&clinic, "/oauth2/token", &assertion, grant).await.json();
        assert_eq!(claims(&tokens["access_token"])["sub"], "service");
        assert_eq!(clinic.recorded("client-authentication").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_mutated_assertions_are_refused_alike() {
    for clinic in Clinic::each().await {
        let (key, other) = (ClientKey::generate(Alg::Rs256), ClientKey::generate(Alg::Rs256));
        signs(&clinic, "service", &key).await;
        set(&clinic, "service", &[("token_endpoint_auth_signing_alg", json!("RS256"))]).await;
        let header = json!({"alg": "RS256"});
        let with = |name: &str, value: Value| {
            let mut said = said(&clinic, "service", "x");
            said[name] = value;
            said
        };
        let good = with("iat", json!(now(&clinic)));
        let signed = key.sign(&header, &good);
        let parts: Vec<&str> = signed.split('.').collect();
        let public = key.jwk();
        let twice = good.to_string().replacen('{', "{\"sub\":\"portal\",", 1);
        let deep = good.to_string().replacen('{', &format!("{{\"a\":{}{},", "[".repeat(40), "]".repeat(40)), 1);
        let mut cases = vec![
            ("another key", other.sign(&header, &good)),
            ("its key in the header", other.sign(&json!({"alg": "RS256", "jwk": other.jwk()}), &good)),
            ("the address of its key", other.sign(&json!({"alg": "RS256", "jku": "https://evil.example/"}), &good)),
            ("an extension", key.sign(&json!({"alg": "RS256", "crit": ["exp"], "exp": 1}), &good)),
            ("another algorithm of the key", ClientKey::generate(Alg::Ps256).sign(&json!({"alg": "PS256"}), &good)),
            ("an access token", key.sign(&json!({"alg": "RS256", "typ": "at+jwt"}), &good)),
            ("a proof", key.sign(&json!({"alg": "RS256", "typ": "dpop+jwt"}), &good)),
            ("no header", format!(".{}.{}", parts[1], parts[2])),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("padding", format!("{signed}=")),
            ("padded claims", key.sign_encoded(&format!("{}.{}==", parts[0], parts[1]))),
            ("a member twice", key.sign_text(&header.to_string(), &twice)),
            ("nested deeply", key.sign_text(&header.to_string(), &deep)),
            (
                "claims of another",
                format!("{}.{}.{}", parts[0], encode(&with("jti", json!("y")).to_string()), parts[2]),
            ),
            ("another issuer", key.sign(&header, &with("iss", json!("portal")))),
            ("another client", key.sign(&header, &with("sub", json!("portal")))),
            ("another server", key.sign(&header, &with("aud", json!("https://other.example")))),
            ("expired", key.sign(&header, &with("exp", json!(now(&clinic) - 1)))),
            ("without an end", key.sign(&header, &with("exp", Value::Null))),
            ("for ever", key.sign(&header, &with("exp", json!(1e300)))),
            ("an end as text", key.sign(&header, &with("exp", json!("9999999999")))),
            ("not yet", key.sign(&header, &with("nbf", json!(now(&clinic) + 120)))),
            ("without an id", key.sign(&header, &with("jti", Value::Null))),
            ("a number as id", key.sign(&header, &with("jti", json!(7)))),
            ("an issuer that is a list", key.sign(&header, &with("iss", json!(["service"])))),
        ];
        let unsigned = |alg: &str| format!("{}.{}.", encode(&json!({ "alg": alg }).to_string()), parts[1]);
        cases.extend(["none", "None", "NONE", "nOnE"].map(|none| (none, unsigned(none))));
        for secret in [public["n"].as_str().unwrap().to_owned(), public.to_string()] {
            cases.push(("a public key as secret", hmac_signed(&json!({"alg": "HS256"}), &good, secret.as_bytes())));
        }
        let more = "client_id=service&grant_type=client_credentials";
        for (case, assertion) in &cases {
            let answer = post(&clinic, "/oauth2/token", assertion, more).await;
            assert!(is_refused(&answer), "{case}: {} {}", answer.status, answer.body);
        }
        let unknown = post(&clinic, "/oauth2/token", &key.sign(&header, &said(&clinic, "nobody", "x")), "").await;
        assert!(is_refused(&unknown), "{}", unknown.body);
        assert_eq!(post(&clinic, "/oauth2/token", &signed, more).await.status, StatusCode::OK, "nothing was used up");
    }
}

/// A server that publishes a set, and says how often it was asked.
pub(super) async fn publish(set: Arc<Mutex<String>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let body = set.lock().unwrap().clone();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (address, calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_an_address_are_fetched_kept_and_fetched_again_for_an_unknown_one() {
    for database in lanyard::storage::testing::databases().await {
        let clinic = Clinic::configured(database, &[("outgoing.allowed_networks", "[\"127.0.0.0/8\"]")]).await;
        let (old, new) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
        let document = |key: &ClientKey| json!({ "keys": [key.jwk()] }).to_string();
        let published = Arc::new(Mutex::new(document(&old)));
        let (address, calls) = publish(Arc::clone(&published)).await;
        let members = [("token_endpoint_auth_method", json!("private_key_jwt")), ("jwks_uri", json!(address))];
        set(&clinic, "service", &members).await;
        let attempt = async |key: &ClientKey, id: &str| {
            let assertion = key.sign(&json!({"alg": "ES256"}), &said(&clinic, "service", id));
            post(&clinic, "/oauth2/token", &assertion, "grant_type=client_credentials").await
        };
        for id in ["1", "2", "3"] {
            assert_eq!(attempt(&old, id).await.status, StatusCode::OK);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1, "kept");
        assert!(is_refused(&attempt(&new, "4").await) && is_refused(&attempt(&new, "5").await));
        assert_eq!(calls.load(Ordering::SeqCst), 1, "no stranger makes us ask");
        published.lock().unwrap().clone_from(&document(&new));
        clinic.app.clock.advance(Duration::from_secs(61));
        assert_eq!(attempt(&new, "6").await.status, StatusCode::OK, "the new key");
        assert!(is_refused(&attempt(&old, "7").await), "the old one is gone");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        for bad in ["", "{", "{\"keys\":[]}", "<html></html>", &"x".repeat(100_000)] {
            bad.clone_into(&mut published.lock().unwrap());
            clinic.app.clock.advance(Duration::from_hours(25));
            assert!(is_refused(&attempt(&new, "8").await), "{bad:.10}");
        }
    }
}
