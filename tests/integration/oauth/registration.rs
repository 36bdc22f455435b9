//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    id::{OrganizationId, RegistrationTokenId},
    oauth::{dynamic::Policy, store::InitialToken},
    secret::ExposeSecret,
    storage::testing::databases,
};
use serde_json::{Value, json};

use super::clinic::{Answer, CHALLENGE, Clinic, VERIFIER};
use crate::harness::receiver::Receiver;

const PATH: &str = "/oauth2/register";
const CALLBACK: &str = "https://roster.example/cb";

async fn send(clinic: &Clinic, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let (request, body) = match body {
        Value::Null => (request, Body::empty()),
        Value::String(raw) => (request.header(header::CONTENT_TYPE, "application/json"), Body::from(raw.clone())),
        json => (request.header(header::CONTENT_TYPE, "application/json"), Body::from(json.to_string())),
    };
    clinic.send(request.body(body).unwrap()).await
}

/// An initial access token.
async fn token(clinic: &Clinic, organization: Option<OrganizationId>, uses: i64, policy: Policy) -> String {
    let context = clinic.context();
    let (text, hash) = context.random.token();
    let token = InitialToken {
        id: RegistrationTokenId::fresh(context.now, &context.random),
        organization,
        policy,
        uses,
        used: 0,
        created_at: context.now,
        expires_at: context.now.plus(Duration::from_hours(1)),
        revoked_at: None,
    };
    clinic.write(move |tx| Box::pin(async move { Ok(tx.initial_tokens().insert(&token, hash).await?) })).await;
    text.expose_secret().to_owned()
}

fn app() -> Value {
    json!({
        "client_name": "Roster", "redirect_uris": [CALLBACK], "scope": "openid profile roles", "contacts": ["it@a.example"],
        "id_token_signed_response_alg": "ES256", "made_up": {"a": [1]}, "resources": ["https://api.example"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_registers_signs_somebody_in_and_looks_after_itself() {
    for clinic in Clinic::each().await {
        let riverside = clinic.organization("riverside").await;
        let token = token(&clinic, Some(riverside), 1, Policy::default()).await;
        let made = send(&clinic, "POST", PATH, &token, &app()).await;
        assert_eq!(
            (made.status, made.header(header::CACHE_CONTROL)),
            (StatusCode::CREATED, "no-store"),
            "{}",
            made.body
        );
        let made = made.json();
        assert_eq!(
            (&made["scope"], &made["client_name"]),
            (&json!("openid profile"), &json!("Roster")),
            "roles are cut off"
        );
        assert_eq!(made["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!((&made["client_secret_expires_at"], &made["contacts"]), (&json!(0), &json!(["it@a.example"])));
        assert!(made.get("resources").is_none() && made.get("made_up").is_none());
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        assert_eq!(text("registration_client_uri"), format!("http://localhost:8080{PATH}/{id}"));

        // Somebody signs in: the app is nobody's own, so that they are asked.
        let browser = clinic.browser("priya").await;
        let query = format!(
            "response_type=code&client_id={id}&redirect_uri={CALLBACK}&scope=openid&code_challenge={CHALLENGE}\
             &code_challenge_method=S256"
        );
        let asked = clinic.authorize(&browser, &query).await;
        let asked = if asked.location().starts_with('/') {
            clinic.get(asked.location(), &[("cookie", &browser)]).await
        } else {
            asked
        };
        assert!(asked.body.contains("Roster"), "{} {}", asked.status, asked.body);
        let basic = data_encoding::BASE64.encode(format!("{id}:{secret}").as_bytes());
        let form = format!("grant_type=authorization_code&code=x&redirect_uri={CALLBACK}&code_verifier={VERIFIER}");
        let refused = clinic.post("/oauth2/token", &[("authorization", &format!("Basic {basic}"))], &form).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "the secret is right");
        look_after(&clinic, &made, (&browser, &query)).await;
        assert_eq!(send(&clinic, "POST", PATH, &token, &app()).await.status, StatusCode::UNAUTHORIZED, "used up");
    }
}

/// RFC 7592: the app reads, replaces and removes its registration.
async fn look_after(clinic: &Clinic, made: &Value, (browser, query): (&str, &str)) {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (id, secret, own) = (text("client_id"), text("client_secret"), text("registration_access_token"));
    let at = format!("{PATH}/{id}");
    let shown = send(clinic, "GET", &at, &own, &Value::Null).await.json();
    assert_eq!((&shown["registration_access_token"], shown.get("client_secret")), (&json!(own), None));
    let change =
        json!({"client_id": id, "client_secret": secret, "redirect_uris": [CALLBACK], "client_name": "Roster 2"});
    let changed = send(clinic, "PUT", &at, &own, &change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let changed = changed.json();
    assert_eq!((&changed["client_name"], changed.get("contacts")), (&json!("Roster 2"), None));
    assert_eq!(changed["registration_access_token"], json!(own));
    let more = json!({"client_id": id, "redirect_uris": [CALLBACK], "scope": "email"});
    let more = send(clinic, "PUT", &at, &own, &more).await.json();
    assert_eq!(more["error"], "invalid_client_metadata", "it never had that scope: {more}");
    let public = json!({"client_id": id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
    let public = send(clinic, "PUT", &at, &own, &public).await.json();
    assert_eq!(
        (&public["token_endpoint_auth_method"], public.get("client_secret")),
        (&json!("client_secret_basic"), None)
    );
    assert_eq!(send(clinic, "DELETE", &at, &own, &Value::Null).await.status, StatusCode::NO_CONTENT);
    for method in ["GET", "DELETE"] {
        assert_eq!(send(clinic, method, &at, &own, &Value::Null).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_ne!(clinic.authorize(browser, query).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_without_a_token_that_counts() {
    for clinic in Clinic::each().await {
        let over = token(&clinic, None, 9, Policy::default()).await;
        clinic.app.clock.advance(Duration::from_hours(2));
        for token in ["", "x", &over] {
            let refused = send(&clinic, "POST", PATH, token, &app()).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{token}");
            assert!(refused.header(header::WWW_AUTHENTICATE).starts_with("Bearer "));
        }
        let good = token(&clinic, None, 9, Policy::default()).await;
        let made = send(&clinic, "POST", PATH, &good, &app()).await.json();
        let id = made["client_id"].as_str().unwrap();
        let own = made["registration_access_token"].as_str().unwrap();
        let other = send(&clinic, "POST", PATH, &good, &app()).await.json();
        let at = format!("{PATH}/{id}");
        for (method, path, token) in [
            ("GET", at.as_str(), ""),
            ("GET", &at, other["registration_access_token"].as_str().unwrap()),
            ("GET", &at, &good),
            ("PUT", &at, "x"),
            ("DELETE", &at, "x"),
            ("GET", "/oauth2/register/portal", own),
            ("DELETE", "/oauth2/register/c-none", own),
        ] {
            let refused = send(&clinic, method, path, token, &Value::Null).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", refused.body);
        }
        for (case, body) in [
            ("no id", json!({"redirect_uris": [CALLBACK]})),
            ("another id", json!({"client_id": "portal", "redirect_uris": [CALLBACK]})),
            ("a wrong secret", json!({"client_id": id, "client_secret": "x", "redirect_uris": [CALLBACK]})),
            ("a secret that is none", json!({"client_id": id, "client_secret": 7, "redirect_uris": [CALLBACK]})),
            ("what we say", json!({"client_id": id, "client_id_issued_at": 1, "redirect_uris": [CALLBACK]})),
            ("nothing", Value::Null),
        ] {
            let refused = send(&clinic, "PUT", &at, own, &body).await;
            assert_eq!(refused.json()["error"], "invalid_client_metadata", "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_registrations_are_refused_by_their_code_and_use_nothing_up() {
    for clinic in Clinic::each().await {
        let hosts = vec!["roster.example".to_owned()];
        let token = token(&clinic, None, 1, Policy { hosts, ..Policy::default() }).await;
        let with = |name: &str, value: Value| {
            let mut body = app();
            body[name] = value;
            body
        };
        for (body, code) in [
            (json!("{"), "invalid_client_metadata"),
            (json!("[]"), "invalid_client_metadata"),
            (json!(r#"{"redirect_uris":["https://roster.example/cb"],"redirect_uris":[]}"#), "invalid_client_metadata"),
            (json!("x".repeat(70_000)), "invalid_client_metadata"),
            (Value::Null, "invalid_client_metadata"),
            (with("redirect_uris", json!(["https://evil.example/cb"])), "invalid_redirect_uri"),
            (with("redirect_uris", json!(["https://roster.example/\u{0}"])), "invalid_redirect_uri"),
            (with("post_logout_redirect_uris", json!(["https://evil.example/"])), "invalid_redirect_uri"),
            (with("backchannel_logout_uri", json!("https://evil.example/")), "invalid_client_metadata"),
            (with("request_uris", json!(["https://evil.example/r"])), "invalid_client_metadata"),
            (with("logo_uri", json!("https://evil.example/l.png")), "invalid_client_metadata"),
            (with("backchannel_logout_uri", json!("http://169.254.169.254/")), "invalid_client_metadata"),
            (with("grant_types", json!(["client_credentials"])), "invalid_client_metadata"),
            (with("scope", json!("roles groups")), "invalid_client_metadata"),
            (with("client_name", json!("\u{7}")), "invalid_client_metadata"),
            (with("jwks", json!({"keys": "no"})), "invalid_client_metadata"),
            (with("software_statement", json!(7)), "invalid_software_statement"),
            (with("software_statement", json!("a.b.c")), "invalid_software_statement"),
        ] {
            let refused = send(&clinic, "POST", PATH, &token, &body).await;
            assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!(code)), "{}", refused.body);
        }
        let form = clinic.post(PATH, &[("authorization", &format!("Bearer {token}"))], "client_name=x").await;
        assert_eq!(form.json()["error"], "invalid_client_metadata");
        clinic.app.clock.advance(Duration::from_mins(30));
        assert_eq!(send(&clinic, "POST", PATH, &token, &app()).await.status, StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_registrations_is_slowed_down() {
    for clinic in Clinic::each().await {
        let mut last = send(&clinic, "POST", PATH, "", &app()).await;
        for _ in 0..40 {
            last = send(&clinic, "POST", PATH, "", &app()).await;
        }
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(last.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
        assert!(clinic.recorded("client-registration").await < 20, "few of many are written down");
    }
}

/// A software statement, and the key set of whoever signed it.
fn statement(claims: &Value) -> (String, String) {
    let key = Ed25519KeyPair::generate().unwrap();
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "s", "x": text(key.public_key().as_ref())}]});
    let signed = format!("{}.{}", text(br#"{"alg":"EdDSA","kid":"s"}"#), text(claims.to_string().as_bytes()));
    let signature = key.sign(signed.as_bytes());
    (format!("{signed}.{}", text(signature.as_ref())), jwks.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_statement_counts_before_what_the_app_says() {
    for database in databases().await {
        let receiver = Receiver::start().await;
        let issuers = format!("[\"https://directory.example {}/jwks\"]", receiver.address);
        let settings = [("registration.statement_issuers", issuers.as_str()), ("registration.access", "open")];
        let clinic = Clinic::configured(database, &settings).await;
        let now = clinic.app.clock.now().seconds();
        let claims = json!({"iss": "https://directory.example", "exp": now + 600, "client_name": "Vouched for"});
        let (good, jwks) = statement(&claims);
        let document = Response::builder().header("content-type", "application/json").body(Body::from(jwks));
        receiver.will_answer(document.unwrap());
        let with = |statement: &str| {
            let mut body = app();
            body["software_statement"] = json!(statement);
            body
        };
        // Registration is open here: nobody brings a token.
        let made = send(&clinic, "POST", PATH, "", &with(&good)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let made = made.json();
        assert_eq!((&made["client_name"], &made["software_statement"]), (&json!("Vouched for"), &json!(good)));
        let other = json!({"iss": "https://other.example", "client_name": "x"});
        let late = json!({"iss": "https://directory.example", "exp": now - 61});
        for (case, statement, code) in [
            ("of a stranger", statement(&other).0, "unapproved_software_statement"),
            ("expired, by another key", statement(&late).0, "invalid_software_statement"),
            ("by another key", statement(&claims).0, "invalid_software_statement"),
            ("changed", good.replace("ey", "ez"), "invalid_software_statement"),
        ] {
            let refused = send(&clinic, "POST", PATH, "", &with(&statement)).await;
            assert_eq!(refused.json()["error"], code, "{case}: {}", refused.body);
        }
        // A new key is sought once more, and a bad one beside it harms nobody.
        let (newer, jwks) = statement(&claims);
        let mut jwks: Value = serde_json::from_str(&jwks).unwrap();
        jwks["keys"].as_array_mut().unwrap().push(json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}));
        clinic.app.clock.advance(Duration::from_secs(61));
        receiver.will_answer(Response::new(Body::from(jwks.to_string())));
        assert_eq!(send(&clinic, "POST", PATH, "", &with(&newer)).await.status, StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_the_sector_of_others() {
    for clinic in Clinic::each().await {
        let receiver = Receiver::start().await;
        let token = token(&clinic, None, 1, Policy::default()).await;
        let mut body = app();
        body["subject_type"] = json!("pairwise");
        body["sector_identifier_uri"] = json!(format!("{}/sector", receiver.address));
        for (listed, status) in
            [("{}", 400), (r#"["https://other.example/cb"]"#, 400), (r#"["https://roster.example/cb"]"#, 201)]
        {
            receiver.will_answer(Response::new(Body::from(listed)));
            let answer = send(&clinic, "POST", PATH, &token, &body).await;
            assert_eq!(answer.status.as_u16(), status, "{listed}: {}", answer.body);
            assert!(status == 201 || answer.json()["error"] == "invalid_client_metadata");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_keeps_what_a_statement_vouched_for() {
    for database in databases().await {
        let receiver = Receiver::start().await;
        let issuers = format!("[\"https://directory.example {}/jwks\"]", receiver.address);
        let settings = [
            ("registration.statement_issuers", issuers.as_str()),
            ("registration.access", "open"),
            ("registration.software_statement", "required"),
        ];
        let clinic = Clinic::configured(database, &settings).await;
        let ends = clinic.app.clock.now().seconds() + 600;
        let claims = json!({
            "iss": "https://directory.example", "exp": ends, "client_name": "Vouched for", "redirect_uris": [CALLBACK],
        });
        let (good, jwks) = statement(&claims);
        receiver.will_answer(Response::new(Body::from(jwks)));
        let mut body = app();
        body["software_statement"] = json!(good);
        let made = send(&clinic, "POST", PATH, "", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let made = made.json();
        let (id, own) = (made["client_id"].as_str().unwrap(), made["registration_access_token"].as_str().unwrap());
        // Long after it has expired, too.
        clinic.app.clock.advance(Duration::from_hours(1));
        let without = json!({"client_id": id, "client_name": "Evil", "redirect_uris": ["https://evil.example/cb"]});
        let mut null = without.clone();
        null["software_statement"] = Value::Null;
        for body in [without, null] {
            let changed = send(&clinic, "PUT", &format!("{PATH}/{id}"), own, &body).await;
            assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
            let changed = changed.json();
            assert_eq!(changed["software_statement"], json!(good), "{changed}");
            assert_eq!(
                (&changed["client_name"], &changed["redirect_uris"]),
                (&json!("Vouched for"), &json!([CALLBACK]))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_sector_is_within_the_policy_and_tells_nothing_of_a_network() {
    for clinic in Clinic::each().await {
        let receiver = Receiver::start().await;
        let named = |address: &str| {
            let mut body = app();
            body["subject_type"] = json!("pairwise");
            body["sector_identifier_uri"] = json!(address);
            body
        };
        let (there, nowhere) = (format!("{}/sector", receiver.address), "http://127.0.0.1:1/sector");
        let narrow = Policy { hosts: vec!["roster.example".into()], ..Policy::default() };
        let narrow = token(&clinic, None, 9, narrow).await;
        let refused = send(&clinic, "POST", PATH, &narrow, &named(&there)).await;
        assert_eq!(refused.json()["error"], "invalid_client_metadata");
        assert_eq!(receiver.received(), [], "an address beyond the policy is asked for nothing");

        let wide = token(&clinic, None, 9, Policy::default()).await;
        let made = send(&clinic, "POST", PATH, &wide, &app()).await.json();
        let (id, own) = (made["client_id"].as_str().unwrap(), made["registration_access_token"].as_str().unwrap());
        let at = format!("{PATH}/{id}");
        let mut told = vec![];
        for (address, answer) in
            [(&*there, Some((404, ""))), (&there, Some((200, "{}"))), (&there, Some((200, "[]"))), (nowhere, None)]
        {
            for (method, path, token) in [("POST", PATH, &*wide), ("PUT", &at, own)] {
                if let Some((status, text)) = answer {
                    receiver.will_answer(Response::builder().status(status).body(Body::from(text)).unwrap());
                }
                let mut body = named(address);
                if method == "PUT" {
                    body["client_id"] = json!(id);
                    body["scope"] = json!("openid");
                }
                let refused = send(&clinic, method, path, token, &body).await;
                assert_eq!(refused.json()["error"], "invalid_client_metadata", "{method} {address}");
                told.push((refused.status, refused.body));
            }
        }
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
        // Whoever asks again and again is told to wait.
        let mut body = named(nowhere);
        body["client_id"] = json!(id);
        body["scope"] = json!("openid");
        let mut last = send(&clinic, "PUT", &at, own, &body).await;
        for _ in 0..30 {
            last = send(&clinic, "PUT", &at, own, &body).await;
        }
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{}", last.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_borrows_the_sector_of_others_by_an_address_that_proves_nothing() {
    for clinic in Clinic::each().await {
        let receiver = Receiver::start().await;
        receiver.answers_by(|_| {
            Response::new(Body::from(r#"["https://victim.example/cb","https://victim.example/jwks"]"#))
        });
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let grants = vec!["authorization_code".to_owned(), device.to_owned()];
        let token = token(&clinic, None, 9, Policy { grant_types: grants, ..Policy::default() }).await;
        let list = format!("{}/sector", receiver.address);
        for (case, more) in [
            (
                "a scheme of nobody's beside a host",
                json!({"redirect_uris": ["https://victim.example/cb", "com.example.evil:/cb"], "token_endpoint_auth_method": "none"}),
            ),
            ("no redirect at all", json!({"grant_types": [device], "sector_identifier_uri": list})),
            (
                "a device beside a redirect",
                json!({
                    "grant_types": ["authorization_code", device], "sector_identifier_uri": list,
                    "redirect_uris": ["https://victim.example/cb"],
                }),
            ),
            (
                "keys of others that prove nothing here",
                json!({"grant_types": [device], "sector_identifier_uri": list, "jwks_uri": "https://victim.example/jwks"}),
            ),
            (
                "keys that are not listed",
                json!({
                    "grant_types": [device], "sector_identifier_uri": list, "jwks_uri": "https://evil.example/jwks",
                    "token_endpoint_auth_method": "private_key_jwt",
                }),
            ),
        ] {
            let mut body = json!({"client_name": "Joiner", "subject_type": "pairwise", "scope": "openid"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let refused = send(&clinic, "POST", PATH, &token, &body).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{case}: {}", refused.body);
        }
        let own = json!({
            "subject_type": "pairwise", "scope": "openid", "grant_types": [device], "sector_identifier_uri": list,
            "jwks_uri": "https://victim.example/jwks", "token_endpoint_auth_method": "private_key_jwt",
        });
        let made = send(&clinic, "POST", PATH, &token, &own).await;
        assert_eq!(made.status, StatusCode::CREATED, "its own keys: {}", made.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_undoes_nothing_that_an_administrator_tightened() {
    for clinic in Clinic::each().await {
        let token = token(&clinic, None, 1, Policy::default()).await;
        let made = send(&clinic, "POST", PATH, &token, &app()).await.json();
        let (id, own) = (made["client_id"].as_str().unwrap(), made["registration_access_token"].as_str().unwrap());
        let tightened = json!({
            "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
            "tls_client_certificate_bound_access_tokens": true, "require_signed_request_object": true,
            "default_max_age": 60, "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": BASE64URL_NOPAD.encode(&[7; 32])}]},
        });
        clinic.set(id, tightened.clone()).await;
        let loose = json!({
            "client_id": id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": false, "default_max_age": 9000, "jwks": tightened["jwks"],
        });
        for body in [loose, json!({"client_id": id, "redirect_uris": [CALLBACK], "jwks": tightened["jwks"]})] {
            let changed = send(&clinic, "PUT", &format!("{PATH}/{id}"), own, &body).await;
            assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
            let changed = changed.json();
            for (name, value) in tightened.as_object().unwrap() {
                assert_eq!(&changed[name], value, "{name}");
            }
            assert_eq!(changed["token_endpoint_auth_method"], "client_secret_basic");
        }
        let strict = json!({
            "client_id": id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt",
            "default_max_age": 30, "jwks": tightened["jwks"],
        });
        let changed = send(&clinic, "PUT", &format!("{PATH}/{id}"), own, &strict).await.json();
        assert_eq!(
            (&changed["token_endpoint_auth_method"], &changed["default_max_age"]),
            (&json!("private_key_jwt"), &json!(30))
        );
        let back = json!({"client_id": id, "redirect_uris": [CALLBACK], "jwks": tightened["jwks"]});
        let kept = send(&clinic, "PUT", &format!("{PATH}/{id}"), own, &back).await.json();
        assert_eq!(kept["token_endpoint_auth_method"], "private_key_jwt", "{kept}");
    }
}
