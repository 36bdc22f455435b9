//! Strangers of the same network, who send whatever they like: nobody who is known is held up by them.

use std::time::Duration;

use super::{
    passkeys::{Device, state_of},
    second_factor::{code_of, set_up},
    stations::at_the_desk,
};
use crate::harness::{Browser, PASSWORD, TestApp};

const PRIYA: &str = "priya@riverside.example";
const MAX: &str = "max@riverside.example";

/// Three failures of a network are free.
async fn each() -> Vec<TestApp> {
    TestApp::each_with(|sources| sources.with("throttle.address_attempts", "3")).await
}

async fn signs_out(browser: &mut Browser) {
    let account = browser.get("/account").await;
    browser.post_form(&account, "/account/sign-out", &[]).await;
}

/// Somebody sends answers of no passkey until the network waits.
async fn flood(app: &TestApp) {
    let mut stranger = app.browser();
    let page = stranger.get("/login/password").await;
    let state = state_of(&page);
    for expected in [422, 422, 422, 429] {
        let fields = [("state", state.as_str()), ("answer", "{}")];
        assert_eq!(stranger.post_form(&page, "/login/passkey", &fields).await.status, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_stops_no_passkey_of_a_known_browser_or_a_workstation() {
    for app in each().await {
        let mut known = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut known).await;
        app.mails().await;
        signs_out(&mut known).await;
        let mut desk = at_the_desk(&app).await;
        flood(&app).await;
        let mut unknown = app.browser();
        let page = unknown.get("/login/password").await;
        assert_eq!(device.post(&mut unknown, &page).await.status, 429, "an unknown browser waits");
        for browser in [&mut known, &mut desk] {
            let page = browser.get("/login/password").await;
            device.post(browser, &page).await.expect(200, "Hello, Priya");
        }
        // Nor does whoever is signed in wait where they change the password.
        let form = known.get("/account/password").await;
        let fields = [("current_password", "wrong"), ("new_password", "short"), ("repeated_password", "short")];
        known.post_form(&form, "/account/password", &fields).await.expect(422, "That isn’t your current password.");
        // A workstation has a count of its own.
        signs_out(&mut desk).await;
        let page = desk.get("/login/password").await;
        let state = state_of(&page);
        for expected in [422, 422, 422, 429] {
            let fields = [("state", state.as_str()), ("answer", "{}")];
            assert_eq!(desk.post_form(&page, "/login/passkey", &fields).await.status, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_stops_no_code_of_a_known_browser_and_guesses_stay_counted() {
    for app in each().await {
        let mut known = app.signed_in(MAX).await;
        let (seed, _) = set_up(&app, &mut known).await;
        app.mails().await;
        signs_out(&mut known).await;
        let mut desk = at_the_desk(&app).await;
        let mut unknown = app.browser();
        let strange = unknown.sign_in(MAX, PASSWORD).await;
        let at_desk = desk.sign_in(MAX, PASSWORD).await;
        app.wait(Duration::from_secs(30));
        flood(&app).await;
        let code = code_of(&seed, app.app.clock.now());
        assert_eq!(unknown.post_form(&strange, "/login/factor", &[("code", &code)]).await.status, 429);
        let asked = known.sign_in(MAX, PASSWORD).await;
        known.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Max");
        // The same person's guesses are counted together, wherever they are known.
        signs_out(&mut known).await;
        let asked = known.sign_in(MAX, PASSWORD).await;
        let mut statuses = vec![];
        for _ in 0..3 {
            statuses.push(known.post_form(&asked, "/login/factor", &[("code", "abcdef")]).await.status.as_u16());
            statuses.push(desk.post_form(&at_desk, "/login/factor", &[("code", "abcdef")]).await.status.as_u16());
        }
        assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
        assert_eq!(app.mail().await.kind, "codes-guessed");
    }
}
