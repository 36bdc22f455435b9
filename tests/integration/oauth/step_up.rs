//! Step-up (RFC 9470): an API that finds a sign-in too old sends the app back, and sees in the next token that it was renewed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client_assertion::set,
    clinic::{Clinic, basic, claims, redemption, request},
};

const ACR: &str = "urn:lanyard:acr:password";
const MULTI_FACTOR: &str = "urn:lanyard:acr:multi-factor";

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
async fn an_acr_that_nobody_can_have_fails_where_it_is_essential() {
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
            (format!("acr_values={MULTI_FACTOR}"), None),
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
