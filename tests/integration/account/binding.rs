//! Cookies of sessions that are bound to a device: what becomes of a copy.

use std::time::Duration;

use crate::harness::{Browser, PASSWORD, TestApp, portal::request};

const PRIYA: &str = "priya@riverside.example";
const OTHER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36";
const SESSION: &str = "lanyard-session";

async fn each(binding: &str) -> Vec<TestApp> {
    TestApp::each_with(|sources| sources.with("policy.session.binding", binding)).await
}

/// Whether somebody is signed in.
async fn is_in(browser: &mut Browser) -> bool {
    browser.open("/account").await.says("Hello, Priya")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_cookie_does_not_work_in_another_browser_and_its_owner_goes_on() {
    for app in each("device").await {
        let mut owner = app.signed_in(PRIYA).await;
        let mut thief = owner.copy();
        thief.user_agent = OTHER;
        for _ in 0..3 {
            assert!(!is_in(&mut thief).await);
            let away = thief.get(&request("scope=openid")).await;
            assert!(away.location().is_some_and(|to| to.starts_with("/login")), "{:?}", away.location());
        }
        assert!(is_in(&mut owner).await, "nobody is signed out by a copy that does not work");
        assert_eq!(app.recorded("session-misuse", "failure").await, 1, "once an hour");
        // A browser that was brought up to date is the same one.
        owner.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert!(is_in(&mut owner).await);
        // Whoever changed it for another signs in, and goes on there.
        owner.user_agent = OTHER;
        assert!(!is_in(&mut owner).await);
        owner.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        assert!(is_in(&mut owner).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_be_kept_to_a_range_of_addresses() {
    for app in each("address-range").await {
        let mut owner = app.browser();
        owner.comes_from("192.0.2.7");
        owner.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        let mut thief = owner.copy();
        thief.comes_from("198.51.100.7");
        assert!(!is_in(&mut thief).await);
        owner.comes_from("192.0.2.200");
        assert!(is_in(&mut owner).await);
        owner.comes_from("203.0.113.7");
        assert!(!is_in(&mut owner).await);
        owner.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        assert!(is_in(&mut owner).await, "who signs in elsewhere goes on there");
        assert!(!is_in(&mut thief).await);
    }
    for app in each("device").await {
        let mut owner = app.browser();
        owner.comes_from("192.0.2.7");
        owner.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        owner.comes_from("198.51.100.7");
        assert!(is_in(&mut owner).await, "addresses change on the way home");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_with_one_cookie_both_are_out() {
    for app in each("device").await {
        for is_thief_first in [false, true] {
            let mut owner = app.signed_in(PRIYA).await;
            let mut thief = owner.copy();
            let first_secret = owner.cookie(SESSION).unwrap().to_owned();
            app.wait(Duration::from_mins(6));
            let (first, second) = if is_thief_first { (&mut thief, &mut owner) } else { (&mut owner, &mut thief) };
            assert!(is_in(first).await);
            assert_ne!(first.cookie(SESSION).unwrap(), first_secret, "the secret was changed");
            assert!(is_in(first).await, "and its successor used");
            // What was under way goes on.
            assert!(is_in(second).await && second.cookie(SESSION) == Some(first_secret.as_str()));
            app.wait(Duration::from_secs(61));
            assert!(!is_in(second).await, "a former secret");
            assert!(!is_in(first).await, "nobody knows which of the two is Priya");
        }
        assert_eq!(app.recorded("session-misuse", "failure").await, 2);
        assert_eq!(
            app.recorded("signal", "success").await,
            2,
            "a copied session, and a new browser, each once an hour"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_signs_nobody_out() {
    for app in each("device").await {
        let mut owner = app.signed_in(PRIYA).await;
        app.wait(Duration::from_mins(6));
        let mut lost = owner.copy();
        lost.get("/account").await.expect(200, "Hello, Priya");
        app.wait(Duration::from_mins(2));
        owner.get("/account").await.expect(200, "Hello, Priya");
        assert_ne!(owner.cookie(SESSION), lost.cookie(SESSION));
        owner.get("/account").await.expect(200, "Hello, Priya");
        assert_eq!(app.recorded("session-misuse", "failure").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_in_with_a_session_that_somebody_else_planted() {
    for app in each("none").await {
        let attacker = app.signed_in("sam@riverside.example").await;
        let planted = attacker.cookie(SESSION).unwrap().to_owned();
        let mut victim = attacker.copy();
        let page = victim.open("/login/password").await;
        let fields = [("user_name", PRIYA), ("password", PASSWORD)];
        victim.submit(&page, "/login/password", &fields).await.expect(200, "Hello, Priya");
        assert_ne!(victim.cookie(SESSION).unwrap(), planted);
        let mut attacker = attacker;
        assert!(!is_in(&mut attacker).await, "the planted cookie leads nowhere");
        // The same with a session of nobody.
        let mut victim = app.browser();
        victim.put_cookie("lanyard-session-8080", &"p".repeat(43));
        victim.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        assert_ne!(victim.cookie(SESSION).unwrap(), "p".repeat(43));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_new_browser_apps_open_with_a_second_factor_where_rules_say_so() {
    for app in TestApp::each_with(|sources| sources.with("policy.session.new_device", "second-factor")).await {
        let mut first = app.signed_in(PRIYA).await;
        assert!(first.get(&request("scope=openid")).await.location().is_some(), "the first browser is let in");
        let mut other = app.browser();
        for _ in 0..2 {
            other.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
            other.get(&request("scope=openid")).await.expect(403, "This sign-in looks unusual");
            let account = other.get("/account").await;
            other.post_form(&account, "/account/sign-out", &[]).await;
            app.wait(Duration::from_mins(5));
        }
        assert!(first.get(&request("scope=openid")).await.location().is_some(), "who is known goes on");
        // There nobody moves the letters, and with them the account, elsewhere.
        other.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        other.get("/account/email").await.expect(403, "");
        // A new password makes no browser known that was not, and leaves the one known in which it was chosen.
        for (mut browser, lets_in, new) in
            [(first, true, "Brass kettle 9 on the hob"), (other, false, "Copper kettle 7 on the stove")]
        {
            let form = browser.get("/password/forgotten").await;
            browser.submit(&form, "/password/forgotten", &[("user_name", PRIYA)]).await;
            let link = loop {
                // The letter is written after the answer.
                match app.mails().await.into_iter().find(|mail| mail.kind == "password-reset") {
                    Some(mail) => break mail.path(),
                    None => tokio::task::yield_now().await,
                }
            };
            let page = browser.get(&link).await;
            browser.submit(&page, "/password/", &[("new_password", new), ("repeated_password", new)]).await;
            app.mails().await;
            browser.sign_in(PRIYA, new).await.expect(200, "Hello, Priya");
            let answer = browser.get(&request("scope=openid")).await;
            assert_eq!(answer.location().is_some(), lets_in, "{}", answer.status);
            app.mails().await;
        }
    }
}
