//! RFC 8693: a token for another one that says less, is meant for others, holds elsewhere, or says who acts.

use std::time::Duration;

use axum::http::{StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    oauth::{
        client::{AccessTokenFormat, AuthenticationMethod, GrantType, Introspects},
        client_metadata::{ClientMetadata, TokenExchange},
        registrar::{self, RegistrarError},
        registration::{Registration, RegistrationError},
    },
    session::EndReason,
    storage::sql,
};
use serde_json::{Value, json};

use super::clinic::{Answer, Clinic, app, basic, claims, request};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const RECORDS: &str = "https://records.example";
const LAB: &str = "https://lab.example";

async fn clinics() -> Vec<Clinic> {
    let clinics = Clinic::each().await;
    for clinic in &clinics {
        let (riverside, priya) = (clinic.organization("riverside").await, clinic.user("priya").await);
        let resources = || vec![RECORDS.to_owned(), LAB.to_owned()];
        let exchanging = |id: &str| Registration {
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::TokenExchange],
            resources: resources(),
            ..app(id)
        };
        let api = |id: &str, audience: &str| Registration {
            grant_types: vec![GrantType::TokenExchange],
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            audience: Some(audience.to_owned()),
            introspects: Introspects::Own,
            ..exchanging(id)
        };
        let allowance = TokenExchange { impersonation: true, subjects: vec![priya] };
        let metadata = ClientMetadata { token_exchange: Some(allowance), ..ClientMetadata::default() };
        for registration in [
            exchanging("desk"),
            Registration { access_token_format: AccessTokenFormat::Opaque, ..exchanging("opaque-desk") },
            Registration { is_first_party: false, ..exchanging("guest-desk") },
            Registration { organization: Some(riverside.clone()), ..exchanging("own-desk") },
            exchanging("theatre-desk"),
            api("records", RECORDS),
            Registration { scopes: vec!["roles".into()], ..api("lab", LAB) },
            Registration { metadata: Box::new(metadata), ..api("support", RECORDS) },
            Registration {
                organization: Some(riverside),
                grant_types: vec![GrantType::ClientCredentials, GrantType::TokenExchange],
                ..api("robot", RECORDS)
            },
        ] {
            clinic.enroll(registration).await;
        }
    }
    clinics
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn exchange(clinic: &Clinic, client: &str, token: &Value, more: &str) -> Answer {
    let form = format!("grant_type={GRANT}&subject_token={}&subject_token_type={TYPE}&{more}", text(token));
    clinic.token(client, &form).await
}

async fn exchanged(clinic: &Clinic, client: &str, token: &Value, more: &str) -> Value {
    let answer = exchange(clinic, client, token, more).await;
    assert_eq!(answer.status, StatusCode::OK, "{more}: {}", answer.body);
    answer.json()
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

/// What the API that may ask about every token is told.
async fn told(clinic: &Clinic, token: &Value) -> Value {
    let form = format!("token={}", text(token));
    clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json()
}

async fn is_active(clinic: &Clinic, token: &Value) -> bool {
    told(clinic, token).await["active"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_goes_on_in_another_organization() {
    for clinic in clinics().await {
        let browser = clinic.browser("olivia").await;
        let tokens = clinic.tokens(&browser, "desk", "scope=openid+roles+offline_access&organization=riverside").await;
        let answer = exchange(&clinic, "desk", &tokens["access_token"], "organization=harbour").await;
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        let there = answer.json();
        assert_eq!((&there["issued_token_type"], &there["token_type"]), (&json!(TYPE), &json!("Bearer")));
        assert!(there.get("refresh_token").is_none() && there.get("id_token").is_none(), "{there}");
        let (one, other) = (claims(&tokens["access_token"]), claims(&there["access_token"]));
        assert_eq!((&other["org_name"], &other["roles"]), (&json!("harbour"), &json!(["practitioner"])));
        assert_eq!((&other["sub"], &other["auth_time"]), (&one["sub"], &one["auth_time"]));
        assert_ne!(other["sid"], one["sid"]);
        assert!(other.get("act").is_none());
        assert_eq!(clinic.recorded("organization-switch").await, 1);
        let bearer = format!("Bearer {}", text(&there["access_token"]));
        let userinfo = clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await.json();
        assert_eq!(userinfo["roles"], json!(["practitioner"]));
        // Again is not anew; with less scope it is.
        for (more, expected) in [("", 1), ("&scope=openid", 2), ("&scope=openid", 2), ("", 2)] {
            let again =
                exchanged(&clinic, "desk", &tokens["access_token"], &format!("organization=harbour{more}")).await;
            assert_ne!(claims(&again["access_token"])["jti"], other["jti"]);
            assert_eq!(claims(&again["access_token"])["exp"], other["exp"]);
            assert_eq!(clinic.recorded("organization-switch").await, expected, "{more}");
        }
        let back = exchanged(&clinic, "desk", &there["access_token"], "organization=riverside").await;
        assert_eq!(claims(&back["access_token"])["roles"], json!(["owner"]));

        // The rules of a switch by the browser.
        let priya = clinic.browser("priya").await;
        let hers = clinic.tokens(&priya, "desk", "").await;
        let mut refusals = vec![];
        for organization in ["harbour", "nowhere", clinic.organization("harbour").await.as_str()] {
            let answer =
                exchange(&clinic, "desk", &hers["access_token"], &format!("organization={organization}")).await;
            refusals.push((answer.status, answer.body));
        }
        assert!(refusals[0].1.contains("access_denied") && refusals.iter().all(|refusal| *refusal == refusals[0]));
        for (client, expected) in
            [("own-desk", "access_denied"), ("theatre-desk", "access_denied"), ("guest-desk", "consent_required")]
        {
            let asked = clinic.authorize(&browser, &request(client, "organization=riverside")).await;
            let mut code = asked.parameter("code");
            if code.is_none() {
                let allowed = clinic.submit(&browser, &asked, "decision=allow").await;
                code = clinic.get(allowed.location(), &[("cookie", &browser)]).await.parameter("code");
            }
            let code = code.unwrap();
            let held = clinic.token(client, &super::clinic::redemption(&code)).await.json();
            let answer = exchange(&clinic, client, &held["access_token"], "organization=harbour").await;
            assert_eq!(error(&answer), expected, "{client}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_on_into_an_organization_from_where_its_rules_let_nobody_in() {
    for clinic in clinics().await {
        let browser = clinic.browser("olivia").await;
        let tokens = clinic.tokens(&browser, "desk", "scope=openid+offline_access&organization=harbour").await;
        let go_on = async || exchange(&clinic, "desk", &tokens["access_token"], "organization=riverside").await;
        let comes_from = async |address: &'static str| {
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let update = sql("UPDATE sessions SET address = $1").bind(address);
                        update.execute(tx.connection()).await?;
                        Ok(())
                    })
                })
                .await;
        };
        clinic.rule("network.allowed", "10.0.0.0/8").await;
        for (address, expected) in
            [("", "interaction_required"), ("192.0.2.7", "interaction_required"), ("10.1.2.3", "")]
        {
            comes_from(address).await;
            let answer = go_on().await;
            assert_eq!(error(&answer), expected, "from {address}: {}", answer.body);
        }
        // Also into what was begun there before.
        comes_from("192.0.2.7").await;
        assert_eq!(error(&go_on().await), "interaction_required");
        assert_eq!(clinic.recorded("organization-switch").await, 1);
        assert!(clinic.recorded("policy-refusal").await > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_becomes_less_and_never_more() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "desk", "scope=openid+roles+email+offline_access").await;
        let first = &tokens["access_token"];
        let whole = exchanged(&clinic, "desk", first, "").await;
        assert_eq!(whole["scope"], "email openid roles");
        let less = exchanged(&clinic, "desk", first, &format!("scope=roles&resource={RECORDS}")).await;
        let access = claims(&less["access_token"]);
        assert_eq!((&less["scope"], &access["aud"]), (&json!("roles"), &json!(RECORDS)));
        let both = exchanged(&clinic, "desk", first, &format!("resource={RECORDS}&audience={LAB}")).await;
        assert_eq!(claims(&both["access_token"])["aud"], json!([RECORDS, LAB]));
        let again = exchanged(&clinic, "desk", &less["access_token"], "").await;
        assert_eq!(claims(&again["access_token"])["aud"], RECORDS, "what is not asked for stays as narrow as it was");
        for (case, token, more, expected) in [
            ("a scope more", &less["access_token"], "scope=roles+email", "invalid_scope"),
            ("a scope of nobody", first, "scope=admin", "invalid_scope"),
            ("no scope token", first, "scope=%22", "invalid_scope"),
            ("another resource", first, "resource=https://evil.example", "invalid_target"),
            ("no resource", first, "audience=records", "invalid_target"),
            ("one resource more", &less["access_token"], "resource=https://lab.example", "invalid_target"),
        ] {
            let answer = exchange(&clinic, "desk", token, more).await;
            assert_eq!((answer.status, error(&answer).as_str()), (StatusCode::BAD_REQUEST, expected), "{case}");
        }

        // It ends with the token that it came from, however long the client's live.
        clinic.app.clock.advance(Duration::from_mins(4));
        let late = exchanged(&clinic, "desk", first, "").await;
        assert_eq!(late["expires_in"], 60);
        let opaque = clinic.tokens(&browser, "opaque-desk", "").await;
        let form = format!(
            "grant_type={GRANT}&subject_token_type={TYPE}&subject_token={}&requested_token_type={TYPE}",
            text(&opaque["access_token"])
        );
        let answer = clinic.token("opaque-desk", &form).await;
        assert!(answer.status == StatusCode::OK && !text(&answer.json()["access_token"]).contains('.'));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_acts_for_a_person_and_the_token_says_so() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "desk", &format!("scope=openid+roles&resource={RECORDS}")).await;
        let delegated = exchanged(&clinic, "records", &tokens["access_token"], &format!("resource={LAB}")).await;
        let access = claims(&delegated["access_token"]);
        assert_eq!(
            (&access["sub"], &access["client_id"]),
            (&claims(&tokens["access_token"])["sub"], &json!("records"))
        );
        assert_eq!((&access["act"], &access["aud"]), (&json!({"sub": "records"}), &json!(LAB)));
        // The laboratory may have roles alone, and the chain is kept.
        let chained = exchanged(&clinic, "lab", &delegated["access_token"], "").await;
        assert_eq!(chained["scope"], "roles");
        let act = json!({"sub": "lab", "act": {"sub": "records"}});
        assert_eq!(claims(&chained["access_token"])["act"], act);
        assert_eq!(told(&clinic, &chained["access_token"]).await["act"], act);

        // A service that says who it is by a token of its own.
        let own = clinic.token("robot", "grant_type=client_credentials").await.json();
        let more = format!("actor_token={}&actor_token_type={TYPE}", text(&own["access_token"]));
        let acting = exchanged(&clinic, "robot", &tokens["access_token"], &more).await;
        assert_eq!(claims(&acting["access_token"])["act"], json!({"sub": "robot"}));
        // One person for another, both signed in to the app.
        let olivia = clinic.browser("olivia").await;
        let hers = clinic.tokens(&olivia, "desk", "organization=riverside").await;
        let more = format!("actor_token={}&actor_token_type={TYPE}", text(&hers["access_token"]));
        let acting = exchanged(&clinic, "desk", &tokens["access_token"], &more).await;
        let user = clinic.user("olivia").await;
        assert_eq!(claims(&acting["access_token"])["act"], json!({"sub": user.as_str(), "client_id": "desk"}));
        // Who acted is not forgotten by whoever exchanges what is its own.
        let again = exchanged(&clinic, "desk", &acting["access_token"], "").await;
        assert_eq!(claims(&again["access_token"])["act"]["sub"], user.as_str());
        assert_eq!((clinic.recorded("delegation").await, clinic.recorded("impersonation").await), (4, 0));

        // Olivia at Harbour is nobody at Riverside; the robot's token is not the desk's.
        let elsewhere = clinic.tokens(&olivia, "desk", "organization=harbour").await;
        for (case, actor) in [("elsewhere", &elsewhere["access_token"]), ("another's", &own["access_token"])] {
            let more = format!("actor_token={}&actor_token_type={TYPE}", text(actor));
            let answer = exchange(&clinic, "desk", &tokens["access_token"], &more).await;
            assert_eq!(error(&answer), "invalid_request", "{case}");
        }
        let stays = exchange(&clinic, "records", &tokens["access_token"], "organization=harbour").await;
        assert_eq!(error(&stays), "invalid_request", "whoever acts for a person stays where the person is");
        let own = exchanged(&clinic, "records", &tokens["access_token"], "").await;
        let stays = exchange(&clinic, "records", &own["access_token"], "organization=harbour").await;
        assert_eq!(error(&stays), "invalid_request", "nor in two steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_act_as_a_person_is_allowed_by_an_administrator_and_audited() {
    for clinic in clinics().await {
        for (person, expected) in [("priya", None), ("sam", Some(json!({"sub": "support"})))] {
            let browser = clinic.browser(person).await;
            let tokens = clinic.tokens(&browser, "desk", &format!("resource={RECORDS}")).await;
            let acting = exchanged(&clinic, "support", &tokens["access_token"], "").await;
            assert_eq!(claims(&acting["access_token"]).get("act").cloned(), expected, "{person}");
        }
        assert_eq!((clinic.recorded("delegation").await, clinic.recorded("impersonation").await), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanged_tokens_end_with_what_they_came_from() {
    for clinic in clinics().await {
        let user = clinic.user("olivia").await;
        for case in ["the refresh token is given back", "the session ends", "somebody replays a code"] {
            let browser = clinic.browser("olivia").await;
            let more = format!("organization=riverside&resource={RECORDS}&scope=openid+offline_access");
            let code = clinic.code(&browser, "desk", &more).await;
            let tokens = clinic.token("desk", &super::clinic::redemption(&code)).await.json();
            let first = &tokens["access_token"];
            let mut all = vec![];
            for (client, more) in [("desk", ""), ("desk", "organization=harbour"), ("records", "")] {
                all.push(exchanged(&clinic, client, first, more).await["access_token"].clone());
            }
            let again = exchanged(&clinic, "desk", &all[1], "").await["access_token"].clone();
            all.push(again);
            for token in &all {
                assert!(is_active(&clinic, token).await, "{case}");
            }
            match case {
                "the refresh token is given back" => {
                    let form = format!("token={}", text(&tokens["refresh_token"]));
                    clinic.post("/oauth2/revoke", &[("authorization", &basic("desk"))], &form).await;
                }
                "the session ends" => {
                    let (user, context) = (user.clone(), clinic.context());
                    let reason = EndReason::Remote;
                    clinic
                        .write(move |tx| {
                            Box::pin(
                                async move { Ok(tx.sessions().end_all_of_user(&context, &user, None, reason).await?) },
                            )
                        })
                        .await;
                }
                _ => drop(clinic.token("desk", &super::clinic::redemption(&code)).await),
            }
            for (number, token) in all.iter().enumerate() {
                assert!(!is_active(&clinic, token).await, "{case}: {number}");
            }
            let dead = exchange(&clinic, "desk", first, "").await;
            assert_eq!(error(&dead), "invalid_request", "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_exchanges_get_their_registered_errors() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "desk", &format!("scope=openid&resource={RECORDS}")).await;
        let token = text(&tokens["access_token"]).to_owned();
        let (id, refresh) = (text(&tokens["id_token"]).to_owned(), text(&tokens["refresh_token"]).to_owned());
        let service = clinic.token("robot", "grant_type=client_credentials").await.json();
        let robot = text(&service["access_token"]).to_owned();
        let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let with_head = |json: &str| format!("{}.{payload}.{signature}", BASE64URL_NOPAD.encode(json.as_bytes()));
        let full = |client: &'static str, token: &str, more: &str| {
            (client, format!("subject_token={token}&subject_token_type={TYPE}&{more}"))
        };
        let cases = [
            ("no token", ("desk", format!("subject_token_type={TYPE}"))),
            ("no type", ("desk", format!("subject_token={token}"))),
            ("another type", ("desk", format!("subject_token={token}&subject_token_type=urn:x"))),
            (
                "an ID token",
                ("desk", format!("subject_token={id}&subject_token_type=urn:ietf:params:oauth:token-type:id_token")),
            ),
            ("an ID token as an access token", full("desk", &id, "")),
            ("a refresh token", full("desk", &refresh, "")),
            ("nonsense", full("desk", "x", "")),
            ("nonsense with dots", full("desk", "a.b.c", "")),
            ("no algorithm", full("desk", &with_head(r#"{"alg":"none","typ":"at+jwt"}"#), "")),
            ("another key", full("desk", &with_head(r#"{"alg":"HS256","typ":"at+jwt","kid":"x"}"#), "")),
            ("no signature", full("desk", &format!("{head}.{payload}."), "")),
            ("another signature", full("desk", &format!("{head}.{payload}.{}", "A".repeat(86)), "")),
            ("lenient base64", full("desk", &format!("{token}="), "")),
            ("a token that is meant for others", full("lab", &token, "")),
            ("a token of another app", full("theatre-desk", &token, "")),
            ("a service's token", full("robot", &robot, "")),
            ("an actor without a type", full("desk", &token, &format!("actor_token={token}"))),
            ("a type without an actor", full("desk", &token, &format!("actor_token_type={TYPE}"))),
            ("a bad actor", full("desk", &token, &format!("actor_token=x&actor_token_type={TYPE}"))),
            (
                "another answer",
                full("desk", &token, "requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
            ),
            ("twice", full("desk", &token, "scope=openid&scope=openid")),
            ("no UTF-8", full("desk", &token, "organization=%ff")),
            ("a NUL", full("desk", &token, "organization=%00")),
        ];
        for (case, (client, form)) in cases {
            let answer = clinic.token(client, &format!("grant_type={GRANT}&{form}")).await;
            assert_eq!(
                (answer.status, error(&answer).as_str()),
                (StatusCode::BAD_REQUEST, "invalid_request"),
                "{case}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_registered_for_it_exchanges_what_has_not_expired() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "desk", "").await;
        let token = text(&tokens["access_token"]);
        let as_jwt =
            format!("grant_type={GRANT}&subject_token={token}&subject_token_type={JWT}&requested_token_type={JWT}");
        assert_eq!(clinic.token("desk", &as_jwt).await.json()["issued_token_type"], JWT);
        assert_eq!(error(&exchange(&clinic, "portal", &tokens["access_token"], "").await), "unauthorized_client");
        clinic.app.clock.advance(Duration::from_mins(5));
        assert_eq!(error(&exchange(&clinic, "desk", &tokens["access_token"], "").await), "invalid_request", "expired");

        // Who keeps no secret exchanges nothing.
        let context = clinic.context();
        let public = Registration {
            authentication: AuthenticationMethod::None,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::TokenExchange],
            ..app("public-desk")
        };
        let refused = clinic
            .write(move |tx| Box::pin(async move { Ok(registrar::register(tx, &context, public).await.err()) }))
            .await;
        assert!(
            matches!(refused, Some(RegistrarError::Registration(RegistrationError::PublicExchange))),
            "{refused:?}"
        );
    }
}
