//! Changing the language: each page, also one that answers a form, is the same page in another language.

use crate::harness::{Answer, Browser, PASSWORD, TestApp};

/// The page in Spanish, by its own link.
async fn in_spanish(browser: &mut Browser, page: &Answer) -> Answer {
    browser.open(&page.link("/language/es")).await
}

#[tokio::test]
async fn a_page_that_answers_a_form_is_there_in_another_language() {
    for app in TestApp::each().await {
        let mut browser = app.browser();
        let page = browser.open("/password/forgotten").await;
        let sent = browser.submit(&page, "/password/forgotten", &[("user_name", "nobody@riverside.example")]).await;
        sent.expect(200, "Check your e-mail");
        in_spanish(&mut browser, &sent).await.expect(200, "Revise su correo");

        let mut browser = app.signed_in("priya@riverside.example").await;
        let page = browser.get("/account/email").await;
        let fields = [("email", "priya.nair@riverside.example"), ("current_password", PASSWORD)];
        let sent = browser.submit(&page, "/account/email", &fields).await;
        sent.expect(200, "Hello, Priya");
        app.mail().await;
        in_spanish(&mut browser, &sent).await.expect(200, "Hola, Priya");

        let mut browser = app.signed_in("max@riverside.example").await;
        let account = browser.get("/account").await;
        let out = browser.submit(&account, "/account/sign-out", &[]).await;
        out.expect(200, "signed out");
        in_spanish(&mut browser, &out).await.expect(200, "Ha cerrado la sesión");
    }
}

#[tokio::test]
async fn what_a_form_posts_to_can_be_opened() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        for (path, page) in [
            ("/account/default-organization", "/account"),
            ("/account/sessions/ses_00000000000000000000000000000000/end", "/account/sessions"),
            ("/account/sessions/end-others", "/account/sessions"),
            ("/account/sessions/end-all", "/account/sessions"),
            ("/account/apps/clinic-calendar/withdraw", "/account/apps"),
            ("/account/invitations/inv_00000000000000000000000000000000", "/account/invitations"),
        ] {
            let refused = browser.post(path, &[]).await;
            assert_eq!(refused.status, 403, "{path}");
            let there = in_spanish(&mut browser, &refused).await;
            assert_eq!((there.path.as_str(), there.status.as_u16()), (page, 200));
        }
    }
}
