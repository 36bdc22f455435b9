//! In how many browsers somebody may be signed in.

use lanyard::{
    policy::changing::{self, Care},
    setting::{Setting, SubjectKind},
};

use super::{passkeys::Device, remembered::sign_out, second_factor::set_up};
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";

/// Sets a rule for everybody at Riverside.
pub(crate) async fn rule(app: &TestApp, setting: Setting, value: &'static str) {
    put(app, (setting, value), Care::SpareOwners).await;
}

/// The same, whoever it stops.
pub(crate) async fn force(app: &TestApp, setting: Setting, value: &'static str) {
    put(app, (setting, value), Care::Forced).await;
}

async fn put(app: &TestApp, rule: (Setting, &'static str), care: Care) {
    tried(app, rule, care).await.unwrap();
}

/// Sets a rule for all of Riverside, or says why not.
pub(crate) async fn tried(
    app: &TestApp,
    (setting, value): (Setting, &'static str),
    care: Care,
) -> Result<(), lanyard::policy::Error> {
    let (inner, context, at) =
        (app.app.clone(), app.app.context(lanyard::audit::Actor::Server), app.organization("riverside").await);
    let value = setting.kind().parse(value).unwrap();
    let whom = ((SubjectKind::Organization, ""), "riverside");
    let set: Result<_, lanyard::policy::Error> =
        unit!(app, |tx| changing::set(tx, (&inner, &context), &at, whom, (setting, &value, care)).await);
    set.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_once_too_often_is_signed_out_where_they_were_longest() {
    for app in TestApp::each().await {
        rule(&app, Setting::SessionConcurrent, "2").await;
        let mut first = app.signed_in("priya@riverside.example").await;
        app.wait(std::time::Duration::from_secs(1));
        let mut second = app.signed_in("priya@riverside.example").await;
        app.wait(std::time::Duration::from_secs(1));
        app.signed_in("frank@riverside.example").await;
        let mut third = app.signed_in("priya@riverside.example").await;
        assert!(first.get("/account").await.location().unwrap().starts_with("/login"));
        for browser in [&mut second, &mut third] {
            assert_eq!(browser.get("/account").await.status, 200);
        }
        // The same browser again is no other one.
        let page = third.get("/login/password").await;
        let fields = [("user_name", "priya@riverside.example"), ("password", PASSWORD)];
        assert_eq!(third.submit(&page, "/login/password", &fields).await.path, "/account");
        assert_eq!(second.get("/account").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_once_too_often_is_refused_where_the_rules_say_so_however_many_try_at_once() {
    for app in TestApp::each().await {
        rule(&app, Setting::SessionConcurrent, "2").await;
        rule(&app, Setting::SessionWhenFull, "refuse").await;
        let tries = (0..5).map(|_| {
            let mut browser = app.browser();
            async move { browser.sign_in("priya@riverside.example", PASSWORD).await }
        });
        let ends = futures_util::future::join_all(tries).await;
        let (inside, outside): (Vec<_>, Vec<_>) = ends.iter().partition(|end| end.path == "/account");
        assert_eq!(inside.len(), 2, "{:?}", ends.iter().map(|end| (&end.path, end.status)).collect::<Vec<_>>());
        outside[0].expect(422, "as many devices as your clinic allows");
        assert_eq!(app.recorded("policy-refusal", "failure").await, 3);
    }
}

/// Rules let everybody be signed in once.
async fn once(app: &TestApp) {
    rule(app, Setting::SessionConcurrent, "1").await;
    rule(app, Setting::SessionWhenFull, "refuse").await;
}

/// Types the password again, where one is signed in.
async fn type_password(browser: &mut Browser) -> Answer {
    let page = browser.get("/login/password").await;
    browser.submit(&page, "/login/password", &[("user_name", PRIYA), ("password", PASSWORD)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_alone_after_a_password_takes_room_and_is_told_of_like_any_sign_in() {
    for app in TestApp::each_with(|sources| sources.with("mail.new_device", "on")).await {
        let mut own = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut own).await;
        assert!(app.mails().await.iter().all(|mail| mail.kind == "passkey-added"));
        once(&app).await;
        let (mut new, signed_in) = (app.browser(), app.recorded("sign-in", "success").await);
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        assert!(asked.path.starts_with("/login/factor"), "{}", asked.path);
        device.post_alone(&mut new, &asked).await.expect(422, "as many devices as your clinic allows");
        assert!(new.open("/account").await.path.starts_with("/login/factor"), "it stands where it stood");
        own.open("/account").await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.recorded("new-device", "success").await, 0);

        sign_out(&mut own).await;
        device.post_alone(&mut new, &asked).await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.recorded("sign-in", "success").await, signed_in + 1);
        assert_eq!(app.mail().await.kind, "new-device");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_the_password_once_more_gives_no_room_up() {
    for app in TestApp::each().await {
        let mut own = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut own).await;
        app.mails().await;
        once(&app).await;
        let asked = type_password(&mut own).await;
        assert!(asked.path.starts_with("/login/factor"), "{}", asked.path);
        let mut new = app.browser();
        let page = new.get("/login/password").await;
        device.post(&mut new, &page).await.expect(422, "as many devices as your clinic allows");
        device.post_alone(&mut own, &asked).await.expect(200, "Hello, Priya Nair");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_sign_in_is_none_once_the_factor_is_gone() {
    for app in TestApp::each().await {
        let mut own = app.signed_in(PRIYA).await;
        set_up(&app, &mut own).await;
        let mut half = app.browser();
        let asked = half.sign_in(PRIYA, PASSWORD).await;
        assert!(asked.path.starts_with("/login/factor"), "{}", asked.path);
        let list = own.open("/account/security").await;
        let page = own.get(&list.link("/account/security/fac_")).await;
        own.submit(&page, "/account/security/fac_", &[]).await.expect(200, "");
        assert_eq!(app.mails().await.len(), 2);
        once(&app).await;
        let asked = half.open("/account").await;
        assert!(asked.path.starts_with("/login/password"), "{}", asked.path);
        type_password(&mut half).await.expect(422, "as many devices as your clinic allows");

        let signed_in = app.recorded("sign-in", "success").await;
        sign_out(&mut own).await;
        assert_eq!(type_password(&mut half).await.path, "/account");
        assert_eq!(app.recorded("sign-in", "success").await, signed_in + 1);
        let shown = half.open("/account/sessions").await;
        shown.expect(200, "Firefox");
        let open = app.read().await.sessions().of_user(&app.user(PRIYA).await.id).await.expect("read");
        assert_eq!(open.len(), 1);
    }
}
