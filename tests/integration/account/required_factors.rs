//! A second step that rules ask for: set up on the way, now or from a day on, and proved from then on.

use std::time::Duration;

use lanyard::setting::Setting;

use super::{
    crowds::rule,
    passkeys::Device,
    second_factor::{code_of, codes_of, seed_of, set_up},
};
use crate::harness::{PASSWORD, TestApp};

const PRIYA: &str = "priya@riverside.example";
const CHOICE: &str = "/account/enrolment";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_none_sets_one_up_at_the_next_sign_in_and_goes_on() {
    for app in TestApp::each().await {
        let mut running = app.signed_in(PRIYA).await;
        let open = running.open("/account/name").await;
        rule(&app, Setting::FactorRequired, "multi-factor").await;
        let sent = running.submit(&open, "/account/name", &[("given_name", "P"), ("family_name", "N")]).await;
        sent.expect(200, "asks for a second step");
        assert!(sent.path.starts_with(CHOICE), "a form that was open leads there too: {}", sent.path);
        assert_eq!(app.user(PRIYA).await.name.as_str(), "Priya Nair", "nothing was changed");
        let asked = running.open("/account/name").await;
        assert!(asked.path.starts_with(CHOICE), "what runs is asked as well: {}", asked.path);

        let mut browser = app.browser();
        let page = browser.open("/account/name").await;
        let fields = [("user_name", PRIYA), ("password", PASSWORD)];
        let choice = browser.submit(&page, "/login/password", &fields).await;
        choice.expect(200, "asks for a second step").expect(200, "Add a passkey").expect(200, "someone else");
        assert!(choice.path.starts_with(CHOICE) && !choice.body.contains("Later"), "{}", choice.path);
        for path in ["/account", "/account/sessions", "/account/security", "/account/password"] {
            assert!(browser.open(path).await.path.starts_with(CHOICE), "{path} is closed");
        }
        let form = browser.submit(&choice, "/account/security/apps", &[]).await;
        assert!(!form.body.contains("class=\"tabs\""), "no other page is offered");
        let seed = seed_of(&form);
        let wrong = browser.post_form(&form, "/account/security/fac_", &[("code", "000000"), ("name", "")]).await;
        wrong.expect(422, "present code");
        let code = code_of(&seed, app.app.clock.now());
        let codes = browser.submit(&form, "/account/security/fac_", &[("code", &code), ("name", "")]).await;
        codes.expect(200, "Your recovery codes");
        assert_eq!((codes_of(&codes).len(), app.mail().await.kind.as_str()), (10, "factor-added"));
        browser.open(&codes.link("/login?")).await.expect(200, "Full name");

        let mut next = app.browser();
        next.sign_in(PRIYA, PASSWORD).await.expect(200, "One more step");
        assert!(running.open("/account").await.path.starts_with("/login/password"), "the password alone is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_day_it_may_be_put_off_and_not_after() {
    for app in TestApp::each().await {
        let day = app.app.clock.now().plus(Duration::from_hours(48)).to_string();
        rule(&app, Setting::FactorRequired, format!("multi-factor from {day}").leak()).await;
        let mut browser = app.browser();
        let choice = browser.sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "your organization asks for a second step").expect(200, "Later");
        browser.open("/account").await.expect(200, "Hello, Priya Nair");
        assert!(choice.body.contains("<a href=\"/account\">Later</a>"), "{}", choice.body);
        app.wait(Duration::from_hours(48));
        let choice = app.browser().sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "Set one up to go on");
        assert!(!choice.body.contains("Later"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_key_is_asked_for_an_app_is_not_enough_and_a_lost_key_is_replaced_by_a_recovery_code() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, done) = set_up(&app, &mut browser).await;
        app.mail().await;
        let codes = codes_of(&done);
        rule(&app, Setting::FactorRequired, "phishing-resistant").await;
        let choice = browser.open("/account").await;
        choice.expect(200, "a passkey or a security key");
        assert!(!choice.body.contains("/account/security/apps"), "no app is offered");
        let (_, done) = Device::set_up_from(&mut browser, &choice.link("/account/security/passkeys")).await;
        assert_eq!((done.path.as_str(), app.mail().await.kind.as_str()), ("/account", "passkey-added"));

        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "asks for your passkey or security key here");
        app.wait(Duration::from_secs(30));
        let code = code_of(&seed, app.app.clock.now());
        let recovery = new.get(&asked.link("/login/factor")).await;
        new.post_form(&recovery, "/login/factor", &[("code", &code)]).await.expect(422, "isn’t right");
        let lost = new.submit(&recovery, "/login/factor", &[("code", &codes[0])]).await;
        assert_eq!(app.mail().await.kind, "recovery-code-used");
        lost.expect(200, "set up another");
        assert!(new.open("/account").await.path.starts_with("/login/factor"), "a recovery code opens nothing else");
        let choice = new.open(&lost.link(CHOICE)).await;
        let (_, done) = Device::set_up_from(&mut new, &choice.link("/account/security/passkeys")).await;
        assert_eq!((done.path.as_str(), app.mail().await.kind.as_str()), ("/account", "passkey-added"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_open_leads_whoever_proved_a_factor_long_ago_to_it_and_nobody_else() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up(&app, &mut browser).await;
        app.mail().await;
        let form = browser.open("/account/name").await;
        app.wait(Duration::from_mins(30));
        rule(&app, Setting::FactorRequired, "phishing-resistant").await;
        let fields = [("given_name", "P"), ("family_name", "N")];
        let sent = browser.submit(&form, "/account/name", &fields).await;
        sent.expect(200, "");
        assert_ne!(sent.path, "/account/name", "{}", sent.body);
        browser.forget("lanyard-session");
        let nobody = browser.post_form(&form, "/account/name", &fields).await;
        assert_eq!((nobody.status, nobody.location()), (axum::http::StatusCode::FORBIDDEN, None), "{}", nobody.body);
        assert_eq!(app.user(PRIYA).await.name.as_str(), "Priya Nair", "nothing was changed");
    }
}
