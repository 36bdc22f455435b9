//! An account is taken back from whoever knew the password and locked its owner out.

use std::time::Duration;

use super::second_factor::set_up;
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const NEW: &str = "nine quiet harbour lanterns";

async fn changes_address(browser: &mut Browser, app: &TestApp, to: &str) {
    let form = browser.get("/account/email").await;
    browser.submit(&form, "/account/email", &[("email", to), ("current_password", PASSWORD)]).await;
    let page = browser.get(&app.mail().await.path()).await;
    browser.submit(&page, "/email/", &[]).await.expect(200, "Your new e-mail is confirmed.");
}

/// Opens the link, presses the button, and chooses a new password.
async fn takes_back(owner: &mut Browser, link: &str) -> Answer {
    let page = owner.get(link).await;
    page.expect(200, "Take your account back");
    let page = owner.submit(&page, "/take-back/", &[]).await;
    assert!(page.path.starts_with("/password/"), "{}", page.path);
    owner.submit(&page, "/password/", &[("new_password", NEW), ("repeated_password", NEW)]).await
}

#[tokio::test]
async fn whoever_is_locked_out_by_a_first_factor_takes_the_account_back() {
    for app in TestApp::each().await {
        let mut thief = app.signed_in(PRIYA).await;
        set_up(&app, &mut thief).await;
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (PRIYA, "factor-added"));
        let link = told.path();
        assert!(link.starts_with("/take-back/"), "{link}");

        // Looking at it changes nothing, and so does pressing without the form's token.
        let mut owner = app.browser();
        owner.get(&link).await;
        owner.post(&link, &[]).await.expect(403, "");
        thief.open("/account/security").await.expect(200, "My phone");

        let mut reset = app.browser();
        let page = reset.get(&link).await;
        let done = reset.submit(&page, "/take-back/", &[]).await;
        assert!(done.path.starts_with("/password/"), "{}", done.path);
        assert_eq!(app.mail().await.kind, "account-taken-back");
        assert!(thief.open("/account").await.path.starts_with("/login/password"), "signed out everywhere");
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(422, "");
        reset.get(&link).await.expect(410, "no longer works");
        reset.submit(&done, "/password/", &[("new_password", NEW), ("repeated_password", NEW)]).await;
        assert_eq!(app.mail().await.kind, "password-changed");
        let mut browser = app.browser();
        browser.sign_in(PRIYA, NEW).await.expect(200, "Hello, Priya Nair");
        browser.open("/account/security").await.expect(200, "You have none yet");
        assert_eq!(
            (app.recorded("account-take-back", "success").await, app.recorded("factor-removal", "success").await),
            (1, 1)
        );
        app.leaves_jobs();
    }
}

#[tokio::test]
async fn the_link_is_good_for_three_days_and_for_the_first_factor_of_a_proved_address_alone() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up(&app, &mut browser).await;
        let link = app.mail().await.path();
        set_up(&app, &mut browser).await;
        assert_eq!(app.mail().await.path(), "/account/security", "not for the second one");
        app.wait(Duration::from_hours(72) - Duration::from_secs(1));
        app.browser().get(&link).await.expect(200, "Take your account back");
        app.wait(Duration::from_secs(1));
        let mut late = app.browser();
        late.get(&link).await.expect(410, "no longer works");
        late.get("/take-back/x").await.expect(410, "no longer works");

        let max = app.user("max@riverside.example").await.id;
        let done: Result<(), lanyard::storage::Error> = unit!(app, |tx| {
            let change = "UPDATE users SET email_verified_at = NULL WHERE id = $1";
            lanyard::storage::sql(change).bind(max.as_str().to_owned()).execute(tx.connection()).await?;
            Ok(())
        });
        done.unwrap();
        let mut max = app.signed_in("max@riverside.example").await;
        set_up(&app, &mut max).await;
        assert_eq!(app.mail().await.path(), "/account/security", "nobody knows whose mailbox that is");
    }
}

#[tokio::test]
async fn a_changed_address_is_taken_back_too_and_the_older_link_wins() {
    for app in TestApp::each().await {
        let mut thief = app.signed_in(PRIYA).await;
        changes_address(&mut thief, &app, "thief@evil.example").await;
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (PRIYA, "email-changed"));
        let link = told.path();
        app.wait(Duration::from_mins(1));
        set_up(&app, &mut thief).await;
        let theirs = app.mail().await;
        assert_eq!(theirs.to, "thief@evil.example");
        // Theirs does not make the owner's void, but the other way.
        let mut other = app.browser();
        takes_back(&mut other, &theirs.path()).await;
        app.mails().await;
        app.wait(Duration::from_mins(1));
        let mut thief = app.browser();
        thief.sign_in("thief@evil.example", NEW).await.expect(200, "Hello, Priya Nair");
        set_up(&app, &mut thief).await;
        let third = app.mail().await.path();

        let mut owner = app.browser();
        takes_back(&mut owner, &link).await;
        assert_eq!(app.mails().await.iter().filter(|mail| mail.to == PRIYA).count(), 2);
        thief.get(&third).await.expect(410, "no longer works");
        assert!(thief.open("/account").await.path.starts_with("/login/password"));
        app.browser().sign_in("thief@evil.example", NEW).await.expect(422, "");
        owner.sign_in(PRIYA, NEW).await.expect(200, "Hello, Priya Nair");
    }
}
