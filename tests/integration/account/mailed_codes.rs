//! Codes by e-mail as a second factor: set up, sent, typed once in their own session, limited, and worth nothing beside a
//! password that came by the same way.

use std::time::Duration;

use lanyard::{authentication::factor::Kind, setting::Setting};

use super::{
    crowds::rule,
    second_factor::{code_of, codes_of, set_up},
};
use crate::harness::{Answer, Browser, PASSWORD, TestApp};

const PRIYA: &str = "priya@riverside.example";
const SET_UP: &str = "/account/security/email";
const FACTOR: &str = "/login/factor";

async fn each() -> Vec<TestApp> {
    TestApp::each_with(|sources| sources.with("factors.email", "on")).await
}

/// The code that the only letter holds.
async fn mailed(app: &TestApp) -> String {
    let mail = app.mail().await;
    assert_eq!((mail.to.as_str(), mail.kind.as_str()), (PRIYA, "code"));
    digits(&mail.text)
}

fn digits(text: &str) -> String {
    let start = text.find("Your code is ").expect("a code") + 13;
    text[start..start + 7].replace(' ', "")
}

/// Another code than this.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1) % 1_000_000)
}

/// Sets codes by mail up; the page that this ends at.
async fn set_up_mail(app: &TestApp, browser: &mut Browser) -> Answer {
    let page = browser.open(SET_UP).await;
    page.expect(200, "We can mail a code");
    let page = browser.submit(&page, SET_UP, &[("send", "yes")]).await;
    page.expect(200, "We have mailed a code");
    let code = mailed(app).await;
    let done = browser.submit(&page, SET_UP, &[("code", &code)]).await;
    assert_eq!(app.mail().await.kind, "mail-added");
    // The pause between two codes.
    app.wait(Duration::from_secs(30));
    done
}

/// Signs in by password; the page on which the code is typed that was sent then.
async fn asked(app: &TestApp, browser: &mut Browser) -> (Answer, String) {
    let page = browser.sign_in(PRIYA, PASSWORD).await;
    page.expect(200, "We can mail a code of six digits to p•••@riverside.example");
    let page = browser.submit(&page, FACTOR, &[("send", "yes")]).await;
    page.expect(200, "We have mailed a code of six digits to p•••@riverside.example");
    (page, mailed(app).await)
}

#[tokio::test]
async fn a_code_by_mail_is_the_second_step_once_one_was_typed() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let done = set_up_mail(&app, &mut browser).await;
        done.expect(200, "Your recovery codes");
        assert_eq!(codes_of(&done).len(), 10);
        browser.open("/account/security").await.expect(200, PRIYA).expect(200, "10 recovery codes");

        let mut new = app.browser();
        let (page, code) = asked(&app, &mut new).await;
        new.post_form(&page, FACTOR, &[("code", &other(&code))]).await.expect(422, "isn’t right");
        assert!(new.open("/account").await.path.starts_with(FACTOR), "the password alone opens nothing");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        new.submit(&page, FACTOR, &[("code", &spaced)]).await.expect(200, "Hello, Priya Nair");
        let sessions = app.read().await.sessions().of_user(&app.user(PRIYA).await.id).await.expect("read");
        let said = |one: &lanyard::session::Session| (one.acr.clone(), one.amr.join(" "));
        assert_eq!(said(&sessions[0]), ("urn:lanyard:acr:multi-factor".to_owned(), "pwd otp mfa".to_owned()));
        assert_eq!(app.recorded("code-sending", "success").await, 2);

        // Nothing is kept that whoever reads the database could type.
        let mut again = app.browser();
        app.wait(Duration::from_secs(30));
        let (page, second) = asked(&app, &mut again).await;
        again.post_form(&page, FACTOR, &[("code", &code)]).await.expect(422, "isn’t right");
        again.submit(&page, FACTOR, &[("code", &second)]).await.expect(200, "Hello, Priya Nair");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_in_the_session_of_its_person() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_mail(&app, &mut browser).await;
        let (mut here, mut there) = (app.browser(), app.browser());
        let (page, code) = asked(&app, &mut here).await;
        let wrong = "isn’t right";
        // Another session of the same person, and another person.
        let elsewhere = there.sign_in(PRIYA, PASSWORD).await;
        there.post_form(&elsewhere, FACTOR, &[("code", &code)]).await.expect(422, wrong);
        let mut max = app.signed_in("max@riverside.example").await;
        let form = max.open(SET_UP).await;
        max.post_form(&form, SET_UP, &[("code", &code)]).await.expect(422, wrong);
        // What is for a sign-in sets nothing up.
        let token = app.token(&browser, SET_UP);
        browser.post(SET_UP, &[("csrf", &token), ("code", &code)]).await.expect(422, wrong);
        app.wait(Duration::from_mins(9));
        here.submit(&page, FACTOR, &[("code", &code)]).await.expect(200, "Hello, Priya Nair");

        let mut late = app.browser();
        let (page, code) = asked(&app, &mut late).await;
        app.wait(Duration::from_mins(10));
        let answer = late.submit(&page, FACTOR, &[("code", &code)]).await;
        assert!(answer.path.starts_with("/login/password"), "{}", answer.path);
        let page = late.sign_in(PRIYA, PASSWORD).await;
        late.post_form(&page, FACTOR, &[("code", &code)]).await.expect(422, wrong);
        // One that a newer one replaced.
        let page = late.submit(&page, FACTOR, &[("send", "yes")]).await;
        let first = mailed(&app).await;
        app.wait(Duration::from_secs(30));
        late.submit(&page, FACTOR, &[("send", "yes")]).await.expect(200, "We have mailed");
        let second = mailed(&app).await;
        late.post_form(&page, FACTOR, &[("code", &first)]).await.expect(422, wrong);
        late.submit(&page, FACTOR, &[("code", &second)]).await.expect(200, "Hello, Priya Nair");
    }
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_wrong_ones_count_as_those_of_an_app() {
    for app in
        TestApp::each_with(|sources| sources.with("factors.email", "on").with("throttle.code_attempts", "9")).await
    {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_mail(&app, &mut browser).await;
        let mut new = app.browser();
        let (page, code) = asked(&app, &mut new).await;
        for _ in 0..5 {
            new.post_form(&page, FACTOR, &[("code", &other(&code))]).await.expect(422, "isn’t right");
        }
        new.post_form(&page, FACTOR, &[("code", &code)]).await.expect(422, "After five tries a code is void");
        new.open("/account").await.expect(200, "We can mail a code");
        app.wait(Duration::from_secs(30));
        new.submit(&page, FACTOR, &[("send", "yes")]).await;
        let code = mailed(&app).await;
        for _ in 0..3 {
            new.post_form(&page, FACTOR, &[("code", &other(&code))]).await.expect(422, "isn’t right");
        }
        let held = new.post_form(&page, FACTOR, &[("code", &code)]).await;
        held.expect(429, "Too many attempts");
        assert_eq!(app.mail().await.kind, "codes-guessed");
        assert_eq!(app.recorded("second-factor", "failure").await, 9);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_ask_at_once_on_two_nodes_one_code_is_sent_in_half_a_minute_and_five_in_an_hour() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_mail(&app, &mut browser).await;
        app.wait(Duration::from_hours(1));
        let (priya, (elsewhere, _stopper)) = (app.user(PRIYA).await, app.other_node().await);
        for round in 0..6 {
            let mut asks = vec![];
            for number in 0..(if round == 0 { 64 } else { 8 }) {
                let mut one = app.with_session(&priya.id).await;
                if number % 2 == 1 {
                    one.goes_to(&elsewhere);
                }
                let path = format!("{FACTOR}?by=email");
                let token = app.token(&one, FACTOR);
                asks.push(tokio::spawn(async move { one.post(&path, &[("csrf", &token), ("send", "yes")]).await }));
            }
            let mut answers = vec![];
            for ask in asks {
                answers.push(ask.await.expect("no panic"));
            }
            let sent = answers.iter().filter(|answer| answer.status == 303).count();
            assert_eq!(sent, usize::from(round < 5), "round {round}");
            assert_eq!(app.mails().await.len(), sent);
            let refused = answers.iter().find(|answer| answer.status != 303).expect("one that waits");
            // From the fifth on they wait for the first to be an hour old.
            let (wait, words) = if round < 4 { (30, "30 seconds") } else { (3600 - 30 * round, "58 minutes") };
            refused.expect(429, &format!("Another code can be sent in {words}"));
            assert_eq!(refused.headers["retry-after"], wait.to_string().as_str(), "round {round}");
            app.wait(Duration::from_secs(30));
        }
    }
}

#[tokio::test]
async fn the_letter_says_from_where_and_that_nobody_asks_for_it() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let page = browser.open(SET_UP).await;
        browser.comes_from("192.0.2.7");
        browser.submit(&page, SET_UP, &[("send", "yes")]).await;
        let mail = app.mail().await;
        for said in ["Firefox", "from 192.0.2.7", "Nobody from IT", "ten minutes", "somebody knows your password"] {
            assert!(mail.text.contains(said), "{said}: {}", mail.text);
        }
        assert_eq!(mail.path(), "/account/password");
    }
}

#[tokio::test]
async fn whoever_has_another_factor_is_offered_a_code_by_mail_as_another_way() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_mail(&app, &mut browser).await;
        let (seed, _) = set_up(&app, &mut browser).await;
        assert_eq!(app.mail().await.kind, "factor-added");
        app.wait(Duration::from_secs(30));
        let mut new = app.browser();
        let page = new.sign_in(PRIYA, PASSWORD).await;
        page.expect(200, "Open your authenticator app").expect(200, "Send me a code by e-mail");
        assert!(app.mails().await.is_empty(), "nothing is sent unasked");
        let page = new.get(&page.link("/login/factor")).await;
        page.expect(200, "We can mail a code").expect(200, "Use the authenticator app instead");
        let page = new.submit(&page, FACTOR, &[("send", "yes")]).await;
        let code = mailed(&app).await;
        // A code of the app is none of these, and this one is none of the app.
        let shown = code_of(&seed, app.app.clock.now());
        new.post_form(&page, FACTOR, &[("code", &shown)]).await.expect(422, "isn’t right");
        let token = app.token(&new, FACTOR);
        new.post(FACTOR, &[("csrf", &token), ("code", &code)]).await.expect(422, "isn’t right");
        new.submit(&page, FACTOR, &[("code", &code)]).await.expect(200, "Hello, Priya Nair");

        rule(&app, Setting::FactorKinds, "totp, passkey").await;
        let mut ruled = app.browser();
        let page = ruled.sign_in(PRIYA, PASSWORD).await;
        assert!(!page.says("Send me a code by e-mail"));
        let token = app.token(&ruled, FACTOR);
        ruled.post(&format!("{FACTOR}?by=email"), &[("csrf", &token), ("send", "yes")]).await;
        assert!(app.mails().await.is_empty(), "rules leave it out");
        browser.get(SET_UP).await.expect(403, "");
    }
}

#[tokio::test]
async fn where_the_configuration_leaves_them_out_nobody_sets_codes_by_mail_up() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let list = browser.open("/account/security").await;
        assert!(!list.says("Codes by e-mail"));
        browser.get(SET_UP).await.expect(403, "");
        rule(&app, Setting::FactorKinds, "email, totp").await;
        browser.get(SET_UP).await.expect(403, "");
        let token = app.token(&browser, SET_UP);
        browser.post(SET_UP, &[("csrf", &token), ("send", "yes")]).await.expect(403, "");
        assert!(app.mails().await.is_empty());
    }
}

/// Chooses a new password by a mailed link.
pub(super) async fn forget(app: &TestApp, password: &str) {
    let mut browser = app.browser();
    let form = browser.get("/password/forgotten").await;
    browser.submit(&form, "/password/forgotten", &[("user_name", PRIYA)]).await;
    let link = loop {
        // The letter is written after the answer.
        match app.mails().await.pop() {
            Some(mail) => break mail.path(),
            None => tokio::task::yield_now().await,
        }
    };
    let form = browser.get(&link).await;
    let fields = [("new_password", password), ("repeated_password", password)];
    browser.submit(&form, "/password/", &fields).await;
    assert_eq!(app.mail().await.kind, "password-changed");
}

#[tokio::test]
async fn a_mailbox_that_a_new_password_came_to_proves_nothing_beside_it() {
    const NEW: &str = "four unrelated words";
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let done = set_up_mail(&app, &mut browser).await;
        let recovery = codes_of(&done);
        forget(&app, NEW).await;
        assert_eq!(app.recorded("factor-closure", "success").await, 1);
        let mut thief = app.browser();
        let page = thief.sign_in(PRIYA, NEW).await;
        page.expect(200, "Recovery code").expect(200, "Codes by e-mail don’t count here");
        let token = app.token(&thief, FACTOR);
        thief.post(&format!("{FACTOR}?by=email"), &[("csrf", &token), ("send", "yes")]).await;
        assert!(app.mails().await.is_empty(), "none is sent");
        assert!(thief.open(SET_UP).await.path.starts_with(FACTOR));

        // Whoever proves themselves otherwise sets them up anew.
        thief.submit(&page, FACTOR, &[("code", &recovery[0])]).await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.mail().await.kind, "recovery-code-used");
        thief.open("/account/security").await.expect(200, "don’t count here").expect(200, "Set up codes by e-mail");
        set_up_mail(&app, &mut thief).await.expect(200, "Codes by e-mail have been set up");
        let factors = app.read().await.factors().of_user(&app.user(PRIYA).await.id).await.expect("read");
        assert_eq!(factors.iter().map(|one| (one.kind, one.closed_at)).collect::<Vec<_>>(), [(Kind::Email, None)]);

        // Whoever has no factor waits for a day after such a link.
        let list = thief.open("/account/security").await;
        let page = thief.open(&list.link("/account/security/fac_")).await;
        thief.submit(&page, "/account/security/fac_", &[]).await;
        assert_eq!(app.mail().await.kind, "mail-removed");
        let mut alone = app.browser();
        alone.sign_in(PRIYA, NEW).await.expect(200, "Hello, Priya Nair");
        alone.open(SET_UP).await.expect(200, "less than a day ago");
        let token = app.token(&alone, SET_UP);
        alone.post(SET_UP, &[("csrf", &token), ("send", "yes")]).await;
        assert!(app.mails().await.is_empty());
        app.wait(Duration::from_hours(24));
        let mut later = app.browser();
        later.sign_in(PRIYA, NEW).await;
        later.open(SET_UP).await.expect(200, "We can mail a code");
    }
}

#[tokio::test]
async fn codes_go_to_a_new_address_once_its_link_was_opened_and_nowhere_else() {
    for app in each().await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_mail(&app, &mut browser).await;
        let form = browser.open("/account/email").await;
        let fields = [("email", "nair@riverside.example"), ("current_password", PASSWORD)];
        browser.submit(&form, "/account/email", &fields).await;
        let page = browser.get(&app.mail().await.path()).await;
        browser.submit(&page, "/email/", &[]).await;
        assert_eq!(app.mail().await.kind, "email-changed");
        browser.open("/account/security").await.expect(200, "nair@riverside.example");
        let mut new = app.browser();
        let page = new.sign_in("nair@riverside.example", PASSWORD).await;
        page.expect(200, "n•••@riverside.example");
        new.submit(&page, FACTOR, &[("send", "yes")]).await;
        let mail = app.mail().await;
        assert_eq!(mail.to, "nair@riverside.example");

        // An administrator who gives the person another address redirects no codes.
        let (user, context) =
            (app.user("nair@riverside.example").await, app.app.context(lanyard::audit::Actor::Server));
        let moved: lanyard::directory::Result<()> = crate::harness::unit!(app, |tx| {
            let to = "thief@riverside.example".parse().expect("an address");
            lanyard::directory::user::change_email(tx, &context, &user.id, &to).await
        });
        moved.expect("changed");
        new.post_form(&page, FACTOR, &[("code", &digits(&mail.text))]).await.expect(422, "");
        let mut other = app.browser();
        let page = other.sign_in("thief@riverside.example", PASSWORD).await;
        page.expect(200, "Recovery code");
        let token = app.token(&other, FACTOR);
        other.post(&format!("{FACTOR}?by=email"), &[("csrf", &token), ("send", "yes")]).await;
        assert!(app.mails().await.is_empty(), "no code goes where none was proved");
    }
}

#[tokio::test]
async fn a_second_step_that_rules_ask_for_may_be_a_code_by_mail_but_for_no_passkey() {
    for app in each().await {
        rule(&app, Setting::FactorRequired, "multi-factor").await;
        let mut browser = app.browser();
        let choice = browser.sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "Set up codes by e-mail");
        let page = browser.get(&choice.link(SET_UP)).await;
        let page = browser.submit(&page, SET_UP, &[("send", "yes")]).await;
        assert!(!page.says("class=\"tabs\""), "no other page is offered");
        let code = mailed(&app).await;
        let codes = browser.submit(&page, SET_UP, &[("code", &code)]).await;
        codes.expect(200, "Your recovery codes");
        assert_eq!(app.mail().await.kind, "mail-added");
        browser.open(&codes.link("/login?")).await.expect(200, "Hello, Priya Nair");
        rule(&app, Setting::FactorRequired, "phishing-resistant").await;
        let choice = browser.open("/account").await;
        choice.expect(200, "a passkey or a security key");
        assert!(!choice.says(SET_UP), "mail is no passkey");
    }
}
