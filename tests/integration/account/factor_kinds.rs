//! Which factors rules let people set up and use.

use std::time::Duration;

use lanyard::setting::Setting;

use super::{
    crowds::rule,
    passkeys::Device,
    second_factor::{code_of, set_up},
};
use crate::harness::{PASSWORD, TestApp};

const PRIYA: &str = "priya@riverside.example";
const SECURITY: &str = "/account/security";

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_rules_leave_out_is_not_set_up() {
    for (kinds, gone, stays) in [
        ("passkey", "Add an authenticator app", "Add a passkey"),
        ("totp", "Add a passkey", "Add an authenticator app"),
    ] {
        for app in TestApp::each().await {
            let mut browser = app.signed_in(PRIYA).await;
            let before = browser.open(SECURITY).await;
            before.expect(200, gone).expect(200, stays);
            rule(&app, Setting::FactorKinds, kinds).await;
            let list = browser.open(SECURITY).await;
            assert!(list.says(stays) && !list.says(gone), "{kinds}");
            if kinds == "passkey" {
                browser.post_form(&before, "/account/security/apps", &[]).await.expect(403, "");
            } else {
                browser.get("/account/security/passkeys").await.expect(403, "");
                let form = list.form("/account/security/apps");
                browser
                    .post("/account/security/passkeys", &[("csrf", &form.1), ("answer", "{}")])
                    .await
                    .expect(403, "");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_rules_leave_out_proves_nobody_who_has_another() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        rule(&app, Setting::FactorKinds, "passkey").await;
        app.wait(Duration::from_mins(1));
        let mut first = app.browser();
        let asked = first.sign_in(PRIYA, PASSWORD).await;
        let code = code_of(&seed, app.app.clock.now());
        first.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");

        let (mut device, done) = Device::set_up(&mut browser).await;
        done.expect(200, "The passkey has been added.");
        app.wait(Duration::from_mins(1));
        let mut second = app.browser();
        let asked = second.sign_in(PRIYA, PASSWORD).await;
        assert!(asked.says("Use your passkey") && !asked.says("name=\"code\""), "an app is not asked for any more");
        let form = second.get(&asked.link("/login/factor")).await;
        let code = code_of(&seed, app.app.clock.now());
        second.post_form(&form, "/login/factor", &[("code", &code)]).await.expect(422, "");
        device.post(&mut second, &asked).await.expect(200, "Hello, Priya Nair");

        rule(&app, Setting::FactorKinds, "totp").await;
        let mut third = app.browser();
        let page = third.get("/login/password").await;
        device.post(&mut third, &page).await.expect(422, "isn’t registered here");
        let asked = third.sign_in(PRIYA, PASSWORD).await;
        assert!(asked.says("name=\"code\"") && !asked.says("data-passkey"), "a passkey is not asked for any more");
        app.wait(Duration::from_mins(1));
        let code = code_of(&seed, app.app.clock.now());
        third.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        app.leaves_jobs();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_asks_for_its_owner_and_is_of_a_model_where_rules_say_so() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut browser).await;
        device.verifies = false;
        rule(&app, Setting::FactorPasskeyUserVerification, "required").await;
        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "userVerification&#34;:&#34;required");
        device.post(&mut new, &asked).await.expect(422, "could not be checked");
        device.verifies = true;
        let asked = new.open("/account").await;
        device.post(&mut new, &asked).await.expect(200, "Hello, Priya Nair");

        rule(&app, Setting::FactorPasskeyModels, "ee882879-721c-4913-9775-3dfcce97072a").await;
        let page = browser.open("/account/security/passkeys").await;
        page.expect(200, "attestation&#34;:&#34;direct");
        let (_, refused) = Device::set_up(&mut browser).await;
        refused.expect(422, "certain models");
        app.leaves_jobs();
    }
}
