//! OpenID Connect RP-Initiated Logout 1.0.

use axum::http::{StatusCode, header};
use lanyard::{
    audit::Actor,
    keys::{Task, jws::key_named},
};

use super::{
    authorization::foreign_hints,
    clinic::{Clinic, request},
};

const BYE: &str = "post_logout_redirect_uri=https://app.example/bye";

#[tokio::test(flavor = "multi_thread")]
async fn with_its_id_token_an_app_signs_the_person_out_and_gets_the_browser_back() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let hint = clinic.tokens(&browser, "portal", "").await["id_token"].as_str().unwrap().to_owned();
        let out =
            clinic.get(&format!("/oauth2/logout?id_token_hint={hint}&{BYE}&state=x"), &[("cookie", &browser)]).await;
        assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "https://app.example/bye?state=x"));
        assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"), "{}", out.header(header::SET_COOKIE));
        let silent = clinic.authorize(&browser, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        assert_eq!(clinic.recorded("sign-out").await, 1);
        let again = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}&{BYE}"), &[("cookie", &browser)]).await;
        assert_eq!(again.location(), "https://app.example/bye");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_proof_the_person_is_asked() {
    for clinic in Clinic::each().await {
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let hint = clinic.tokens(&priya, "portal", "").await["id_token"].as_str().unwrap().to_owned();
        for (case, query) in [
            ("nothing", String::new()),
            ("a client alone", format!("client_id=portal&{BYE}")),
            ("a hint of somebody else", format!("id_token_hint={hint}&{BYE}")),
        ] {
            let page = clinic.get(&format!("/oauth2/logout?{query}"), &[("cookie", &olivia)]).await;
            assert_eq!(page.status, StatusCode::OK, "{case}: {}", page.location());
            assert!(page.body.contains("action=\"/oauth2/logout/confirm\""), "{case}: {}", page.body);
        }
        let csrf = clinic.get(&format!("/oauth2/logout?client_id=portal&{BYE}"), &[("cookie", &olivia)]).await;
        let csrf = csrf.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = format!("csrf={csrf}&client_id=portal&{BYE}&state=y");
        let out = clinic.post("/oauth2/logout/confirm", &[("cookie", &olivia)], &form).await;
        assert_eq!(out.location(), "https://app.example/bye?state=y");
        // Without an app to go back to: a page that can be opened again, in another language for example.
        let (nobody, alone) = (clinic.stranger(), format!("csrf={csrf}"));
        let done = clinic.post("/oauth2/logout/confirm", &[("cookie", &nobody)], &alone).await;
        assert_eq!(done.location(), "/oauth2/logout");
        assert_eq!(clinic.get(done.location(), &[("cookie", &nobody)]).await.status, StatusCode::OK);
        let opened = clinic.get("/oauth2/logout/confirm", &[("cookie", &nobody)]).await;
        assert_eq!(opened.location(), "/oauth2/logout");
        let forged = clinic.post("/oauth2/logout/confirm", &[("cookie", &priya)], &form.replace(&csrf, "x")).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert_eq!(clinic.recorded("sign-out").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_is_not_ours_ends_nothing_and_one_whose_key_is_gone_asks() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let (hint, access) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        for (case, foreign) in foreign_hints(hint, access) {
            let query = format!("id_token_hint={foreign}&client_id=portal&{BYE}");
            let shown = clinic.get(&format!("/oauth2/logout?{query}"), &[("cookie", &browser)]).await;
            assert_eq!((shown.status, shown.location()), (StatusCode::BAD_REQUEST, ""), "{case}");
            assert!(shown.body.contains("invalid_request"), "{case}: {}", shown.body);
            let kept = clinic.post("/oauth2/logout", &[], &query).await;
            assert_eq!((kept.status, kept.location()), (StatusCode::BAD_REQUEST, ""), "{case}");
        }
        clinic.app.change_keys(Task::Revoke(key_named(hint).unwrap()), Actor::Server).await.unwrap();
        let query = format!("id_token_hint={hint}&client_id=portal&{BYE}");
        let page = clinic.get(&format!("/oauth2/logout?{query}"), &[("cookie", &browser)]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("action=\"/oauth2/logout/confirm\""), "{}", page.body);
        assert_eq!(clinic.recorded("sign-out").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_is_sent_to_registered_addresses_alone() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let hint = clinic.tokens(&browser, "portal", "").await["id_token"].as_str().unwrap().to_owned();
        for (case, query) in [
            ("another address", format!("id_token_hint={hint}&post_logout_redirect_uri=https://evil.example/")),
            ("a damaged hint", format!("id_token_hint=no.token.really&{BYE}")),
            ("no client", BYE.to_owned()),
            ("another client", format!("id_token_hint={hint}&client_id=own&{BYE}")),
            ("repeated", format!("client_id=portal&client_id=portal&{BYE}")),
        ] {
            let answer = clinic.get(&format!("/oauth2/logout?{query}"), &[("cookie", &browser)]).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{case}");
            assert!(answer.body.contains("sent a sign-out request"), "{case}: {}", answer.body);
        }
        let stranger =
            clinic.get(&format!("/oauth2/logout?client_id=portal&{BYE}"), &[("cookie", &clinic.stranger())]).await;
        assert_eq!(stranger.location(), "https://app.example/bye");
        let posted = clinic.post("/oauth2/logout", &[], &format!("id_token_hint={hint}")).await;
        assert!(posted.location().starts_with("/oauth2/logout?stored="));
        let out = clinic.get(posted.location(), &[("cookie", &browser)]).await;
        assert_eq!(out.status, StatusCode::OK);
        assert_eq!(clinic.recorded("sign-out").await, 1);
    }
}
