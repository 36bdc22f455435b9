//! A change of the password by the person.

use std::time::Duration;

use data_encoding::HEXUPPER;
use lanyard::{config::Purpose, secret::TokenHash, setting::Setting, storage};

use super::crowds::rule;
use crate::harness::{PASSWORD, TestApp, unit};

const NEW: &str = "four unrelated words";

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_is_told_by_mail() {
    for app in TestApp::each().await {
        let mut elsewhere = app.signed_in("priya@riverside.example").await;
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let fields = [("current_password", PASSWORD), ("new_password", NEW), ("repeated_password", NEW)];
        browser.submit(&form, "/account/password", &fields).await.expect(200, "Your password has been changed.");
        let mail = app.mail().await;
        assert_eq!((mail.to.as_str(), mail.kind.as_str()), ("priya@riverside.example", "password-changed"));
        assert_eq!(mail.path(), "/password/forgotten");
        assert!(elsewhere.open("/account").await.path.starts_with("/login/"));
        assert_eq!(app.browser().sign_in("priya@riverside.example", PASSWORD).await.status, 422);
        app.browser().sign_in("priya@riverside.example", NEW).await.expect(200, "Hello, Priya");
        assert_eq!(app.recorded("password-change", "success").await, 1);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_password_is_said_and_nothing_changes() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        for (current, new, repeated, expected) in [
            ("not-my-password", NEW, NEW, "That isn’t your current password."),
            (PASSWORD, NEW, "another", "aren’t the same"),
            (PASSWORD, "short", "short", "too short"),
            (PASSWORD, PASSWORD, PASSWORD, "the password you have now"),
            (PASSWORD, "priya@riverside.example", "priya@riverside.example", "contains your name"),
            ("", NEW, NEW, "That isn’t your current password."),
        ] {
            let fields = [("current_password", current), ("new_password", new), ("repeated_password", repeated)];
            let answer = browser.post_form(&form, "/account/password", &fields).await;
            answer.expect(422, expected);
            assert!(!answer.says(NEW) && !answer.says("not-my-password"), "a password is never shown again");
        }
        assert!(app.mails().await.is_empty());
        assert_eq!(app.recorded("sign-in", "failure").await, 2);
        app.signed_in("priya@riverside.example").await;
    }
}

#[tokio::test]
async fn the_demos_password_is_refused_where_it_is_not_the_demo() {
    for app in TestApp::each_with(|sources| sources.for_purpose(Purpose::Serve)).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let change = |current: &'static str, new: &'static str| {
            [("current_password", current), ("new_password", new), ("repeated_password", new)]
        };
        browser.submit(&form, "/account/password", &change(PASSWORD, NEW)).await.expect(200, "has been changed");
        let form = browser.get("/account/password").await;
        browser.post_form(&form, "/account/password", &change(NEW, PASSWORD)).await.expect(422, "easy to guess");
        app.browser().sign_in("priya@riverside.example", NEW).await.expect(200, "Hello, Priya");
        assert_eq!(app.mails().await.len(), 1, "one change is told of");
    }
}

#[tokio::test]
async fn guesses_at_the_present_password_are_limited() {
    for app in TestApp::each_with(|sources| sources.with("throttle.account_attempts", "3")).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let fields = [("current_password", "a guess"), ("new_password", NEW), ("repeated_password", NEW)];
        let mut statuses = vec![];
        for _ in 0..5 {
            statuses.push(browser.post_form(&form, "/account/password", &fields).await.status.as_u16());
        }
        assert_eq!((statuses[0], statuses[4]), (422, 429), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_weak_passwords_are_refused_with_advice_wherever_one_is_chosen() {
    let invited = "new@riverside.example";
    for app in TestApp::each_with(|sources| sources.with("password.min_length", "8")).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        let people = app.recorded("user-creation", "success").await;
        let mut guest = app.browser();
        let link = app.invite(invited, "riverside", None).await;
        let invitation = guest.get(&link).await;
        for (new, expected) in [
            ("password123", "known from data leaks"),
            ("pa\u{455}\u{455}word123", "known from data leaks"),
            ("chocolatechocolate", "Repetitions are easy to guess"),
            ("priya-riverside", "contains your name"),
            ("Riverside Clinic 1", "contains your name"),
        ] {
            let fields = [("current_password", PASSWORD), ("new_password", new), ("repeated_password", new)];
            browser.post_form(&form, "/account/password", &fields).await.expect(422, expected);
            if !new.starts_with("priya") {
                let fields =
                    [("answer", "accept"), ("name", "Nia New"), ("new_password", new), ("repeated_password", new)];
                guest.post_form(&invitation, &link, &fields).await.expect(422, expected);
            }
        }
        assert_eq!(app.recorded("password-change", "success").await, 0);
        assert_eq!(app.recorded("user-creation", "success").await, people, "nobody joined");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_list_of_known_passwords_counts_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.txt");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, NEW.as_bytes());
    std::fs::write(&file, format!("{}:17\r\n", HEXUPPER.encode(digest.as_ref()))).unwrap();
    for app in TestApp::each_with(|sources| sources.with("password.known_passwords", file.to_str().unwrap())).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        for (new, status) in [(NEW, 422), ("FOUR unrelated words", 422), ("four other words here", 303)] {
            let fields = [("current_password", PASSWORD), ("new_password", new), ("repeated_password", new)];
            assert_eq!(browser.post_form(&form, "/account/password", &fields).await.status, status, "{new}");
        }
        assert_eq!(app.mails().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_organization_asks_of_passwords_binds_its_people_and_an_old_one_is_replaced_at_sign_in() {
    for app in TestApp::each().await {
        rule(&app, Setting::PasswordComposition, "3").await;
        rule(&app, Setting::PasswordMinLength, "20").await;
        rule(&app, Setting::PasswordMaxAge, "90d").await;
        let mut browser = app.signed_in("priya@riverside.example").await;
        browser.open("/account").await.expect(200, "A new one is due by");
        let form = browser.get("/account/password").await;
        form.expect(200, "At least 20 characters");
        for (new, expected) in [("Four unrelated word", "too short"), (NEW, "Use at least 3 of")] {
            let fields = [("current_password", PASSWORD), ("new_password", new), ("repeated_password", new)];
            browser.post_form(&form, "/account/password", &fields).await.expect(422, expected);
        }
        let mut elsewhere = app.signed_in("noor@harbour.example").await;
        elsewhere.get("/account/password").await.expect(200, "At least 15 characters");

        app.wait(Duration::from_hours(24 * 90));
        let mut browser = app.browser();
        let page = browser.sign_in("priya@riverside.example", PASSWORD).await;
        assert!(page.path.starts_with("/login/change-password"), "{}", page.path);
        page.expect(200, "older than your organization allows");
        assert!(browser.get("/account").await.location().is_some_and(|to| to.starts_with("/login/")));
        let again = [("new_password", PASSWORD), ("repeated_password", PASSWORD)];
        let said = browser.post_form(&page, "/login/change-password", &again).await;
        said.expect(422, "short");
        let new = "Four unrelated words";
        let fields = [("new_password", new), ("repeated_password", new)];
        browser.submit(&page, "/login/change-password", &fields).await.expect(200, "Hello, Priya");
        app.wait(Duration::from_hours(24 * 89));
        let mut browser = app.browser();
        assert_eq!(browser.sign_in("priya@riverside.example", new).await.path, "/account");
        app.wait(Duration::from_hours(24));
        let mut browser = app.browser();
        let page = browser.sign_in("priya@riverside.example", new).await;
        browser.post_form(&page, "/login/change-password", &fields).await.expect(422, "the password you have now");
        assert_eq!(app.browser().sign_in("noor@harbour.example", PASSWORD).await.path, "/account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_a_mebibyte_is_refused_before_it_is_hashed() {
    let huge = "x1y2z3v4".repeat(128 * 1024);
    let long = "x1y2z3v4".repeat(512);
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        for (text, expected) in [(&huge, 413), (&long, 422)] {
            let began = std::time::Instant::now();
            let fields = [("current_password", PASSWORD), ("new_password", text), ("repeated_password", text)];
            assert_eq!(browser.post_form(&form, "/account/password", &fields).await.status, expected);
            let mut stranger = app.browser();
            assert_eq!(stranger.sign_in("priya@riverside.example", text).await.status, expected);
            assert!(began.elapsed() < Duration::from_secs(20));
        }
        app.signed_in("priya@riverside.example").await;
        assert_eq!(app.recorded("password-change", "success").await, 0);
    }
}

#[tokio::test]
async fn a_former_password_is_refused_as_long_as_rules_say() {
    let (second, third, fourth) = ("a quiet second lantern", "the third heron waits", "fourth of seven ferries");
    for app in TestApp::each_with(|sources| sources.with("policy.password.history", "2")).await {
        app.leaves_jobs();
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/password").await;
        for (current, new, expected) in [
            (PASSWORD, second, None),
            (second, third, None),
            (third, second, Some("used that password before")),
            (third, third, Some("the password you have now")),
            (third, PASSWORD, Some("used that password before")),
            (third, fourth, None),
            // Two are kept: the first one may come back.
            (fourth, third, Some("used that password before")),
            (fourth, PASSWORD, None),
        ] {
            let fields = [("current_password", current), ("new_password", new), ("repeated_password", new)];
            app.wait(Duration::from_secs(30));
            let answer = browser.post_form(&form, "/account/password", &fields).await;
            match expected {
                Some(text) => {
                    answer.expect(422, text);
                }
                None => assert_eq!(answer.status, 303, "{current} {new}: {}", answer.body),
            }
        }
    }
}

const PRIYA: &str = "priya@riverside.example";
const WRONG: &str = "That isn’t your current password.";

/// The fields of a change that is refused for itself where the present password is right.
const fn too_short(current: &str) -> [(&str, &str); 3] {
    [("current_password", current), ("new_password", "short"), ("repeated_password", "short")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_guesses_at_once_on_two_nodes_are_no_more_than_one_after_the_other() {
    for app in TestApp::each().await {
        let mut owner = app.signed_in(PRIYA).await;
        let (action, token) = owner.get("/account/password").await.form("/account/password");
        let (elsewhere, _stopper) = app.other_node().await;
        let mut guesses = vec![];
        for number in 0..64 {
            // Whoever has the cookie, and not the password.
            let mut thief = owner.copy();
            if number % 2 == 1 {
                thief.goes_to(&elsewhere);
            }
            let (action, token) = (action.clone(), token.clone());
            guesses.push(tokio::spawn(async move {
                let guess = format!("guess {number}");
                let fields = [too_short(&guess).as_slice(), &[("csrf", &token)]].concat();
                thief.post(&action, &fields).await.status.as_u16()
            }));
        }
        let mut answers = vec![];
        for guess in guesses {
            answers.push(guess.await.expect("no panic"));
        }
        let tried = answers.iter().filter(|status| **status == 422).count();
        let free = usize::try_from(app.app.config.throttle.account.attempts).expect("small");
        assert_eq!(tried, free, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 429).count(), 64 - tried);
        assert_eq!(app.recorded("sign-in", "failure").await, free);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_password_forgives_wrong_ones_and_waits_for_those_that_others_gave_meanwhile() {
    for app in TestApp::each().await {
        let mut owner = app.signed_in(PRIYA).await;
        let form = owner.get("/account/password").await;
        for _ in 0..2 {
            for guess in ["one", "two", "three", "four"] {
                owner.post_form(&form, "/account/password", &too_short(guess)).await.expect(422, WRONG);
            }
            owner.post_form(&form, "/account/password", &too_short(PASSWORD)).await.expect(422, "too short");
        }
        // Another node counts while the password is compared here.
        let key = TokenHash::of(&format!("confirming\0{}", app.user(PRIYA).await.id));
        let (rule, now, mut thief) = (app.app.config.throttle.account, app.app.clock.now(), owner.copy());
        let first: storage::Result<_> = unit!(app, |tx| tx.throttles().fail(key, rule, now).await);
        first.expect("counted");
        let guess = unit!(app, |tx| {
            for _ in 1..5 {
                tx.throttles().fail(key, rule, now).await?;
            }
            let guess = async move { thief.post_form(&form, "/account/password", &too_short(PASSWORD)).await };
            let mut guess = tokio::spawn(guess);
            let soon = tokio::time::timeout(Duration::from_millis(500), &mut guess).await;
            assert!(soon.is_err(), "it waits for what is being counted");
            Ok::<_, storage::Error>(guess)
        });
        let answer = guess.expect("counted").await.expect("no panic");
        answer.expect(429, "");
    }
}
