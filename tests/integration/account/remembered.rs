//! Browsers in which the second factor is not asked for again.

use std::time::Duration;

use lanyard::setting::Setting;

use super::{
    crowds::rule,
    second_factor::{code_of, codes_of, set_up},
};
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";

/// Signs in with a code, ticking this.
pub(super) async fn with_code(app: &TestApp, browser: &mut Browser, seed: &str, remember: &str) -> Answer {
    app.wait(Duration::from_mins(1));
    let asked = browser.sign_in(PRIYA, PASSWORD).await;
    let code = code_of(seed, app.app.clock.now());
    browser.submit(&asked, "/login/factor", &[("code", &code), ("remember", remember)]).await
}

pub(super) async fn is_asked(browser: &mut Browser) -> bool {
    let page = browser.sign_in(PRIYA, PASSWORD).await;
    if page.path.starts_with("/login/factor") {
        return true;
    }
    page.expect(200, "Hello, Priya Nair");
    sign_out(browser).await;
    false
}

pub(super) async fn sign_out(browser: &mut Browser) {
    let page = browser.open("/account/sign-out").await;
    browser.submit(&page, "/account/sign-out", &[]).await;
}

async fn acr_of(app: &TestApp) -> (String, String) {
    let user = app.user(PRIYA).await;
    let sessions: Result<Vec<_>, lanyard::storage::Error> = unit!(app, |tx| tx.sessions().of_user(&user.id).await);
    let mut live: Vec<_> = sessions.unwrap().into_iter().filter(|session| session.ended_at.is_none()).collect();
    live.sort_by_key(|session| session.created_at);
    live.pop().map(|session| (session.acr, session.amr.join(" "))).expect("a session")
}

#[tokio::test]
async fn a_browser_is_remembered_where_a_rule_lets_it_and_for_as_long() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        app.mail().await;
        let mut own = app.browser();
        with_code(&app, &mut own, &seed, "yes").await.expect(200, "Hello, Priya Nair");
        sign_out(&mut own).await;
        let page = own.sign_in(PRIYA, PASSWORD).await;
        assert!(page.path.starts_with("/login/factor") && !page.says("name=\"remember\""), "no rule lets it");

        rule(&app, Setting::FactorRemember, "7d").await;
        let mut own = app.browser();
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "on this device for 7 days");
        with_code(&app, &mut own, &seed, "yes").await.expect(200, "Hello, Priya Nair");
        sign_out(&mut own).await;
        assert_eq!(app.recorded("device-remembering", "success").await, 1);
        let page = own.sign_in(PRIYA, PASSWORD).await;
        page.expect(200, "Hello, Priya Nair");
        assert_eq!(acr_of(&app).await, ("urn:lanyard:acr:remembered-device".to_owned(), "pwd".to_owned()));
        // Whoever changes what they sign in with, or where their letters go, proves all of it.
        let token = app.token(&own, "/account/email");
        let fields = [("csrf", token.as_str()), ("email", "thief@elsewhere.example"), ("current_password", PASSWORD)];
        let asked = own.post("/account/email", &fields).await;
        assert!(asked.location().is_some_and(|to| to.starts_with("/login")), "{:?}", asked.location());
        assert!(own.open("/account/password").await.path.starts_with("/login/password"));
        assert!(app.mails().await.is_empty(), "no letter goes to an address of somebody who knows a password");
        let asked = own.open("/account/security").await;
        assert!(asked.path.starts_with("/login/password"), "{}", asked.path);
        let fields = [("user_name", PRIYA), ("password", PASSWORD)];
        let asked = own.submit(&asked, "/login/password", &fields).await;
        assert!(asked.path.starts_with("/login/factor"), "{}", asked.path);
        app.wait(Duration::from_mins(1));
        let code = code_of(&seed, app.app.clock.now());
        own.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Remembered browsers");
        sign_out(&mut own).await;

        assert!(is_asked(&mut app.browser()).await, "another browser is asked");
        app.wait(Duration::from_hours(7 * 24 - 1));
        assert!(!is_asked(&mut own).await);
        app.wait(Duration::from_hours(1));
        assert!(is_asked(&mut own).await, "for seven days");
        app.leaves_jobs();
    }
}

#[tokio::test]
async fn it_ends_with_the_password_with_any_factor_and_when_somebody_says_so() {
    for how in ["button", "factor", "rule", "password", "recovery code"] {
        for app in TestApp::each().await {
            rule(&app, Setting::FactorRemember, "30d").await;
            let mut browser = app.signed_in(PRIYA).await;
            let (seed, done) = set_up(&app, &mut browser).await;
            let mut own = app.browser();
            if how == "recovery code" {
                let asked = own.sign_in(PRIYA, PASSWORD).await;
                let code = codes_of(&done).remove(0);
                let fields = [("code", code.as_str()), ("remember", "yes")];
                own.submit(&asked, "/login/factor", &fields).await.expect(200, "Hello, Priya Nair");
                sign_out(&mut own).await;
            } else {
                with_code(&app, &mut own, &seed, "yes").await.expect(200, "Hello, Priya Nair");
                sign_out(&mut own).await;
                assert!(!is_asked(&mut own).await, "{how}");
            }
            let mut changed = PASSWORD;
            match how {
                "button" => {
                    let list = browser.open("/account/security").await;
                    let said = browser.submit(&list, "/account/security/devices", &[]).await;
                    said.expect(200, "second step everywhere again");
                    assert!(!said.says("Remembered browsers"));
                    assert_eq!(app.recorded("devices-forgetting", "success").await, 1);
                }
                "factor" => {
                    set_up(&app, &mut browser).await;
                }
                "rule" => rule(&app, Setting::FactorRemember, "0d").await,
                "password" => {
                    changed = "nine quiet harbour lanterns";
                    let form = browser.open("/account/password").await;
                    let fields =
                        [("current_password", PASSWORD), ("new_password", changed), ("repeated_password", changed)];
                    browser.submit(&form, "/account/password", &fields).await.expect(200, "");
                }
                _ => {}
            }
            app.wait(Duration::from_secs(1));
            let page = own.sign_in(PRIYA, changed).await;
            assert!(page.path.starts_with("/login/factor"), "{how}: {}", page.path);
            app.leaves_jobs();
        }
    }
}
