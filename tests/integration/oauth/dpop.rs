//! DPoP (RFC 9449): proofs at the token endpoint and at userinfo, tokens and codes that are bound to a key.

use std::time::Duration;

use axum::http::{HeaderName, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    jose::{Alg, Jwk},
    oauth::{
        client::{AuthenticationMethod, GrantType},
        registration::Registration,
    },
    secret::sha256,
};
use serde_json::{Value, json};

use super::{
    client_assertion::set,
    clinic::{Answer, Clinic, ISSUER, app, basic, claims, redemption, request},
};
use crate::harness::client_key::{ClientKey, encode, hmac_signed};

const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// An app that holds a key.
struct Holder<'a> {
    clinic: &'a Clinic,
    key: ClientKey,
}

impl<'a> Holder<'a> {
    fn new(clinic: &'a Clinic) -> Self {
        Self { clinic, key: ClientKey::generate(Alg::Es256) }
    }

    fn thumbprint(&self) -> String {
        Jwk::parse(&self.key.jwk().to_string()).unwrap().thumbprint()
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.jwk()})
    }

    /// The claims of a proof that was not used before.
    fn claims(&self, method: &str, path: &str) -> Value {
        let (id, now) = (BASE64URL_NOPAD.encode(&self.clinic.app.random.bytes::<16>()), self.clinic.app.clock.now());
        json!({"jti": id, "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now.seconds()})
    }

    fn proof(&self, method: &str, path: &str, more: &[(&str, Value)]) -> String {
        let mut claims = self.claims(method, path);
        for (name, value) in more {
            claims[*name] = value.clone();
        }
        self.key.sign(&self.header(), &claims)
    }

    /// Posts with a proof, and once more with the nonce where one is asked for.
    async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let proof = self.proof("POST", path, &[]);
        let answer = self.clinic.post(path, &[headers, &[("dpop", &proof)]].concat(), form).await;
        if !answer.body.contains("use_dpop_nonce") {
            return answer;
        }
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let proof = self.proof("POST", path, &[("nonce", answer.header(NONCE).into())]);
        self.clinic.post(path, &[headers, &[("dpop", &proof)]].concat(), form).await
    }

    async fn userinfo(&self, token: &str, scheme: &str, more: &[(&str, Value)]) -> Answer {
        let ath = BASE64URL_NOPAD.encode(&sha256(token.as_bytes()));
        let proof = self.proof("GET", "/oauth2/userinfo", &[&[("ath", json!(ath))], more].concat());
        let authorization = format!("{scheme} {token}");
        self.clinic.get("/oauth2/userinfo", &[("authorization", &authorization), ("dpop", &proof)]).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_gets_tokens_and_refresh_tokens_bound_to_its_key() {
    for clinic in Clinic::each().await {
        let (holder, thief) = (Holder::new(&clinic), Holder::new(&clinic));
        let browser = clinic.browser("priya").await;
        let code = clinic.code(&browser, "browser", "scope=openid+profile").await;
        let form = format!("client_id=browser&{}", redemption(&code));
        let tokens = holder.post("/oauth2/token", &[], &form).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        assert!(!tokens.header(NONCE).is_empty());
        let tokens = tokens.json();
        assert_eq!(tokens["token_type"], "DPoP");
        assert_eq!(claims(&tokens["access_token"])["cnf"], json!({"jkt": holder.thumbprint()}));

        let access = text(&tokens["access_token"]);
        assert_eq!(holder.userinfo(&access, "DPoP", &[]).await.status, StatusCode::OK);
        for (case, answer) in [
            ("as Bearer", holder.userinfo(&access, "Bearer", &[]).await),
            ("another's key", thief.userinfo(&access, "DPoP", &[]).await),
            ("another's hash", holder.userinfo(&access, "DPoP", &[("ath", json!("x"))]).await),
            ("no hash", holder.userinfo(&access, "DPoP", &[("ath", Value::Null)]).await),
            ("another method", holder.userinfo(&access, "DPoP", &[("htm", json!("POST"))]).await),
            ("no proof", clinic.get("/oauth2/userinfo", &[("authorization", &format!("DPoP {access}"))]).await),
            ("in a form", clinic.post("/oauth2/userinfo", &[], &format!("access_token={access}")).await),
        ] {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}: {}", answer.body);
            let challenges: Vec<_> = answer.headers.get_all(header::WWW_AUTHENTICATE).iter().collect();
            assert!(
                challenges.iter().any(|value| {
                    let value = value.to_str().unwrap();
                    value.starts_with("DPoP realm=\"lanyard\", error=\"") && value.contains("algs=\"RS256 ")
                }),
                "{case}: {challenges:?}"
            );
        }
        let told = clinic
            .post("/oauth2/introspect", &[("authorization", &basic("api"))], &format!("token={access}"))
            .await
            .json();
        assert_eq!((&told["token_type"], &told["cnf"]["jkt"]), (&json!("DPoP"), &json!(holder.thumbprint())));

        let refresh =
            format!("client_id=browser&grant_type=refresh_token&refresh_token={}", text(&tokens["refresh_token"]));
        for answer in
            [clinic.post("/oauth2/token", &[], &refresh).await, thief.post("/oauth2/token", &[], &refresh).await]
        {
            assert_eq!(answer.json()["error"], "invalid_grant");
        }
        let next = holder.post("/oauth2/token", &[], &refresh).await.json();
        assert_eq!(claims(&next["access_token"])["cnf"]["jkt"], holder.thumbprint());
        let refresh =
            format!("client_id=browser&grant_type=refresh_token&refresh_token={}", text(&next["refresh_token"]));
        assert_eq!(thief.post("/oauth2/token", &[], &refresh).await.json()["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_binds_access_tokens_and_may_change_its_key() {
    for clinic in Clinic::each().await {
        let (one, two) = (Holder::new(&clinic), Holder::new(&clinic));
        let (browser, portal) = (clinic.browser("priya").await, basic("portal"));
        let code = clinic.code(&browser, "portal", "").await;
        let tokens = one.post("/oauth2/token", &[("authorization", &portal)], &redemption(&code)).await.json();
        assert_eq!(claims(&tokens["access_token"])["cnf"]["jkt"], one.thumbprint());
        let refresh = format!("grant_type=refresh_token&refresh_token={}", text(&tokens["refresh_token"]));
        let next = two.post("/oauth2/token", &[("authorization", &portal)], &refresh).await.json();
        assert_eq!(claims(&next["access_token"])["cnf"]["jkt"], two.thumbprint());
        let service =
            two.post("/oauth2/token", &[("authorization", &basic("service"))], "grant_type=client_credentials").await;
        assert_eq!(service.json()["token_type"], "DPoP");

        set(&clinic, "portal", &[("dpop_bound_access_tokens", json!(true))]).await;
        let refresh = format!("grant_type=refresh_token&refresh_token={}", text(&next["refresh_token"]));
        assert_eq!(clinic.token("portal", &refresh).await.json()["error"], "invalid_dpop_proof");
        let plain = clinic.tokens(&browser, "opaque", "").await;
        let unbound = two.userinfo(&text(&plain["access_token"]), "DPoP", &[]).await;
        assert_eq!(unbound.status, StatusCode::UNAUTHORIZED, "a token that is not bound");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_the_key_that_the_request_names() {
    for clinic in Clinic::each().await {
        let (holder, thief) = (Holder::new(&clinic), Holder::new(&clinic));
        let (browser, portal) = (clinic.browser("priya").await, basic("portal"));
        let bound = format!("dpop_jkt={}", holder.thumbprint());
        let code = clinic.code(&browser, "portal", &bound).await;
        assert_eq!(clinic.token("portal", &redemption(&code)).await.json()["error"], "invalid_grant");
        let stolen = thief.post("/oauth2/token", &[("authorization", &portal)], &redemption(&code)).await;
        assert_eq!(stolen.json()["error"], "invalid_grant");
        let own = holder.post("/oauth2/token", &[("authorization", &portal)], &redemption(&code)).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.body);

        let pushed = holder.post("/oauth2/par", &[("authorization", &portal)], &request("portal", "")).await;
        let reference = text(&pushed.json()["request_uri"]);
        let answer = clinic.authorize(&browser, &format!("client_id=portal&request_uri={reference}")).await;
        let code = answer.parameter("code").unwrap();
        assert_eq!(clinic.token("portal", &redemption(&code)).await.json()["error"], "invalid_grant");
        let own = holder.post("/oauth2/token", &[("authorization", &portal)], &redemption(&code)).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.body);
        let other = thief.post("/oauth2/par", &[("authorization", &portal)], &request("portal", &bound)).await;
        assert_eq!(other.json()["error"], "invalid_dpop_proof");
        let wrong = clinic.authorize(&browser, &request("portal", "dpop_jkt=short")).await;
        assert_eq!(wrong.parameter("error").as_deref(), Some("invalid_request"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_used_once_on_whichever_node() {
    for clinic in Clinic::each().await {
        let holder = Holder::new(&clinic);
        let service = basic("service");
        let post = async |proof: &str| {
            let headers = [("authorization", service.as_str()), ("dpop", proof)];
            clinic.post("/oauth2/token", &headers, "grant_type=client_credentials").await
        };
        let proof = holder.proof("POST", "/oauth2/token", &[]);
        let answers = futures_util::future::join_all((0..6).map(|_| post(&proof))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
        assert!(
            answers
                .iter()
                .all(|answer| answer.status == StatusCode::OK || answer.json()["error"] == "invalid_dpop_proof")
        );
        let nonce = answers[0].header(NONCE).to_owned();
        let slow = holder.proof("POST", "/oauth2/token", &[("nonce", json!(nonce)), ("iat", json!(7))]);
        assert_eq!(post(&slow).await.status, StatusCode::OK, "a nonce stands for the time");
        assert_eq!(post(&slow).await.json()["error"], "invalid_dpop_proof");
        clinic.app.clock.advance(Duration::from_mins(5));
        assert_eq!(post(&slow).await.json()["error"], "use_dpop_nonce");
        assert_eq!(post(&proof).await.json()["error"], "invalid_dpop_proof", "too old");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_mutated_proofs_are_refused() {
    for clinic in Clinic::each().await {
        let (holder, other) = (Holder::new(&clinic), Holder::new(&clinic));
        let (claims, header) = (holder.claims("POST", "/oauth2/token"), holder.header());
        let with = |name: &str, value: Value| {
            let mut header = header.clone();
            header[name] = value;
            holder.key.sign(&header, &claims)
        };
        let good = holder.key.sign(&header, &claims);
        let parts: Vec<&str> = good.split('.').collect();
        let mut private = holder.key.jwk();
        private["d"] = json!("AAAA");
        let unsigned = |alg: &str| {
            let mut header = header.clone();
            header["alg"] = alg.into();
            format!("{}.{}.", encode(&header.to_string()), parts[1])
        };
        let twice = claims.to_string().replacen('{', "{\"htm\":\"POST\",", 1);
        let deep = claims.to_string().replacen('{', &format!("{{\"a\":{}{},", "[".repeat(40), "]".repeat(40)), 1);
        let mut cases = vec![
            ("no token", "proof".to_owned()),
            ("nothing", String::new()),
            ("another's key", with("jwk", other.key.jwk())),
            ("a private key", with("jwk", private)),
            ("a secret", with("jwk", json!({"kty": "oct", "k": "AAAA"}))),
            ("no key", with("jwk", Value::Null)),
            ("an address of a key", with("jwk", json!("https://evil.example/"))),
            ("a critical member", with("crit", json!(["b64"]))),
            ("no typ", with("typ", Value::Null)),
            ("an access token", with("typ", json!("at+jwt"))),
            ("a member twice", holder.key.sign_text(&header.to_string(), &twice)),
            ("nested deeply", holder.key.sign_text(&header.to_string(), &deep)),
            ("padding", format!("{good}=")),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            (
                "an HMAC with the key",
                hmac_signed(
                    &json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": header["jwk"]}),
                    &claims,
                    header["jwk"].to_string().as_bytes(),
                ),
            ),
        ];
        cases.extend(["none", "None", "NONE", "nOnE"].map(|none| (none, unsigned(none))));
        let service = basic("service");
        for (case, proof) in &cases {
            let headers = [("authorization", service.as_str()), ("dpop", proof.as_str())];
            let answer = clinic.post("/oauth2/token", &headers, "grant_type=client_credentials").await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}: {}", answer.body);
            assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{case}");
        }
        let two = [("authorization", service.as_str()), ("dpop", &good), ("dpop", &good)];
        let answer = clinic.post("/oauth2/token", &two, "grant_type=client_credentials").await;
        assert_eq!(answer.json()["error"], "invalid_dpop_proof", "two proofs");
        let one = [("authorization", service.as_str()), ("dpop", good.as_str())];
        let answer = clinic.post("/oauth2/token", &one, "grant_type=client_credentials").await;
        assert_eq!(answer.status, StatusCode::OK, "nothing was used up: {}", answer.body);
    }
}

/// What a device holds is bound to the key that it fetched it with.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_tokens_and_refresh_tokens_bound_to_its_key() {
    for clinic in Clinic::each().await {
        let kiosk = Registration {
            authentication: AuthenticationMethod::None,
            grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
            redirect_uris: vec![],
            ..app("kiosk")
        };
        clinic.enroll(kiosk).await;
        let (holder, thief, browser) = (Holder::new(&clinic), Holder::new(&clinic), clinic.browser("priya").await);
        let form = "client_id=kiosk&scope=openid+offline_access";
        let begun = clinic.post("/oauth2/device_authorization", &[], form).await.json();
        let page = format!("/device?user_code={}", text(&begun["user_code"]));
        let page = clinic.get(&page, &[("cookie", &browser)]).await;
        clinic.submit(&browser, &page, "decision=allow").await;
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let form = format!("grant_type={grant}&client_id=kiosk&device_code={}", text(&begun["device_code"]));
        let tokens = holder.post("/oauth2/token", &[], &form).await.json();
        assert_eq!(claims(&tokens["access_token"])["cnf"], json!({"jkt": holder.thumbprint()}), "{tokens}");
        let refresh = text(&tokens["refresh_token"]);
        let form = format!("grant_type=refresh_token&client_id=kiosk&refresh_token={refresh}");
        assert_eq!(clinic.post("/oauth2/token", &[], &form).await.json()["error"], "invalid_grant");
        assert_eq!(thief.post("/oauth2/token", &[], &form).await.json()["error"], "invalid_grant");
        assert_eq!(holder.post("/oauth2/token", &[], &form).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_exchanged_by_who_proves_its_key() {
    for clinic in Clinic::each().await {
        let grants = vec![GrantType::AuthorizationCode, GrantType::TokenExchange];
        clinic.enroll(Registration { grant_types: grants, ..app("desk") }).await;
        let (holder, thief, browser) = (Holder::new(&clinic), Holder::new(&clinic), clinic.browser("priya").await);
        let secret = basic("desk");
        let headers = [("authorization", secret.as_str())];
        let code = clinic.code(&browser, "desk", "").await;
        let tokens = holder.post("/oauth2/token", &headers, &redemption(&code)).await.json();
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={}\
             &subject_token_type=urn:ietf:params:oauth:token-type:access_token",
            text(&tokens["access_token"])
        );
        assert_eq!(clinic.post("/oauth2/token", &headers, &form).await.json()["error"], "invalid_request");
        assert_eq!(thief.post("/oauth2/token", &headers, &form).await.json()["error"], "invalid_request");
        let exchanged = holder.post("/oauth2/token", &headers, &form).await.json();
        assert_eq!(exchanged["token_type"], "DPoP", "{exchanged}");
        assert_eq!(claims(&exchanged["access_token"])["cnf"], json!({"jkt": holder.thumbprint()}));
    }
}
