//! OpenID Connect Front-Channel Logout 1.0.

use axum::http::{StatusCode, header};
use lanyard::oauth::{registrar, registration::RegistrationError};
use serde_json::json;

use super::clinic::{Clinic, claims};

const BYE: &str = "post_logout_redirect_uri=https://app.example/bye";

/// Sets what `client` registered.
async fn register(clinic: &Clinic, client: &'static str, member: &'static str, value: &'static str) {
    let context = clinic.context();
    clinic
        .write(move |tx| {
            Box::pin(async move {
                let set = |mut registration: lanyard::oauth::registration::Registration| {
                    registration.set(member, json!(value))?;
                    Ok::<_, RegistrationError>(registration)
                };
                registrar::change(tx, &context, client, (member.to_owned(), set)).await?;
                Ok(())
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_after_a_sign_out_frames_the_apps_of_the_session_and_nothing_else() {
    for clinic in Clinic::each().await {
        for client in ["portal", "guest", "own"] {
            register(&clinic, client, "frontchannel_logout_uri", "https://app.example/out?app=1").await;
        }
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        clinic.tokens(&browser, "opaque", "").await;
        let (hint, sid) = (tokens["id_token"].as_str().unwrap(), claims(&tokens["id_token"])["sid"].clone());
        let out =
            clinic.get(&format!("/oauth2/logout?id_token_hint={hint}&{BYE}&state=x"), &[("cookie", &browser)]).await;
        assert_eq!(out.status, StatusCode::OK, "{}", out.location());
        assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
        let policy = out.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.ends_with("; frame-src https://app.example") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(out.body.matches("<iframe").count(), 1, "{}", out.body);
        let sid = sid.as_str().unwrap();
        let frame =
            format!("src=\"https://app.example/out?app=1&#38;iss=http%3A%2F%2Flocalhost%3A8080&#38;sid={sid}\"");
        assert!(out.body.contains(&frame), "{}", out.body);
        // It goes on without a script, and by a link.
        for onward in [
            "http-equiv=\"refresh\" content=\"3; url=https://app.example/bye?state=x\"",
            "id=\"onward\" href=\"https://app.example/bye?state=x\"",
        ] {
            assert!(out.body.contains(onward), "{}", out.body);
        }
        let again = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}&{BYE}"), &[("cookie", &browser)]).await;
        assert_eq!(again.location(), "https://app.example/bye", "nobody is left to be told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_confirms_a_sign_out_gets_the_frames_too() {
    for clinic in Clinic::each().await {
        register(&clinic, "portal", "frontchannel_logout_uri", "https://app.example/out").await;
        let browser = clinic.browser("priya").await;
        clinic.tokens(&browser, "portal", "").await;
        let page = clinic.get("/oauth2/logout", &[("cookie", &browser)]).await;
        let csrf = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let out = clinic.post("/oauth2/logout/confirm", &[("cookie", &browser)], &format!("csrf={csrf}")).await;
        assert_eq!((out.status, out.body.matches("<iframe").count()), (StatusCode::OK, 1));
        assert!(!out.body.contains("http-equiv") && !out.body.contains("id=\"onward\""), "there is nowhere to go");
        let again = clinic.post("/oauth2/logout/confirm", &[("cookie", &browser)], &format!("csrf={csrf}")).await;
        assert_eq!(again.location(), "/oauth2/logout");
    }
}
