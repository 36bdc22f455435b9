//! RFC 7523 §2.1: the word of somebody whom an administrator trusts, exchanged for a token of the person it speaks of.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use lanyard::{
    directory::user,
    jose::Alg,
    oauth::{client::GrantType, registration::Registration},
};
use serde_json::{Value, json};

use super::{
    client_assertion::set,
    clinic::{Answer, Clinic, ISSUER, app, basic, claims},
};
use crate::harness::{
    client_key::{ClientKey, encode, hmac_signed},
    receiver::Receiver,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HR: &str = "https://hr.example";

async fn clinics(key: &ClientKey) -> Vec<Clinic> {
    let clinics = Clinic::each().await;
    for clinic in &clinics {
        let trusting = |id: &str| Registration {
            grant_types: vec![GrantType::JwtBearer],
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            ..app(id)
        };
        let both = [clinic.organization("riverside").await, clinic.organization("harbour").await];
        clinic.enroll(trusting("roster")).await;
        clinic.enroll(Registration { organization: Some(both[0].clone()), ..trusting("own-roster") }).await;
        clinic.enroll(trusting("theatre-roster")).await;
        clinic.enroll(trusting("id-roster")).await;
        for (client, subject) in
            [("roster", "user_name"), ("own-roster", "user_name"), ("theatre-roster", "user_name"), ("id-roster", "id")]
        {
            let mut issuer =
                json!([{"issuer": HR, "jwks": {"keys": [key.jwk()]}, "subject": subject, "algorithms": ["ES256"]}]);
            if client != "own-roster" {
                issuer[0]["organizations"] = json!(both);
            }
            set(clinic, client, &[("jwt_bearer_issuers", issuer)]).await;
        }
    }
    clinics
}

/// What the issuer says of a person; `id` is used once.
fn said(clinic: &Clinic, person: &str, id: &str) -> Value {
    let now = clinic.app.clock.now().seconds();
    json!({"iss": HR, "sub": person, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": id})
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "JWT"})
}

async fn exchange(clinic: &Clinic, client: &str, assertion: &str, more: &str) -> Answer {
    let form = format!("grant_type={GRANT}&scope=openid+roles&assertion={assertion}&{more}");
    clinic.token(client, &form).await
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_becomes_a_token_of_its_person_once() {
    let key = ClientKey::generate(Alg::Es256);
    for clinic in clinics(&key).await {
        let assertion = key.sign(&header(), &said(&clinic, "Priya@clinic.example", "1"));
        let answer = exchange(&clinic, "roster", &assertion, "resource=https://api.example").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let tokens = answer.json();
        assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none(), "{tokens}");
        let access = claims(&tokens["access_token"]);
        let priya = clinic.user("priya").await;
        assert_eq!((&access["sub"], &access["client_id"]), (&json!(priya.as_str()), &json!("roster")));
        assert_eq!((&access["org_name"], &access["aud"]), (&json!("riverside"), &json!("https://api.example")));
        assert_eq!((&access["roles"], &access["acr"]), (&json!(["practitioner", "supervisor"]), &json!("0")));
        assert_eq!(error(&exchange(&clinic, "roster", &assertion, "").await), "invalid_grant", "a replay");
        let elsewhere = exchange(&clinic, "own-roster", &assertion, "").await;
        assert_eq!(error(&elsewhere), "invalid_grant", "a replay by another app that trusts the issuer");
        let told = format!("token={}", tokens["access_token"].as_str().unwrap());
        let told = clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &told).await.json();
        assert_eq!((&told["active"], &told["acr"]), (&json!(true), &json!("0")));
        for name in ["sid", "auth_time"] {
            assert!(access.get(name).is_none() && told.get(name).is_none(), "{name}: {access} {told}");
        }
        assert_eq!((clinic.recorded("authorization").await, clinic.recorded("token-issue").await), (1, 1));

        // By id, and where the person has several practices.
        let olivia = clinic.user("olivia").await;
        let by_id = key.sign(&header(), &said(&clinic, olivia.as_str(), "2"));
        assert_eq!(error(&exchange(&clinic, "id-roster", &by_id, "").await), "invalid_request");
        let there = exchange(&clinic, "id-roster", &by_id, "organization=harbour").await;
        assert_eq!(claims(&there.json()["access_token"])["org_name"], "harbour");
        let by_id = key.sign(&header(), &said(&clinic, olivia.as_str(), "3"));
        assert_eq!(error(&exchange(&clinic, "roster", &by_id, "organization=harbour").await), "invalid_grant");

        // A person who is disabled is out at once.
        let form = format!("token={}", tokens["access_token"].as_str().unwrap());
        let api = basic("api");
        let told = async || clinic.post("/oauth2/introspect", &[("authorization", &api)], &form).await.json();
        assert_eq!(told().await["active"], true);
        let context = clinic.context();
        clinic.write(move |tx| Box::pin(async move { Ok(user::disable(tx, &context, &priya).await?) })).await;
        assert_eq!(told().await["active"], false);
        let late = key.sign(&header(), &said(&clinic, "priya@clinic.example", "4"));
        assert_eq!(error(&exchange(&clinic, "roster", &late, "").await), "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_bring_an_assertion_at_once_one_succeeds() {
    let key = ClientKey::generate(Alg::Es256);
    for clinic in clinics(&key).await {
        let assertion = key.sign(&header(), &said(&clinic, "priya@clinic.example", "1"));
        let answers = futures_util::future::join_all((0..8).map(|_| exchange(&clinic, "roster", &assertion, ""))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_about_others_or_of_others_are_refused_alike() {
    let (key, other) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
    for clinic in clinics(&key).await {
        let good = |id: &str| said(&clinic, "priya@clinic.example", id);
        let with = |name: &str, value: Value| {
            let mut claims = good(name);
            claims[name] = value;
            key.sign(&header(), &claims)
        };
        let now = clinic.app.clock.now().seconds();
        let whole = key.sign(&header(), &good("a"));
        let [head, payload, signature] = whole.split('.').collect::<Vec<_>>()[..] else { panic!("{whole}") };
        let unsigned = |alg: &str| format!("{}.{payload}.", encode(&json!({"alg": alg}).to_string()));
        for (case, client, assertion) in [
            ("another issuer", "roster", with("iss", json!("https://evil.example"))),
            ("an issuer of no client", "portal", whole.clone()),
            ("nobody", "roster", with("sub", json!("nobody@nowhere.example"))),
            ("no member", "roster", with("sub", json!("nobody@clinic.example"))),
            ("no name", "roster", with("sub", json!("a b\n"))),
            ("a NUL", "roster", with("sub", json!("priya@clinic.example\u{0}"))),
            ("another server", "roster", with("aud", json!("https://other.example"))),
            ("expired", "roster", with("exp", json!(now))),
            ("for ever", "roster", with("exp", json!(now + 601))),
            ("not yet", "roster", with("nbf", json!(now + 100))),
            ("a number for a name", "roster", with("sub", json!(7))),
            ("no id", "roster", with("jti", Value::Null)),
            ("another key", "roster", other.sign(&header(), &good("b"))),
            ("no algorithm", "roster", unsigned("none")),
            ("no algorithm, in capitals", "roster", unsigned("NONE")),
            ("another algorithm", "roster", ClientKey::generate(Alg::EdDsa).sign(&json!({"alg": "EdDSA"}), &good("c"))),
            (
                "an HMAC with the public key",
                "roster",
                hmac_signed(&json!({"alg": "HS256"}), &good("d"), key.jwk().to_string().as_bytes()),
            ),
            ("a key of its own", "roster", other.sign(&json!({"alg": "ES256", "jwk": other.jwk()}), &good("e"))),
            (
                "a critical header",
                "roster",
                key.sign(&json!({"alg": "ES256", "crit": ["b64"], "b64": false}), &good("f")),
            ),
            ("another kind", "roster", key.sign(&json!({"alg": "ES256", "typ": "at+jwt"}), &good("g"))),
            ("padding", "roster", format!("{whole}%3D")),
            ("a part more", "roster", format!("{head}.{payload}.{signature}.x")),
            ("nonsense", "roster", "x".to_owned()),
        ] {
            let answer = exchange(&clinic, client, &assertion, "").await;
            let expected = if client == "portal" { "unauthorized_client" } else { "invalid_grant" };
            assert_eq!((answer.status, error(&answer).as_str()), (StatusCode::BAD_REQUEST, expected), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_opens_no_more_than_its_client_and_its_person_may() {
    let key = ClientKey::generate(Alg::Es256);
    for clinic in clinics(&key).await {
        let good = |id: &str| said(&clinic, "priya@clinic.example", id);
        for (case, client, more, expected) in [
            ("another practice", "own-roster", "organization=harbour", "invalid_grant"),
            ("a practice that is not there", "roster", "organization=nowhere", "invalid_grant"),
            ("another resource", "roster", "resource=https://evil.example", "invalid_target"),
        ] {
            let answer = exchange(&clinic, client, &key.sign(&header(), &good(case)), more).await;
            assert_eq!(error(&answer), expected, "{case}");
        }
        let theatre = key.sign(&header(), &said(&clinic, "olivia@clinic.example", "h"));
        let refused = exchange(&clinic, "theatre-roster", &theatre, "organization=harbour").await;
        assert_eq!(error(&refused), "invalid_grant", "Olivia is no surgeon");
        let none = clinic.token("roster", &format!("grant_type={GRANT}&scope=openid")).await;
        assert_eq!(error(&none), "invalid_request");
        let more = clinic.token("roster", &format!("grant_type={GRANT}&scope=admin&assertion=x")).await;
        assert_eq!(error(&more), "invalid_scope");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_an_address_are_fetched_and_an_address_that_fails_harms_nobody() {
    let (old, new) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
    for clinic in clinics(&old).await {
        let receiver = Receiver::start().await;
        let document = |key: &ClientKey| {
            let body = json!({"keys": [key.jwk()]}).to_string();
            Response::builder().header("content-type", "application/json").body(Body::from(body)).unwrap()
        };
        let address = format!("{}/jwks", receiver.address);
        let issuer =
            json!([{"issuer": HR, "jwks_uri": address, "organizations": [clinic.organization("riverside").await]}]);
        set(&clinic, "roster", &[("jwt_bearer_issuers", issuer)]).await;
        let sent = async |key: &ClientKey, id: &str| {
            let assertion = key.sign(&header(), &said(&clinic, "priya@clinic.example", id));
            exchange(&clinic, "roster", &assertion, "").await.status
        };
        receiver.will_say(500);
        assert_eq!(sent(&old, "1").await, StatusCode::BAD_REQUEST);
        clinic.app.clock.advance(Duration::from_secs(11));
        receiver.will_answer(document(&old));
        assert_eq!(sent(&old, "2").await, StatusCode::OK);
        assert_eq!(sent(&old, "3").await, StatusCode::OK);
        assert_eq!(receiver.received().len(), 2, "kept");
        // A key that is not there yet is sought at most once a minute.
        assert_eq!(sent(&new, "4").await, StatusCode::BAD_REQUEST);
        clinic.app.clock.advance(Duration::from_secs(61));
        receiver.will_answer(document(&new));
        assert_eq!(sent(&new, "5").await, StatusCode::OK);
    }
}
