//! Shared workstations: one person after the other works, and nothing of one stays for the next.

use std::time::Duration;

use lanyard::{audit::Actor, directory::station, setting::Setting};

use super::{
    crowds::rule,
    passkeys::Device,
    remembered::{is_asked, sign_out, with_code},
    second_factor::set_up,
};
use crate::harness::{Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const MAX: &str = "max@riverside.example";

/// The link of a new workstation of Riverside.
async fn link(app: &TestApp) -> String {
    link_of(app, ("front-desk", "Front desk")).await
}

async fn link_of(app: &TestApp, (slug, name): (&str, &str)) -> String {
    let (context, at) = (app.app.context(Actor::Server), app.organization("riverside").await);
    let (token, hash) = app.app.random.token();
    let what = (slug.parse().unwrap(), name.parse().unwrap());
    let made: lanyard::directory::Result<_> = unit!(app, |tx| station::create(tx, &context, &at, what, hash).await);
    made.unwrap();
    format!("/station/{}", lanyard::secret::ExposeSecret::expose_secret(&token))
}

/// A browser that is one.
pub(super) async fn at_the_desk(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    becomes_the_desk(app, &mut browser).await;
    browser
}

async fn becomes_the_desk(app: &TestApp, browser: &mut Browser) {
    let page = browser.open(&link(app).await).await;
    page.expect(200, "Make this browser a shared workstation").expect(200, "Front desk");
    let done = browser.submit(&page, "/station/", &[]).await;
    done.expect(200, "is a shared workstation now").expect(200, "Front desk · Riverside");
}

async fn removed(app: &TestApp) {
    let (context, at) = (app.app.context(Actor::Server), app.organization("riverside").await);
    let removed: lanyard::directory::Result<_> =
        unit!(app, |tx| station::remove(tx, &context, &at, &"front-desk".parse().unwrap()).await);
    removed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_makes_one_browser_a_workstation_once() {
    for app in TestApp::each().await {
        let link = link(&app).await;
        let mut browser = app.signed_in(PRIYA).await;
        let page = browser.open(&link).await;
        let mut late = app.browser();
        let other = late.open(&link).await;
        browser.submit(&page, "/station/", &[]).await.expect(200, "shared workstation now");
        assert!(browser.open("/account").await.path.starts_with("/login"), "whoever was signed in is signed out");
        assert!(late.post_form(&other, "/station/", &[]).await.status.is_client_error(), "once");
        assert!(
            late.get(&link).await.status.is_client_error() && late.get("/station/x").await.status.is_client_error()
        );
        late.sign_in(PRIYA, PASSWORD).await.expect(200, "Sign out");
        assert_eq!(app.recorded("station-registration", "success").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_there_are_short_and_nobody_is_named_to_the_next() {
    for app in TestApp::each().await {
        let mut desk = at_the_desk(&app).await;
        let mut elsewhere = app.signed_in(MAX).await;
        let account = desk.sign_in(PRIYA, PASSWORD).await;
        account.expect(200, "Lock").expect(200, "http-equiv=\"refresh\" content=\"301; url=/login/away\"");
        app.wait(Duration::from_mins(4));
        desk.open("/account").await.expect(200, "Hello, Priya Nair");
        app.wait(Duration::from_mins(4));
        desk.open("/login/away").await.expect(200, "Are you still there?");
        app.wait(Duration::from_mins(1));
        let asked = desk.open("/account").await;
        assert!(asked.path.starts_with("/login/password"), "{}", asked.path);
        for word in ["Priya", PRIYA, "username webauthn"] {
            assert!(!asked.body.contains(word), "{word}");
        }
        elsewhere.open("/account").await.expect(200, "Hello");

        rule(&app, Setting::StationIdle, "2m").await;
        desk.sign_in(PRIYA, PASSWORD).await.expect(200, "content=\"121; url=/login/away\"");
        app.wait(Duration::from_mins(2));
        assert!(desk.open("/account").await.path.starts_with("/login/password"));

        // Locked by hand: the sign-in stands there for the next person.
        let account = desk.sign_in(PRIYA, PASSWORD).await;
        let locked = desk.submit(&account, "/account/sign-out", &[]).await;
        locked.expect(200, "Front desk · Riverside");
        assert!(locked.path.starts_with("/login/password") && !locked.body.contains("Priya"), "{}", locked.path);
        desk.sign_in(MAX, PASSWORD).await.expect(200, "Hello, Max");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_take_turns_by_passkey_and_what_the_one_before_had_is_over() {
    for app in TestApp::each().await {
        let mut own = app.signed_in(PRIYA).await;
        let (priya, _) = Device::set_up(&mut own).await;
        let mut own = app.signed_in(MAX).await;
        let (max, _) = Device::set_up(&mut own).await;
        let mut devices = [priya, max];
        app.mails().await;
        let mut desk = at_the_desk(&app).await;
        for (device, name) in [(0, "Priya"), (1, "Max"), (0, "Priya")] {
            let before = desk.cookie("lanyard-session").map(str::to_owned);
            let page = desk.get("/login/password").await;
            assert!(!page.body.contains("data-conditional"), "no list of who works here");
            devices[device].post(&mut desk, &page).await.expect(200, &format!("Hello, {name}"));
            assert_ne!(desk.cookie("lanyard-session").map(str::to_owned), before);
        }
        // Closed without a word: whoever comes next ends it.
        let (before, ended) = (app.user(PRIYA).await, app.recorded("sign-out", "success").await);
        assert!(ended >= 2, "the sessions of those before have ended: {ended}");
        desk.forget("lanyard-session");
        let page = desk.get("/login/password").await;
        devices[1].post(&mut desk, &page).await.expect(200, "Hello, Max");
        assert_eq!(app.recorded("sign-out", "success").await, ended + 1);
        let open: Result<Vec<_>, lanyard::storage::Error> = unit!(app, |tx| tx.sessions().of_user(&before.id).await);
        assert!(open.unwrap().iter().all(|session| session.station.is_none()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workstation_that_is_removed_is_a_browser_like_any_other() {
    for app in TestApp::each().await {
        let mut desk = at_the_desk(&app).await;
        desk.sign_in(PRIYA, PASSWORD).await.expect(200, "Lock");
        removed(&app).await;
        assert!(desk.open("/account").await.path.starts_with("/login/password"), "signed out");
        let account = desk.sign_in(PRIYA, PASSWORD).await;
        account.expect(200, "Sign out");
        assert!(!account.body.contains("http-equiv"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_person_reads_their_own_language() {
    for app in TestApp::each().await {
        let mut desk = at_the_desk(&app).await;
        desk.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        let page = desk.get("/account/language").await;
        let account = desk.submit(&page, "/account/language", &[("language", "da")]).await;
        account.expect(200, "<html lang=\"da\"");
        let locked = desk.submit(&account, "/account/sign-out", &[]).await;
        locked.expect(200, "<html lang=\"en\"").expect(200, "Front desk · Riverside");
        // Also where the one before just went away.
        desk.sign_in(MAX, PASSWORD).await.expect(200, "Hello, Max");
        let page = desk.get("/account/language").await;
        desk.submit(&page, "/account/language", &[("language", "da")]).await.expect(200, "<html lang=\"da\"");
        desk.get("/login/away").await;
        desk.get("/login/password").await.expect(200, "<html lang=\"en\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_becomes_another_workstation_is_the_one_before_no_more() {
    for app in TestApp::each().await {
        let mut desk = at_the_desk(&app).await;
        desk.sign_in(PRIYA, PASSWORD).await.expect(200, "Lock");
        let page = desk.open(&link_of(&app, ("back-office", "Back office")).await).await;
        let done = desk.submit(&page, "/station/", &[]).await;
        done.expect(200, "Back office · Riverside");
        assert!(!done.body.contains("Front desk"), "{}", done.body);
        let open = app.read().await.sessions().of_user(&app.user(PRIYA).await.id).await.expect("read");
        assert!(open.is_empty(), "whoever was signed in is signed out: {open:?}");
        assert_eq!(app.recorded("station-leaving", "success").await, 1);
        let at = app.organization("riverside").await;
        let former = app.read().await.stations().by_slug(&at, &"front-desk".parse().unwrap()).await.expect("read");
        assert_eq!(former.expect("it is there").registered_at, None, "it waits for another browser");
        desk.sign_in(MAX, PASSWORD).await.expect(200, "Lock");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_remembered_there_whatever_a_form_says_nor_in_the_browser_that_it_was() {
    for app in TestApp::each().await {
        rule(&app, Setting::FactorRemember, "7d").await;
        let mut own = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut own).await;
        app.mail().await;
        let mut desk = at_the_desk(&app).await;
        let signed_in = with_code(&app, &mut desk, &seed, "yes").await;
        signed_in.expect(200, "Hello, Priya Nair").expect(200, "Lock");
        sign_out(&mut desk).await;
        assert!(is_asked(&mut desk).await);
        assert_eq!(app.recorded("device-remembering", "success").await, 0);
        removed(&app).await;
        assert!(is_asked(&mut desk).await, "what was proved at a workstation is good for that sign-in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_remembered_before_a_browser_became_one_is_asked_again_when_it_is_none_any_more() {
    for app in TestApp::each().await {
        rule(&app, Setting::FactorRemember, "7d").await;
        let mut own = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut own).await;
        app.mail().await;
        let (mut desk, mut other) = (app.browser(), app.browser());
        for browser in [&mut desk, &mut other] {
            with_code(&app, browser, &seed, "yes").await.expect(200, "Hello, Priya Nair");
            sign_out(browser).await;
            assert!(!is_asked(browser).await);
        }
        becomes_the_desk(&app, &mut desk).await;
        assert_eq!(app.recorded("devices-forgetting", "success").await, 1);
        removed(&app).await;
        assert!(is_asked(&mut desk).await);
        assert!(!is_asked(&mut other).await, "elsewhere they are remembered");
    }
}
