//! Answers as tokens: JARM, encrypted ID tokens, signed and encrypted userinfo, signed introspection (RFC 9701), pairwise
//! subjects, claims by reference; and the profiles of FAPI 2.0.

use axum::http::StatusCode;
use lanyard::{
    jose::{
        Alg, JwkSet,
        jwe::{self, ContentEncryption, Encryption, KeyManagement},
    },
    keys::Typ,
    oauth::registrar::{self, RegistrarError},
    random::Random,
};
use serde_json::{Value, json};

use super::clinic::{Answer, Clinic, ISSUER, REDIRECT, basic, claims, redemption, request};
use crate::harness::client_key::ClientKey;

fn own_key() -> jwe::PrivateKey {
    jwe::PrivateKey::from_seed(&[9; 32])
}

fn set_of(key: &jwe::PrivateKey) -> Value {
    json!({"keys": [key.jwk()]})
}

fn opened(key: &jwe::PrivateKey, token: &str) -> String {
    String::from_utf8(key.decrypt(token).unwrap().content).unwrap()
}

/// The claims of a token that our key signed.
fn verified(clinic: &Clinic, token: &str, typ: Typ) -> Value {
    clinic.app.keyring.verify(token, typ).unwrap().claims().unwrap()
}

fn error(answer: &Answer) -> Option<String> {
    answer.parameter("error")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_signed_for_the_app_that_asks_for_that() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        clinic.set("portal", json!({"authorization_signed_response_alg": "ES256"})).await;
        for mode in ["jwt", "query.jwt"] {
            let answer = clinic.authorize(&browser, &request("portal", &format!("response_mode={mode}"))).await;
            assert!(answer.location().starts_with(&format!("{REDIRECT}?response=")), "{}", answer.location());
            assert_eq!((answer.parameter("code"), answer.parameter("state")), (None, None));
            let said = verified(&clinic, &answer.parameter("response").unwrap(), Typ::AuthorizationResponse);
            assert_eq!((&said["iss"], &said["aud"], &said["state"]), (&json!(ISSUER), &json!("portal"), &json!("s")));
            assert_eq!(said["exp"], clinic.app.clock.now().seconds() + 600);
            let tokens = clinic.token("portal", &redemption(said["code"].as_str().unwrap())).await;
            assert_eq!(tokens.status, StatusCode::OK);
        }
        let refused = clinic.authorize(&browser, &request("portal", "response_mode=jwt&prompt=none&scope=x")).await;
        let said = verified(&clinic, &refused.parameter("response").unwrap(), Typ::AuthorizationResponse);
        assert_eq!(said["error"], "invalid_scope");
        let form = clinic.authorize(&browser, &request("portal", "response_mode=form_post.jwt")).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.body.contains("name=\"response\"") && !form.body.contains("name=\"code\""), "{}", form.body);
        let token = form.body.split("name=\"response\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(verified(&clinic, token, Typ::AuthorizationResponse)["code"].is_string());
        let unknown = clinic.authorize(&browser, &request("portal", "response_mode=fragment.jwt")).await;
        assert_eq!(error(&unknown).as_deref(), Some("invalid_request"));
        // No such token stands for an ID token.
        let hint = clinic.authorize(&browser, &request("portal", &format!("prompt=none&id_token_hint={token}"))).await;
        assert_eq!(error(&hint).as_deref(), Some("invalid_request"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_encrypted_to_the_registered_key() {
    for clinic in Clinic::each().await {
        let (browser, key) = (clinic.browser("priya").await, own_key());
        for (alg, enc) in
            [("ECDH-ES", "A128CBC-HS256"), ("ECDH-ES+A256KW", "A256GCM"), ("ECDH-ES+A128KW", "A256CBC-HS512")]
        {
            clinic
                .set(
                    "portal",
                    json!({
                        "jwks": set_of(&key), "authorization_signed_response_alg": "ES256",
                        "authorization_encrypted_response_alg": alg, "authorization_encrypted_response_enc": enc,
                        "id_token_encrypted_response_alg": alg, "id_token_encrypted_response_enc": enc,
                        "userinfo_encrypted_response_alg": alg, "userinfo_encrypted_response_enc": enc,
                    }),
                )
                .await;
            let answer = clinic.authorize(&browser, &request("portal", "response_mode=jwt&scope=openid+email")).await;
            let inner = opened(&key, &answer.parameter("response").unwrap());
            let said = verified(&clinic, &inner, Typ::AuthorizationResponse);
            let tokens = clinic.token("portal", &redemption(said["code"].as_str().unwrap())).await.json();
            let id_token = opened(&key, tokens["id_token"].as_str().unwrap());
            let subject = verified(&clinic, &id_token, Typ::IdToken)["sub"].clone();
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
            let userinfo = clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await;
            assert_eq!(userinfo.header(axum::http::header::CONTENT_TYPE), "application/jwt");
            let told: Value = serde_json::from_str(&opened(&key, &userinfo.body)).unwrap();
            assert_eq!((&told["sub"], &told["email"]), (&subject, &json!("priya@clinic.example")));
            // The signed token inside is the hint that the app has.
            let silent =
                clinic.authorize(&browser, &request("portal", &format!("prompt=none&id_token_hint={id_token}"))).await;
            assert!(silent.parameter("code").is_some());
        }
        clinic.set("portal", json!({"userinfo_signed_response_alg": "ES256"})).await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let userinfo = clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await;
        let told = verified(&clinic, &opened(&key, &userinfo.body), Typ::UserInfo);
        assert_eq!((&told["iss"], &told["aud"]), (&json!(ISSUER), &json!("portal")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_is_signed_for_the_caller() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        clinic.set("api", json!({"introspection_signed_response_alg": "ES256"})).await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        for (token, active) in [(tokens["access_token"].as_str().unwrap(), true), ("x", false)] {
            let answer =
                clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &format!("token={token}")).await;
            assert_eq!(answer.header(axum::http::header::CONTENT_TYPE), "application/token-introspection+jwt");
            let said = verified(&clinic, &answer.body, Typ::Introspection);
            assert_eq!((&said["iss"], &said["aud"]), (&json!(ISSUER), &json!("api")));
            assert_eq!(said["token_introspection"]["active"], active);
            assert_eq!(said.get("sub"), None, "it stands for no other token");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_of_different_sectors_know_a_person_by_different_names() {
    for clinic in Clinic::each().await {
        let (browser, priya) = (clinic.browser("priya").await, clinic.user("priya").await);
        clinic.set("opaque", json!({"subject_type": "pairwise", "redirect_uris": [REDIRECT]})).await;
        let pairwise = json!({"subject_type": "pairwise"});
        clinic.set("portal", pairwise.clone()).await;
        clinic.set("own", json!({"subject_type": "pairwise", "redirect_uris": ["https://other.example/cb"]})).await;
        let tokens = clinic.tokens(&browser, "portal", "scope=openid+offline_access").await;
        let subject = claims(&tokens["id_token"])["sub"].as_str().unwrap().to_owned();
        assert!(subject != priya.as_str() && subject.len() == 43, "{subject}");
        assert_eq!(claims(&tokens["access_token"])["sub"], *subject);
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        assert_eq!(clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await.json()["sub"], *subject);
        for (caller, token) in [("api", "access_token"), ("portal", "refresh_token")] {
            let form = format!("token={}", tokens[token].as_str().unwrap());
            let told = clinic.post("/oauth2/introspect", &[("authorization", &basic(caller))], &form).await.json();
            if told["active"] == true {
                assert_eq!(told["sub"], *subject, "{caller}");
            }
        }
        let same = clinic.tokens(&browser, "opaque", "").await;
        assert_eq!(claims(&same["id_token"])["sub"], *subject, "one sector");
        let public = clinic.tokens(&browser, "api", "").await;
        assert_eq!(claims(&public["id_token"])["sub"], priya.as_str());
        let other = clinic.authorize(&browser, &request("own", "").replace(REDIRECT, "https://other.example/cb")).await;
        let form = redemption(&other.parameter("code").unwrap()).replace(REDIRECT, "https://other.example/cb");
        let other = claims(&clinic.token("own", &form).await.json()["id_token"])["sub"].clone();
        assert!(other != *subject && other != priya.as_str());
        // The app expects her by the name that it knows.
        let hint = tokens["id_token"].as_str().unwrap();
        for query in [
            format!("prompt=none&id_token_hint={hint}"),
            format!("prompt=none&claims=%7B%22id_token%22:%7B%22sub%22:%7B%22value%22:%22{subject}%22%7D%7D%7D"),
        ] {
            assert!(
                clinic.authorize(&browser, &request("portal", &query)).await.parameter("code").is_some(),
                "{query}"
            );
            let olivia = clinic.browser("olivia").await;
            let refused =
                clinic.authorize(&olivia, &request("portal", &format!("{query}&organization=riverside"))).await;
            assert_eq!(error(&refused).as_deref(), Some("login_required"));
        }
        let bye = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}"), &[("cookie", &browser)]).await;
        assert!(bye.status == StatusCode::SEE_OTHER || bye.body.contains("Signed out") || bye.status == StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_itself_cannot_be_registered() {
    for clinic in Clinic::each().await {
        let key = own_key();
        for (case, members) in [
            ("no such algorithm", json!({"authorization_signed_response_alg": "none"})),
            ("an HMAC", json!({"userinfo_signed_response_alg": "HS256"})),
            ("no key", json!({"id_token_encrypted_response_alg": "ECDH-ES"})),
            ("a key of another kind", json!({"jwks": set_of(&key), "id_token_encrypted_response_alg": "RSA-OAEP-256"})),
            ("no such encryption", json!({"jwks": set_of(&key), "id_token_encrypted_response_alg": "RSA1_5"})),
            ("enc alone", json!({"userinfo_encrypted_response_enc": "A128GCM"})),
            ("no such object algorithm", json!({"request_object_signing_alg": "none"})),
            ("objects without keys", json!({"require_signed_request_object": true})),
            ("objects encrypted by RSA", json!({"request_object_encryption_alg": "RSA-OAEP-256"})),
            ("addresses", json!({"request_uris": ["x"]})),
            ("no such subject type", json!({"subject_type": "private"})),
            (
                "two hosts",
                json!({"subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"]}),
            ),
            ("no such profile", json!({"profile": "fapi1"})),
            ("a secret under a profile", json!({"profile": "fapi2-security", "dpop_bound_access_tokens": true})),
        ] {
            assert!(registered(&clinic, "portal", members).await.is_err(), "{case}");
        }
    }
}

async fn registered(clinic: &Clinic, client: &'static str, members: Value) -> Result<(), RegistrarError> {
    let context = clinic.context();
    let change = move |mut registration: lanyard::oauth::registration::Registration| {
        let Value::Object(members) = members else { panic!("members by name") };
        for (name, value) in members {
            registration.set(&name, value)?;
        }
        Ok(registration)
    };
    clinic
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move { registrar::change(tx, &context, client, ("some".into(), change)).await.map(drop) })
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_turns_on_what_it_needs_and_refuses_the_rest() {
    for clinic in Clinic::each().await {
        let (key, browser) = (ClientKey::generate(Alg::Es256), clinic.browser("priya").await);
        let base = |profile: &str| {
            json!({
                "profile": profile, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.jwk()]},
                "dpop_bound_access_tokens": true, "id_token_signed_response_alg": "ES256",
            })
        };
        let with = |name: &str, value: Value| {
            let mut members = base("fapi2-security");
            members[name] = value;
            members
        };
        for (case, members) in [
            ("a secret", with("token_endpoint_auth_method", json!("client_secret_basic"))),
            ("no secret", with("token_endpoint_auth_method", json!("none"))),
            ("unbound tokens", with("dpop_bound_access_tokens", json!(false))),
            ("RS256", with("id_token_signed_response_alg", json!("RS256"))),
            ("assertions with RS256", with("token_endpoint_auth_signing_alg", json!("RS256"))),
            ("objects with RS256", with("request_object_signing_alg", json!("RS256"))),
        ] {
            assert!(registered(&clinic, "portal", members).await.is_err(), "{case}");
        }
        assert!(registered(&clinic, "legacy", base("fapi2-security")).await.is_err(), "without PKCE");
        clinic.set("portal", base("fapi2-security")).await;
        let plain = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(error(&plain).as_deref(), Some("invalid_request"), "not pushed");

        clinic.set("portal", base("fapi2-message-signing")).await;
        let registered = clinic.app.storage.read().await.unwrap().clients().by_id("portal").await.unwrap().unwrap();
        assert!(
            registered.metadata.require_pushed_authorization_requests
                && registered.metadata.require_signed_request_object
        );
        assert_eq!(registered.metadata.authorization_signed_response_alg.as_deref(), Some("PS256"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_may_be_encrypted_to_us() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let hint = clinic.tokens(&browser, "portal", "").await["id_token"].as_str().unwrap().to_owned();
        let published = clinic.get("/oauth2/jwks", &[]).await.json();
        let ours = published["keys"].as_array().unwrap().iter().find(|key| key["use"] == "enc").unwrap().clone();
        let ours = JwkSet::parse(&json!({"keys": [ours]}).to_string()).unwrap();
        let how = Encryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A256Gcm };
        let sealed = jwe::encrypt(hint.as_bytes(), &ours, how, (Some("JWT"), &Random::system())).unwrap();
        let ask = async |hint: &str| {
            clinic.authorize(&browser, &request("portal", &format!("prompt=none&id_token_hint={hint}"))).await
        };
        assert!(ask(&sealed).await.parameter("code").is_some());
        assert_eq!(error(&ask(&sealed.replace('.', "A.")).await).as_deref(), Some("invalid_request"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_profile_assertions_are_for_the_issuer_and_tokens_are_bound() {
    for clinic in Clinic::each().await {
        let key = ClientKey::generate(Alg::Es256);
        clinic
            .set(
                "service",
                json!({
                    "profile": "fapi2-security", "token_endpoint_auth_method": "private_key_jwt",
                    "jwks": {"keys": [key.jwk()]}, "dpop_bound_access_tokens": true, "id_token_signed_response_alg": "ES256",
                }),
            )
            .await;
        let now = clinic.app.clock.now().seconds();
        let ask = async |aud: &str, alg: &str, id: &str| {
            let said = json!({"iss": "service", "sub": "service", "aud": aud, "exp": now + 60, "jti": id});
            let assertion = key.sign(&json!({ "alg": alg }), &said);
            let form = format!(
                "client_assertion_type={}&client_assertion={assertion}&grant_type=client_credentials",
                lanyard::oauth::client_assertion::TYPE
            );
            clinic.post("/oauth2/token", &[], &form).await
        };
        for (aud, alg) in [(format!("{ISSUER}/oauth2/token").as_str(), "ES256"), (ISSUER, "RS256")] {
            assert_eq!(ask(aud, alg, "1").await.json()["error"], "invalid_client", "{aud} {alg}");
        }
        // The client is believed, but proved no key.
        let unbound = ask(ISSUER, "ES256", "2").await;
        assert_eq!(unbound.status, StatusCode::BAD_REQUEST, "{}", unbound.body);
    }
}
