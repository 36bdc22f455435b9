//! Locking out: strangers, never whoever is known.

use std::time::Duration;

use lanyard::{audit::Actor, authentication::lockout, storage};

use crate::harness::{Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const NOBODY: &str = "nobody@riverside.example";

/// An application in which the third failure locks.
async fn each() -> Vec<TestApp> {
    TestApp::each_with(|sources| sources.with("policy.lockout.after", "3")).await
}

/// The statuses of sign-ins that fail, in a browser that nobody knows.
async fn failures(app: &TestApp, name: &str, passwords: &[&str]) -> Vec<u16> {
    let mut statuses = vec![];
    for password in passwords {
        statuses.push(app.browser().sign_in(name, password).await.status.as_u16());
    }
    statuses
}

const THREE: [&str; 3] = ["one", "two", "three"];

async fn signs_out(browser: &mut Browser) {
    let account = browser.get("/account").await;
    browser.post_form(&account, "/account/sign-out", &[]).await.expect(200, "signed out");
}

#[tokio::test]
async fn a_stranger_keeps_nobody_out_who_is_known() {
    for app in each().await {
        let mut at_work = app.signed_in(PRIYA).await;
        let mut at_home = app.signed_in(PRIYA).await;
        signs_out(&mut at_home).await;
        assert_eq!(failures(&app, PRIYA, &THREE).await, [422, 422, 422]);
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (PRIYA, "account-locked"));
        assert_eq!(app.recorded("account-lock", "success").await, 1);
        // Whoever is signed in goes on, and whoever is known comes in; nobody else, with the right password neither.
        at_work.open("/account").await.expect(200, "Hello, Priya");
        at_home.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(422, "don’t match");
        assert!(app.mails().await.is_empty(), "a lock is told once");
        app.wait(Duration::from_mins(15));
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
    }
}

#[tokio::test]
async fn a_known_browser_has_a_count_of_its_own() {
    for app in each().await {
        let mut known = app.signed_in(PRIYA).await;
        signs_out(&mut known).await;
        for password in THREE {
            known.sign_in(PRIYA, password).await.expect(422, "don’t match");
        }
        assert_eq!(app.mail().await.kind, "account-locked");
        known.sign_in(PRIYA, PASSWORD).await.expect(422, "don’t match");
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        // Known is who has signed in there: the browser of somebody else is a stranger’s.
        let mut others = app.signed_in("max@riverside.example").await;
        signs_out(&mut others).await;
        for password in THREE {
            others.sign_in(PRIYA, password).await.expect(422, "don’t match");
        }
        assert_eq!(app.mail().await.kind, "account-locked");
        others.sign_in("max@riverside.example", PASSWORD).await.expect(200, "Hello, Max");
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_answers_the_same() {
    for app in each().await {
        let tries = ["one", "two", "three", PASSWORD, "five", "six", "seven", PASSWORD];
        let known = failures(&app, PRIYA, &tries).await;
        assert_eq!(known, failures(&app, NOBODY, &tries).await);
        assert_eq!(known, [422, 422, 422, 422, 422, 429, 429, 429]);
        assert_eq!(app.mails().await.len(), 1);
        app.wait(Duration::from_secs(1));
        assert_eq!(failures(&app, PRIYA, &[PASSWORD, "x"]).await, failures(&app, NOBODY, &[PASSWORD, "x"]).await);
    }
}

#[tokio::test]
async fn a_lock_lasts_until_an_administrator_or_the_mailed_link() {
    let lasting = |sources: lanyard::config::Sources| {
        sources.with("policy.lockout.after", "3").with("policy.lockout.unlock", "administrator")
    };
    for app in TestApp::each_with(lasting).await {
        let priya = app.user(PRIYA).await;
        failures(&app, PRIYA, &THREE).await;
        assert_eq!(app.mail().await.kind, "account-locked");
        app.wait(Duration::from_hours(40 * 24));
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(422, "don’t match");
        let now = app.app.clock.now();
        let lock = lockout::lock_of(&mut app.read().await, &priya.id, now).await.expect("read").expect("a lock");
        assert_eq!((lock.failures, lock.locked_until), (4, None));
        let (context, id) = (app.app.context(Actor::Server), priya.id.clone());
        let unlocked: storage::Result<bool> = unit!(app, |tx| lockout::unlock(tx, &context, &id).await);
        assert!(unlocked.expect("unlocked"));
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        assert_eq!(app.recorded("account-unlock", "success").await, 1);
        // By the link, whoever reads the mailbox comes in too.
        failures(&app, PRIYA, &THREE).await;
        let path = app.mail().await.path();
        let mut forgotten = app.browser();
        let form = forgotten.open(&path).await;
        forgotten.submit(&form, "/password/forgotten", &[("user_name", PRIYA)]).await.expect(200, "Check your e-mail");
        let mail = loop {
            // The letter is written after the answer.
            match app.mails().await.pop() {
                Some(mail) => break mail,
                None => tokio::task::yield_now().await,
            }
        };
        let (form, new) = (forgotten.get(&mail.path()).await, "another four quiet words");
        let fields = [("new_password", new), ("repeated_password", new)];
        forgotten.submit(&form, "/password/", &fields).await.expect(200, "Password");
        assert_eq!(app.mail().await.kind, "password-changed");
        app.browser().sign_in(PRIYA, new).await.expect(200, "Hello, Priya");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_passwords_at_once_on_two_nodes_are_no_more_than_one_after_the_other() {
    for app in TestApp::each_with(|sources| sources.with("policy.lockout.after", "5")).await {
        let (elsewhere, _stopper) = app.other_node().await;
        let mut guesses = vec![];
        for number in 0..64 {
            let mut one = app.known_browser();
            if number % 2 == 1 {
                one.goes_to(&elsewhere);
            }
            let token = app.token(&one, "/login/password");
            guesses.push(tokio::spawn(async move {
                let password = format!("guess {number}");
                let fields = [("user_name", PRIYA), ("password", &password), ("csrf", &token)];
                one.post("/login/password", &fields).await.status.as_u16()
            }));
        }
        let mut answers = vec![];
        for guess in guesses {
            answers.push(guess.await.expect("no panic"));
        }
        let tried = answers.iter().filter(|status| **status == 422).count();
        let free = usize::try_from(app.app.config.throttle.account.attempts).expect("small");
        assert_eq!(tried, free, "{answers:?}");
        assert_eq!(app.recorded("sign-in", "failure").await, free);
        assert_eq!((app.recorded("account-lock", "success").await, app.mails().await.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_sign_in_on_a_new_device_is_told_and_on_a_known_one_is_not() {
    for app in TestApp::each_with(|sources| sources.with("mail.new_device", "on")).await {
        let mut first = app.signed_in(PRIYA).await;
        assert!(app.mails().await.is_empty(), "nobody is told of their very first sign-in");
        signs_out(&mut first).await;
        app.wait(Duration::from_mins(5));
        first.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya");
        assert!(app.mails().await.is_empty());
        app.browser().sign_in(PRIYA, "wrong").await.expect(422, "don’t match");
        assert!(app.mails().await.is_empty(), "nobody has come in");
        let mut thief = app.signed_in(PRIYA).await;
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (PRIYA, "new-device"));
        assert!(told.text.contains("Firefox · Linux, from 127.0.0.1"), "{}", told.text);
        assert_eq!(app.recorded("new-device", "success").await, 1);
        thief.open("/account").await.expect(200, "Hello, Priya");
    }
}
