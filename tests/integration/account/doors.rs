//! What keeps everybody but the person out: sign-in, form tokens, and that nothing of others can be named.

use super::PAGES;
use crate::harness::{PASSWORD, TestApp};

#[tokio::test]
async fn every_page_asks_for_sign_in_and_comes_back() {
    for app in TestApp::each().await {
        for path in PAGES {
            let mut browser = app.browser();
            let page = browser.open(path).await;
            assert!(page.path.starts_with("/login/password?return="), "{path}: {}", page.path);
            let fields = [("user_name", "priya@riverside.example"), ("password", PASSWORD)];
            let back = browser.submit(&page, "/login/password", &fields).await;
            assert_eq!((back.path.as_str(), back.status.as_u16()), (path, 200));
            assert!(back.headers["cache-control"].to_str().expect("ASCII").contains("no-store"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_form_asks_for_sign_in_and_a_token_of_this_browser() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let stranger = app.signed_in("max@riverside.example").await;
        for path in [
            "/account/name",
            "/account/password",
            "/account/email",
            "/account/language",
            "/account/default-organization",
            "/account/sessions/ses_00000000000000000000000000000000/end",
            "/account/sessions/end-others",
            "/account/sessions/end-all",
            "/account/apps/clinic-calendar/withdraw",
            "/account/invitations/inv_00000000000000000000000000000000",
            "/account/sign-out",
        ] {
            let foreign = app.token(&stranger, path);
            for token in ["", foreign.as_str()] {
                let answer = browser.post(path, &[("csrf", token), ("name", "x")]).await;
                assert_eq!(answer.status, 403, "{path}");
            }
            let mut nobody = app.browser();
            nobody.get("/login/password").await;
            let token = app.token(&nobody, path);
            let answer = nobody.post(path, &[("csrf", token.as_str())]).await;
            let expected = if path == "/account/sign-out" { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{path}");
        }
        assert_eq!(app.user("priya@riverside.example").await.name.as_str(), "Priya Nair");
    }
}

#[tokio::test]
async fn an_app_that_was_allowed_nothing_answers_as_if_it_did_not_exist() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        for client in ["clinic-calendar", "nothing"] {
            let path = format!("/account/apps/{client}/withdraw");
            let token = app.token(&browser, &path);
            assert_eq!(browser.post(&path, &[("csrf", token.as_str())]).await.status, 404, "{client}");
        }
    }
}
