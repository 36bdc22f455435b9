//! Step-up (RFC 9470): an API that finds a sign-in too old sends the app back, and sees in the next token that it was renewed.

use std::time::Duration;

use serde_json::{Value, json};

use axum::http::header::WWW_AUTHENTICATE;
use lanyard::authentication::assurance;

use super::{
    client_assertion::set,
    clinic::{Clinic, basic, claims, redemption, request},
};

const ACR: &str = assurance::PASSWORD;
const MULTI_FACTOR: &str = assurance::MULTI_FACTOR;

/// What an API learns of the sign-in behind a token.
async fn told(clinic: &Clinic, token: &Value) -> (i64, Value) {
    let form = format!("token={}", token.as_str().unwrap());
    let told = clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json();
    assert_eq!(told["active"], true, "{told}");
    (told["auth_time"].as_i64().unwrap(), told["acr"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_sees_when_the_person_signed_in_and_the_app_asks_for_a_later_one() {
    for clinic in Clinic::each().await {
        let now = clinic.app.clock.now().seconds();
        let old = clinic.browser_since("priya", Duration::from_hours(1)).await;
        let tokens = clinic.tokens(&old, "portal", "").await;
        assert_eq!(told(&clinic, &tokens["access_token"]).await.0, now - 3600);
        assert_eq!(claims(&tokens["access_token"])["auth_time"], now - 3600);

        // The app goes where WWW-Authenticate sent it: `max_age=300`.
        let silent = clinic.authorize(&old, &request("portal", "max_age=300&prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        let asked = clinic.authorize(&old, &request("portal", "max_age=300")).await;
        assert!(asked.location().starts_with("/login"), "{}", asked.location());
        let fresh = clinic.browser("priya").await;
        let tokens = clinic.tokens(&fresh, "portal", "max_age=300").await;
        assert_eq!(told(&clinic, &tokens["access_token"]).await.0, now);

        // A refresh changes nothing of it.
        clinic.app.clock.advance(Duration::from_mins(2));
        let form = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
        let next = clinic.token("portal", &form).await.json();
        assert_eq!(told(&clinic, &next["access_token"]).await.0, now);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_may_always_want_a_recent_sign_in() {
    for clinic in Clinic::each().await {
        let old = clinic.browser_since("priya", Duration::from_hours(1)).await;
        set(&clinic, "portal", &[("default_max_age", json!(300))]).await;
        let silent = clinic.authorize(&old, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        let wider = clinic.authorize(&old, &request("portal", "prompt=none&max_age=7200")).await;
        assert!(wider.parameter("code").is_some(), "the request has the last word");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acr_that_the_person_cannot_have_fails_and_what_nobody_knows_is_passed_over() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (wish, expected) in [
            (format!("acr_values={ACR}"), None),
            ("acr_values=urn:example:retina".to_owned(), None),
            (format!("claims={}", json!({"id_token": {"acr": {"essential": true, "values": [ACR]}}})), None),
            (
                format!("claims={}", json!({"id_token": {"acr": {"essential": true, "value": "urn:example:retina"}}})),
                Some("unmet_authentication_requirements"),
            ),
            // The person has a password alone.
            (format!("acr_values={MULTI_FACTOR}"), Some("unmet_authentication_requirements")),
            (format!("acr_values={MULTI_FACTOR}+{ACR}"), None),
            (format!("acr_values={MULTI_FACTOR}&prompt=none"), Some("unmet_authentication_requirements")),
            (
                format!("claims={}", json!({"id_token": {"acr": {"essential": true, "value": MULTI_FACTOR}}})),
                Some("unmet_authentication_requirements"),
            ),
        ] {
            let wish = wish.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
            let answer = clinic.authorize(&browser, &request("portal", &wish)).await;
            assert_eq!(answer.parameter("error").as_deref(), expected, "{wish}");
            if let Some(code) = answer.parameter("code") {
                let tokens = clinic.token("portal", &redemption(&code)).await.json();
                assert!(claims(&tokens["access_token"])["acr"].is_string(), "the API decides what it makes of it");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_always_wants_more_than_a_password_asks_it_by_its_registration() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        set(&clinic, "portal", &[("default_acr_values", json!([MULTI_FACTOR]))]).await;
        let refused = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(refused.parameter("error").as_deref(), Some("unmet_authentication_requirements"));
        let by_request = clinic.authorize(&browser, &request("portal", &format!("acr_values={ACR}"))).await;
        assert!(by_request.parameter("code").is_some(), "the request has the last word");
        let elsewhere = clinic.authorize(&browser, &request("opaque", "")).await;
        assert!(elsewhere.parameter("code").is_some(), "another app");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_sure_enough_signs_in_before_they_are_refused() {
    for clinic in Clinic::each().await {
        let old = clinic.browser_since("priya", Duration::from_hours(1)).await;
        let wish = format!("acr_values={MULTI_FACTOR}&max_age=60");
        let asked = clinic.authorize(&old, &request("portal", &wish)).await;
        assert!(asked.location().starts_with("/login"), "perhaps it is somebody else who has a factor");
        let nobody = clinic.authorize(&clinic.stranger(), &request("portal", &format!("{wish}&prompt=none"))).await;
        assert_eq!(nobody.parameter("error").as_deref(), Some("login_required"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_says_what_the_sign_in_lacks_by_the_rules() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let userinfo = async || clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(userinfo().await.status, 200);
        clinic.app.clock.advance(Duration::from_mins(4));
        clinic.rule("session.reauthenticate", "3m").await;
        let refused = userinfo().await;
        assert_eq!(refused.status, 401);
        let challenges: Vec<&str> =
            refused.headers.get_all("www-authenticate").iter().map(|one| one.to_str().unwrap()).collect();
        let says = |challenge: &str| {
            challenge.contains("error=\"insufficient_user_authentication\"") && challenge.contains("max_age=\"180\"")
        };
        assert!(challenges.len() == 2 && challenges.iter().all(|one| says(one)), "{challenges:?}");
        assert!(challenges[0].starts_with("Bearer ") && challenges[1].starts_with("DPoP "), "{challenges:?}");

        // The app does as it is told.
        assert!(clinic.authorize(&browser, &request("portal", "max_age=180")).await.location().starts_with("/login"));
        let fresh = clinic.tokens(&clinic.browser("priya").await, "portal", "max_age=180").await;
        let bearer = format!("Bearer {}", fresh["access_token"].as_str().unwrap());
        assert_eq!(clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await.status, 200);
        // Where no sign-in helps, none is asked for.
        clinic.rule("schedule.windows", "daily 10:00-11:00 in UTC").await;
        let closed = clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await;
        assert!(closed.header(WWW_AUTHENTICATE).contains("invalid_token"), "{:?}", closed.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_prove_more_than_they_did_is_asked_for_it_and_who_cannot_is_refused() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        clinic.sure("priya").await;
        let wish = format!("acr_values={}", assurance::PHISHING_RESISTANT);
        let silent = format!("{wish}&prompt=none");
        let error = async |query: &str| clinic.authorize(&browser, &request("portal", query)).await.parameter("error");
        for (kind, expected) in [("totp", "unmet_authentication_requirements"), ("passkey", "login_required")] {
            clinic.has("priya", kind).await;
            assert_eq!(error(&silent).await.as_deref(), Some(expected), "{kind}");
            let asked = clinic.authorize(&browser, &request("portal", &wish)).await;
            assert_eq!(asked.location().starts_with("/login"), kind == "passkey", "{}", asked.location());
        }
        // What was proved is enough for others, and says so.
        let tokens = clinic.tokens(&browser, "portal", &format!("acr_values={MULTI_FACTOR}")).await;
        assert_eq!(claims(&tokens["access_token"])["acr"], MULTI_FACTOR);
        assert_eq!(told(&clinic, &tokens["access_token"]).await.1, MULTI_FACTOR);
    }
}
