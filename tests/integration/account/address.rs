//! Another e-mail address, once a link that was mailed to it has been confirmed.

use std::time::Duration;

use crate::harness::{Answer, Browser, PASSWORD, TestApp};

async fn ask(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let form = browser.get("/account/email").await;
    browser.submit(&form, "/account/email", &[("email", email), ("current_password", password)]).await
}

#[tokio::test]
async fn the_login_moves_once_the_new_address_is_confirmed() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        ask(&mut browser, "priya.nair@riverside.example", PASSWORD).await.expect(200, "We’ve sent a link to");
        let mail = app.mail().await;
        assert_eq!((mail.to.as_str(), mail.kind.as_str()), ("priya.nair@riverside.example", "email-verification"));
        assert!(app.user("priya@riverside.example").await.email.is_some(), "nothing has changed yet");

        let page = browser.get(&mail.path()).await;
        page.expect(200, "priya.nair@riverside.example");
        browser.submit(&page, "/email/", &[]).await.expect(200, "Your new e-mail is confirmed.");
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), ("priya@riverside.example", "email-changed"));
        browser.post_form(&page, "/email/", &[]).await.expect(410, "no longer works");
        assert_eq!(app.browser().sign_in("priya@riverside.example", PASSWORD).await.status, 422);
        app.browser().sign_in("priya.nair@riverside.example", PASSWORD).await.expect(200, "Hello, Priya");
        assert_eq!(app.recorded("email-change", "success").await, 1);
    }
}

#[tokio::test]
async fn whether_an_address_has_an_account_does_not_show() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        ask(&mut browser, "max@riverside.example", PASSWORD).await.expect(200, "We’ve sent a link to max@");
        assert!(app.mails().await.is_empty());
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_said_and_no_letter_is_sent() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        for (email, password, expected) in [
            ("priya@", PASSWORD, "e-mail"),
            ("PRIYA@riverside.example", PASSWORD, "can’t be used"),
            ("new@riverside.example", "not-my-password", "isn’t your current password"),
        ] {
            ask(&mut browser, email, password).await.expect(422, expected);
        }
        assert!(app.mails().await.is_empty());
    }
}

#[tokio::test]
async fn a_link_is_good_for_an_hour_and_until_the_next_one() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        ask(&mut browser, "first@riverside.example", PASSWORD).await.expect(200, "sent");
        let first = app.mail().await.path();
        ask(&mut browser, "second@riverside.example", PASSWORD).await.expect(200, "sent");
        let second = app.mail().await.path();
        browser.get(&first).await.expect(410, "no longer works");
        browser.get(&second).await.expect(200, "second@riverside.example");
        app.wait(Duration::from_secs(3600));
        browser.get(&second).await.expect(410, "no longer works");
    }
}

#[tokio::test]
async fn an_address_that_somebody_took_meanwhile_is_not_moved_to() {
    for app in TestApp::each().await {
        let mut priya = app.signed_in("priya@riverside.example").await;
        let mut max = app.signed_in("max@riverside.example").await;
        let mut links = vec![];
        for browser in [&mut priya, &mut max] {
            ask(browser, "shared@riverside.example", PASSWORD).await.expect(200, "sent");
            links.push(app.mail().await.path());
        }
        let page = max.get(&links[1]).await;
        max.submit(&page, "/email/", &[]).await.expect(200, "confirmed");
        let page = priya.get(&links[0]).await;
        priya.post_form(&page, "/email/", &[]).await.expect(410, "no longer works");
        assert_eq!(app.user("priya@riverside.example").await.name.as_str(), "Priya Nair");
        assert_eq!(app.mail().await.to, "max@riverside.example", "who moved is told at the former address");
    }
}
