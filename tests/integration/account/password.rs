//! A change of the password by the person.

use lanyard::config::Purpose;

use crate::harness::{PASSWORD, TestApp};

const NEW: &str = "four unrelated words";

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_is_told_by_mail() {
    for app in TestApp::each().await {
        let mut elsewhere = app.signed_in("priya@riverside.example").await;
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let fields = [("current_password", PASSWORD), ("new_password", NEW), ("repeated_password", NEW)];
        browser.submit(&form, "/account/password", &fields).await.expect(200, "Your password has been changed.");
        let mail = app.mail().await;
        assert_eq!((mail.to.as_str(), mail.kind.as_str()), ("priya@riverside.example", "password-changed"));
        assert_eq!(mail.path(), "/password/forgotten");
        assert!(elsewhere.open("/account").await.path.starts_with("/login/"));
        assert_eq!(app.browser().sign_in("priya@riverside.example", PASSWORD).await.status, 422);
        app.browser().sign_in("priya@riverside.example", NEW).await.expect(200, "Hello, Priya");
        assert_eq!(app.recorded("password-change", "success").await, 1);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_password_is_said_and_nothing_changes() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        for (current, new, repeated, expected) in [
            ("not-my-password", NEW, NEW, "That isn’t your current password."),
            (PASSWORD, NEW, "another", "aren’t the same"),
            (PASSWORD, "short", "short", "too short"),
            (PASSWORD, PASSWORD, PASSWORD, "the password you have now"),
            (PASSWORD, "priya@riverside.example", "priya@riverside.example", "contains your name"),
            ("", NEW, NEW, "That isn’t your current password."),
        ] {
            let fields = [("current_password", current), ("new_password", new), ("repeated_password", repeated)];
            let answer = browser.post_form(&form, "/account/password", &fields).await;
            answer.expect(422, expected);
            assert!(!answer.says(NEW) && !answer.says("not-my-password"), "a password is never shown again");
        }
        assert!(app.mails().await.is_empty());
        assert_eq!(app.recorded("sign-in", "failure").await, 2);
        app.signed_in("priya@riverside.example").await;
    }
}

#[tokio::test]
async fn the_demos_password_is_refused_where_it_is_not_the_demo() {
    for app in TestApp::each_with(|sources| sources.for_purpose(Purpose::Serve)).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let change = |current: &'static str, new: &'static str| {
            [("current_password", current), ("new_password", new), ("repeated_password", new)]
        };
        browser.submit(&form, "/account/password", &change(PASSWORD, NEW)).await.expect(200, "has been changed");
        let form = browser.get("/account/password").await;
        browser.post_form(&form, "/account/password", &change(NEW, PASSWORD)).await.expect(422, "easy to guess");
        app.browser().sign_in("priya@riverside.example", NEW).await.expect(200, "Hello, Priya");
        assert_eq!(app.mails().await.len(), 1, "one change is told of");
    }
}

#[tokio::test]
async fn guesses_at_the_present_password_are_limited() {
    for app in TestApp::each_with(|sources| sources.with("throttle.account_attempts", "3")).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let fields = [("current_password", "a guess"), ("new_password", NEW), ("repeated_password", NEW)];
        let mut statuses = vec![];
        for _ in 0..5 {
            statuses.push(browser.post_form(&form, "/account/password", &fields).await.status.as_u16());
        }
        assert_eq!((statuses[0], statuses[4]), (422, 429), "{statuses:?}");
    }
}
