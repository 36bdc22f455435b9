//! Authenticator apps and recovery codes: set up, asked for, used once, lost.

use std::{process::Command, time::Duration};

use lanyard::{
    audit::{Actor, store::Query},
    authentication::enrolling,
    clock::Timestamp,
    setting::Setting,
    storage,
};

use super::crowds;
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";

/// What an authenticator app shows at `now` (a program that was not written here).
pub(crate) fn code_of(seed: &str, now: Timestamp) -> String {
    let at = format!("@{}", now.0 / 1000);
    let shown = Command::new("oathtool").args(["--totp", "--base32", "--now", &at, seed]).output();
    let shown = shown.expect("oathtool: `.ci/install test` installs it");
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    String::from_utf8(shown.stdout).expect("digits").trim().to_owned()
}

/// The seed that a page shows to people.
pub(super) fn seed_of(page: &Answer) -> String {
    let start = page.body.find("<p class=\"code small\"><strong>").expect("a seed") + 30;
    page.body[start..start + 39].to_owned()
}

/// The recovery codes that a page shows.
pub(super) fn codes_of(page: &Answer) -> Vec<String> {
    page.body.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
}

/// Sets up an app; its seed and the page that this ends at.
pub(crate) async fn set_up(app: &TestApp, browser: &mut Browser) -> (String, Answer) {
    let list = browser.open("/account/security").await;
    let page = browser.submit(&list, "/account/security/apps", &[]).await;
    let seed = seed_of(&page);
    let code = code_of(&seed, app.app.clock.now());
    let fields = [("code", code.as_str()), ("name", "My phone")];
    let done = browser.submit(&page, "/account/security/fac_", &fields).await;
    (seed, done)
}

#[tokio::test]
async fn an_authenticator_app_is_asked_for_from_then_on() {
    for app in TestApp::each().await {
        let mut elsewhere = app.signed_in(PRIYA).await;
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, done) = set_up(&app, &mut browser).await;
        done.expect(200, "Your recovery codes");
        assert_eq!(codes_of(&done).len(), 10);
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (PRIYA, "factor-added"));
        browser.open("/account/security").await.expect(200, "My phone").expect(200, "10 recovery codes are left");
        // What began with the password alone is over.
        assert!(elsewhere.open("/account").await.path.starts_with("/login/password"));

        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "One more step");
        assert!(asked.path.starts_with("/login/factor"), "{}", asked.path);
        assert!(new.open("/account").await.path.starts_with("/login/factor"), "the password alone opens nothing");
        app.wait(Duration::from_secs(30));
        let code = code_of(&seed, app.app.clock.now());
        let before = new.cookie("lanyard-session").map(str::to_owned);
        new.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        assert_ne!(new.cookie("lanyard-session").map(str::to_owned), before, "the cookie is another one");
        assert_eq!(app.recorded("factor-enrolment", "success").await, 1);
    }
}

#[tokio::test]
async fn a_code_is_taken_once_and_from_its_own_person() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        app.mail().await;
        let now = app.app.clock.now();
        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        let wrong = "isn’t right";
        new.post_form(&asked, "/login/factor", &[("code", &code_of(&seed, now))]).await.expect(422, wrong);
        for typed in ["", "12345", "abcdef", "0123-4567-89ab-cdef", "²³⁴⁵⁶⁷"] {
            let answer = new.post_form(&asked, "/login/factor", &[("code", typed)]).await;
            assert!([422, 429].contains(&answer.status.as_u16()), "{typed}: {}", answer.status);
        }
        assert!(new.open("/account").await.path.starts_with("/login/factor"));

        assert_eq!(app.mail().await.kind, "codes-guessed");
        let mut max = app.signed_in("max@riverside.example").await;
        let (other, _) = set_up(&app, &mut max).await;
        app.mail().await;
        app.wait(Duration::from_hours(6));
        let stale = new.open("/account").await;
        assert!(stale.path.starts_with("/login/password"), "an old password is no half sign-in: {}", stale.path);
        let code = code_of(&other, app.app.clock.now());
        let page = new.sign_in(PRIYA, PASSWORD).await;
        new.post_form(&page, "/login/factor", &[("code", &code)]).await.expect(422, wrong);
        let code = code_of(&seed, app.app.clock.now());
        new.submit(&page, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        let mut third = app.browser();
        let page = third.sign_in(PRIYA, PASSWORD).await;
        third.post_form(&page, "/login/factor", &[("code", &code)]).await.expect(422, wrong);
    }
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_is_told() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (_, done) = set_up(&app, &mut browser).await;
        app.mail().await;
        let codes = codes_of(&done);
        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        let page = new.get(&asked.link("/login/factor")).await;
        page.expect(200, "Recovery code");
        let typed = codes[3].to_uppercase().replace('-', " ");
        new.submit(&page, "/login/factor", &[("code", &typed)]).await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.mail().await.kind, "recovery-code-used");
        new.open("/account/security").await.expect(200, "9 recovery codes are left");
        let mut again = app.browser();
        let asked = again.sign_in(PRIYA, PASSWORD).await;
        again.post_form(&asked, "/login/factor", &[("code", &codes[3])]).await.expect(422, "isn’t right");

        // New ones replace all.
        let list = new.open("/account/security").await;
        let made = new.submit(&list, "/account/security/codes", &[]).await;
        assert_eq!(app.mail().await.kind, "recovery-codes-made");
        assert_eq!(codes_of(&made).len(), 10);
        again.post_form(&asked, "/login/factor", &[("code", &codes[4])]).await.expect(422, "isn’t right");
        again.submit(&asked, "/login/factor", &[("code", &codes_of(&made)[4])]).await.expect(200, "Hello, Priya");
        assert_eq!(app.mail().await.kind, "recovery-code-used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_guesses_at_once_on_two_nodes_are_no_more_than_one_after_the_other() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up(&app, &mut browser).await;
        app.mail().await;
        let (priya, mut guesses) = (app.user(PRIYA).await, vec![]);
        let (elsewhere, _stopper) = app.other_node().await;
        for number in 0..64 {
            // Each in a session of its own, whose password was proved.
            let mut one = app.with_session(&priya.id).await;
            if number % 2 == 1 {
                one.goes_to(&elsewhere);
            }
            let token = app.token(&one, "/login/factor");
            guesses.push(tokio::spawn(async move {
                let fields = [("code", format!("{number:06}")), ("csrf", token)];
                let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
                one.post("/login/factor", &fields).await.status.as_u16()
            }));
        }
        let mut answers = vec![];
        for guess in guesses {
            answers.push(guess.await.expect("no panic"));
        }
        let tried = answers.iter().filter(|status| **status == 422).count();
        assert_eq!(app.mails().await.len(), 1, "codes are guessed: told once");
        let free = app.app.config.throttle.code.attempts;
        assert_eq!(tried, usize::try_from(free).unwrap(), "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 429).count(), 64 - tried);
        assert_eq!(app.recorded("second-factor", "failure").await, tried);
    }
}

#[tokio::test]
async fn the_log_tells_what_was_proved_and_lists_show_who_is_signed_in() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        assert_eq!((app.recorded("sign-in", "success").await, app.recorded("first-factor", "success").await), (1, 0));
        let (seed, _) = set_up(&app, &mut browser).await;
        app.mail().await;
        let mut other = app.browser();
        let asked = other.sign_in(PRIYA, PASSWORD).await;
        assert_eq!((app.recorded("sign-in", "success").await, app.recorded("first-factor", "success").await), (1, 1));
        let devices = async |browser: &mut Browser| {
            browser.open("/account/sessions").await.body.matches("action=\"/account/sessions/ses_").count()
        };
        assert_eq!(devices(&mut browser).await, 1, "the password alone is no device that is signed in");
        app.wait(Duration::from_secs(30));
        let code = code_of(&seed, app.app.clock.now());
        other.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        assert_eq!(devices(&mut browser).await, 2);
        let factor = app.read().await.factors().of_user(&app.user(PRIYA).await.id).await.expect("read").remove(0).id;
        let query = Query { limit: 1000, ..Query::default() };
        let events = app.read().await.audit().list(query).await.expect("read");
        let said = events.iter().filter(|event| event.action == "sign-in").map(|event| event.detail.clone());
        let said: Vec<String> = said.collect();
        assert_eq!(said.len(), 2);
        let whole = |said: &&String| said.contains("pwd otp mfa") && said.contains(factor.as_str());
        assert_eq!(said.iter().filter(whole).count(), 1, "{said:?}");
        // Once more in the same browser: no further sign-in.
        app.wait(Duration::from_mins(11));
        let again = other.open("/account/security").await;
        again.expect(200, "Before you go on");
        let asked = other.submit(&again, "/login/password", &[("user_name", PRIYA), ("password", PASSWORD)]).await;
        let code = code_of(&seed, app.app.clock.now());
        other.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "My phone");
        assert_eq!((app.recorded("sign-in", "success").await, app.recorded("first-factor", "success").await), (2, 2));
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_nobody_out_and_no_session_alive() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        app.mail().await;
        let day = Duration::from_hours(24);
        app.wait(day);
        let mut ahead = app.browser();
        for _ in 0..6 {
            ahead.sign_in(PRIYA, "wrong").await;
        }
        app.wait(Duration::from_mins(20));
        let asked = ahead.sign_in(PRIYA, PASSWORD).await;
        let code = code_of(&seed, app.app.clock.now());
        let page = ahead.submit(&asked, "/login/factor", &[("code", &code)]).await;
        page.expect(200, "Hello, Priya Nair");
        let mut guessing = app.browser();
        for _ in 0..6 {
            guessing.sign_in(PRIYA, "wrong").await;
        }
        app.app.clock.set_back(day);
        assert!(ahead.open("/account").await.path.starts_with("/login/password"), "no session lives a day longer");
        let mut now = app.browser();
        let asked = now.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "One more step");
        let code = code_of(&seed, app.app.clock.now());
        now.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        let mut replay = app.browser();
        let asked = replay.sign_in(PRIYA, PASSWORD).await;
        replay.post_form(&asked, "/login/factor", &[("code", &code)]).await.expect(422, "isn’t right");
    }
}

#[tokio::test]
async fn who_signed_in_long_ago_proves_it_before_changing_how_they_sign_in() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let list = browser.open("/account/security").await;
        app.wait(app.app.config.session.fresh);
        let asked = browser.open("/account/security").await;
        assert!(asked.path.starts_with("/login/password"), "{}", asked.path);
        let stale = browser.submit(&list, "/account/security/apps", &[]).await;
        assert!(stale.path.starts_with("/login/password"), "{}", stale.path);
        let fields = [("user_name", PRIYA), ("password", PASSWORD)];
        browser.submit(&asked, "/login/password", &fields).await.expect(200, "Add an authenticator app");
    }
}

#[tokio::test]
async fn an_organization_may_want_a_later_sign_in_before_such_changes_and_nobody_an_earlier_one() {
    for app in TestApp::each().await {
        let (mut priya, mut tess) = (app.signed_in(PRIYA).await, app.signed_in("noor@harbour.example").await);
        crowds::rule(&app, Setting::SessionFresh, "2m").await;
        app.wait(Duration::from_mins(2));
        let asked = priya.open("/account/security").await;
        assert!(asked.path.starts_with("/login/password"), "{}", asked.path);
        assert_eq!(priya.open("/account").await.path, "/account", "nothing else asks for it");
        assert_eq!(tess.open("/account/security").await.path, "/account/security", "another organization");
        crowds::rule(&app, Setting::SessionFresh, "12h").await;
        assert_eq!(priya.open("/account/security").await.path, "/account/security");
        app.wait(app.app.config.session.fresh);
        let asked = priya.open("/account/security").await;
        assert!(asked.path.starts_with("/login/password"), "a rule allows no more: {}", asked.path);
    }
}

#[tokio::test]
async fn setting_up_an_app_is_no_sign_in() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        app.wait(Duration::from_mins(9));
        set_up(&app, &mut browser).await;
        app.mail().await;
        browser.open("/account/security").await.expect(200, "My phone");
        app.wait(Duration::from_mins(1));
        assert!(browser.open("/account/security").await.path.starts_with("/login/password"));
    }
}

#[tokio::test]
async fn whoever_knows_the_password_alone_puts_nobody_out() {
    for app in TestApp::each_with(|sources| sources.with("policy.session.concurrent", "1")).await {
        let mut browser = app.signed_in(PRIYA).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        app.mail().await;
        let mut thief = app.browser();
        thief.sign_in(PRIYA, PASSWORD).await.expect(200, "One more step");
        browser.open("/account").await.expect(200, "Hello, Priya Nair");
        let mut other = app.browser();
        let asked = other.sign_in(PRIYA, PASSWORD).await;
        app.wait(Duration::from_secs(30));
        let code = code_of(&seed, app.app.clock.now());
        other.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        assert!(browser.open("/account").await.path.starts_with("/login/password"), "one at a time");
    }
}

#[tokio::test]
async fn the_last_app_takes_the_recovery_codes_with_it() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (_, done) = set_up(&app, &mut browser).await;
        app.mail().await;
        let list = browser.open("/account/security").await;
        let question = browser.get(&list.link("/account/security/fac_")).await;
        question.expect(200, "Remove My phone?").expect(200, "It is your only one");
        let mut max = app.signed_in("max@riverside.example").await;
        let foreign = list.link("/account/security/fac_");
        assert_eq!(max.get(&foreign).await.status, 404, "somebody else’s is unknown");
        let removed = browser.submit(&question, "/account/security/fac_", &[]).await;
        removed.expect(200, "The app has been removed.").expect(200, "You have none yet");
        let told = app.mail().await;
        assert!(told.kind == "factor-removed" && told.text.contains("password alone"), "{told:?}");
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya Nair");
        assert_eq!(codes_of(&done).len(), 10);
        browser.post_form(&question, "/account/security/fac_", &[]).await.expect(404, "can’t find");
    }
}

#[tokio::test]
async fn an_administrator_resets_what_was_lost() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up(&app, &mut browser).await;
        app.mail().await;
        let (context, priya) = (app.app.context(Actor::Server), app.user(PRIYA).await);
        assert_eq!(
            unit!(app, |tx| enrolling::reset(tx, &context, &priya.id, "administrator").await).expect("reset"),
            1
        );
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.recorded("factor-removal", "success").await, 1);
    }
}

#[tokio::test]
async fn recovery_codes_of_before_a_restore_are_void() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (_, done) = set_up(&app, &mut browser).await;
        app.mail().await;
        let context = app.app.context(Actor::Server);
        let voided: storage::Result<_> = unit!(app, |tx| tx.sessions().void_all(&context).await);
        assert_eq!(voided.expect("voided").recovery_codes, 10);
        let mut again = app.browser();
        let asked = again.sign_in(PRIYA, PASSWORD).await;
        again.post_form(&asked, "/login/factor", &[("code", &codes_of(&done)[0])]).await.expect(422, "isn’t right");
    }
}

#[tokio::test]
async fn a_picture_that_waited_too_long_or_was_replaced_confirms_nothing() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let list = browser.open("/account/security").await;
        let first = browser.submit(&list, "/account/security/apps", &[]).await;
        let second = browser.submit(&list, "/account/security/apps", &[]).await;
        let now = app.app.clock.now();
        let code = code_of(&seed_of(&first), now);
        let gone = browser.submit(&first, "/account/security/fac_", &[("code", &code), ("name", "")]).await;
        gone.expect(200, "You have none yet");
        let wrong = browser.post_form(&second, "/account/security/fac_", &[("code", &code), ("name", "x")]).await;
        wrong.expect(422, "isn’t the app’s present code");
        let long = "x".repeat(61);
        let code = code_of(&seed_of(&second), now);
        let wrong = browser.post_form(&second, "/account/security/fac_", &[("code", &code), ("name", &long)]).await;
        wrong.expect(422, "At most 60 characters");
        app.wait(Duration::from_mins(31));
        let page = browser.open("/account/security").await;
        assert!(page.path.starts_with("/login/password"), "{}", page.path);
        browser.submit(&page, "/login/password", &[("user_name", PRIYA), ("password", PASSWORD)]).await;
        let late = code_of(&seed_of(&second), app.app.clock.now());
        browser
            .submit(&second, "/account/security/fac_", &[("code", &late), ("name", "x")])
            .await
            .expect(200, "none yet");
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya Nair");
    }
}
