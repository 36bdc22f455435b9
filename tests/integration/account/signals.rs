//! Signs of an attack: what is unexpected, whom it is told, and that more has to be proved where rules say so.

use std::{fs, time::Duration};

use lanyard::{
    audit::store::Query, config::Sources, geography::testing as geography, mail::Mailer, server::Stopper,
    worker::Worker,
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::harness::{Answer, Browser, PASSWORD, TestApp, portal::request, receiver::Receiver, unit};

const PRIYA: &str = "priya@riverside.example";
const OLIVIA: &str = "olivia@riverside.example";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
const COPENHAGEN: &str = "192.0.2.7";
const MADRID: &str = "198.51.100.7";
const NOWHERE: &str = "203.0.113.7";

fn cities() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let networks = [("192.0.2.0/24", "DK 55.676 12.568"), ("198.51.100.0/24", "ES 40.417 -3.703")];
    fs::write(file.path(), geography::file(&networks)).unwrap();
    file
}

async fn each(file: &NamedTempFile, more: &[(&str, &str)]) -> Vec<TestApp> {
    let path = file.path().display().to_string();
    let configure = |sources: Sources| {
        let sources = sources.with("network.countries", &path).with("alerts.mail", "owners");
        more.iter().fold(sources, |sources, (key, value)| sources.with(key, *value))
    };
    TestApp::each_with(configure).await
}

async fn signs_in_from(browser: &mut Browser, address: &str) -> Answer {
    browser.comes_from(address);
    browser.sign_in(PRIYA, PASSWORD).await
}

/// The signs that were written down.
async fn signs(app: &TestApp) -> Vec<(String, Value)> {
    let query = Query { action: Some("signal".into()), limit: 1000, ..Query::default() };
    let events = app.read().await.audit().list(query).await.unwrap();
    let said = |detail: &str| serde_json::from_str::<Value>(detail).unwrap();
    events.iter().rev().map(|event| (event.resource.clone().unwrap_or_default(), said(&event.detail))).collect()
}

async fn kinds(app: &TestApp) -> Vec<String> {
    let mut kinds: Vec<String> = signs(app).await.into_iter().map(|(kind, _)| kind).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_a_new_country_is_told_once_an_hour() {
    let file = cities();
    for app in each(&file, &[]).await {
        let mut browser = app.browser();
        signs_in_from(&mut browser, COPENHAGEN).await.expect(200, "Hello, Priya");
        app.wait(Duration::from_hours(5));
        signs_in_from(&mut app.browser(), NOWHERE).await.expect(200, "Hello, Priya");
        assert_eq!(kinds(&app).await, ["unexpected-device"], "where nobody knows the country, none is new");
        assert!(app.mails().await.is_empty(), "a device is told to its person");
        for (address, minutes) in [(MADRID, 20), (MADRID, 45)] {
            signs_in_from(&mut browser, address).await.expect(200, "Hello, Priya");
            browser.open("/account").await;
            let account = browser.get("/account").await;
            browser.post_form(&account, "/account/sign-out", &[]).await;
            app.wait(Duration::from_mins(minutes));
        }
        assert_eq!(kinds(&app).await, ["unexpected-country", "unexpected-device"], "once, and then it is known");
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "suspicion"));
        assert!(told.text.contains("Priya") && told.text.contains("never signed in before: ES"), "{}", told.text);
        let (_, said) = signs(&app).await.into_iter().find(|(kind, _)| kind == "unexpected-country").unwrap();
        assert_eq!((&said["country"], &said["former_country"]), (&json!("ES"), &json!("DK")));
        assert_eq!(said["user"], app.user(PRIYA).await.id.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_travels_so_fast() {
    let file = cities();
    for app in each(&file, &[("alerts.mail", "soc@msp.example, it@clinic.example")]).await {
        signs_in_from(&mut app.browser(), MADRID).await.expect(200, "Hello, Priya");
        app.wait(Duration::from_hours(24));
        signs_in_from(&mut app.browser(), COPENHAGEN).await.expect(200, "Hello, Priya");
        app.wait(Duration::from_hours(3));
        app.mails().await;
        signs_in_from(&mut app.browser(), MADRID).await.expect(200, "Hello, Priya");
        let found = kinds(&app).await;
        assert!(!found.contains(&"impossible-travel".to_owned()), "three hours in the air: {found:?}");
        app.wait(Duration::from_mins(100));
        signs_in_from(&mut app.browser(), COPENHAGEN).await.expect(200, "Hello, Priya");
        assert_eq!(kinds(&app).await.iter().filter(|kind| *kind == "impossible-travel").count(), 1);
        let mut told: Vec<_> = app.mails().await.into_iter().map(|mail| (mail.to, mail.kind)).collect();
        told.sort_unstable();
        let named = |to: &str| (to.to_owned(), "suspicion".to_owned());
        assert_eq!(told, [named("it@clinic.example"), named("soc@msp.example")], "whoever is named, not owners");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_unexpectedly_proves_more_where_rules_say_so() {
    let file = cities();
    for app in each(&file, &[("alerts.mail", "off"), ("policy.signals.step_up", "yes")]).await {
        let mut at_home = app.browser();
        signs_in_from(&mut at_home, COPENHAGEN).await.expect(200, "Hello, Priya");
        assert!(at_home.get(&request("scope=openid")).await.location().is_some());
        at_home.get("/account/security").await.expect(200, "");
        for day in 0..3 {
            app.wait(Duration::from_hours(24));
            let mut thief = app.browser();
            signs_in_from(&mut thief, MADRID).await.expect(200, "Hello, Priya");
            thief.get(&request("scope=openid")).await.expect(403, "This sign-in looks unusual");
            let silent = thief.get(&request("scope=openid&prompt=none")).await;
            assert!(silent.location().unwrap().contains("error=access_denied"), "{day}: {:?}", silent.location());
            // No second factor is set up there, and no password changed.
            let before = app.recorded("policy-refusal", "failure").await;
            assert_eq!(thief.get("/account/security").await.status, 403, "{day}");
            let token = app.token(&thief, "/account/security/apps");
            assert_eq!(thief.post("/account/security/apps", &[("csrf", &token)]).await.status, 403, "{day}");
            assert_eq!(app.recorded("policy-refusal", "failure").await, before + 2, "{day}: both are written down");
        }
        let refusals = app.recorded("policy-refusal", "failure").await;
        assert!(refusals >= 3, "{refusals}");
        // Whoever reloads the page on and on fills no audit log.
        app.wait(Duration::from_hours(24));
        let mut thief = app.browser();
        signs_in_from(&mut thief, MADRID).await.expect(200, "Hello, Priya");
        for _ in 0..20 {
            assert_eq!(thief.get("/account/security").await.status, 403);
        }
        assert_eq!(app.recorded("policy-refusal", "failure").await, refusals + 7, "1 to 5, 8, and 16 times");
        // Where the person is known, in the browser that is known, nothing is asked.
        signs_in_from(&mut at_home, COPENHAGEN).await.expect(200, "Hello, Priya");
        assert!(at_home.get(&request("scope=openid")).await.location().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_password_tried_on_many_accounts_is_seen_and_so_are_many_on_one() {
    let file = cities();
    let settings = [("alerts.accounts", "4"), ("alerts.failures", "5")];
    for app in each(&file, &settings).await {
        let fail = async |name: &str, address: &str| {
            let mut browser = app.browser();
            browser.comes_from(address);
            browser.sign_in(name, "Autumn-2026-clinic").await;
        };
        // A name that nobody has counts like others, and one name often does not.
        for name in ["one@nowhere.example", "two@nowhere.example", PRIYA, PRIYA, "one@nowhere.example"] {
            fail(name, MADRID).await;
        }
        fail(OLIVIA, COPENHAGEN).await;
        assert!(kinds(&app).await.is_empty(), "three accounts from one network, and one from another");
        fail("sam@riverside.example", MADRID).await;
        fail("max@riverside.example", MADRID).await;
        assert_eq!(kinds(&app).await, ["password-spraying"], "once an hour");
        let (_, said) = signs(&app).await.remove(0);
        assert_eq!((&said["network"], &said["times"], &said["user"]), (&json!(MADRID), &json!(4), &json!("")));
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "suspicion"), "the owner of who was tried");
        assert!(told.text.contains("4 or more accounts") && told.text.contains(MADRID), "{}", told.text);

        app.wait(Duration::from_hours(3));
        for _ in 0..6 {
            fail("max@riverside.example", COPENHAGEN).await;
            app.wait(Duration::from_mins(2));
        }
        assert_eq!(kinds(&app).await, ["many-failures", "password-spraying"]);
        assert!(app.mail().await.text.contains("to sign in as Max"));
    }
}

/// Runs the background work until something is done.
pub(super) async fn working<T>(app: &TestApp, until: impl Future<Output = T>) -> T {
    let mailer = Mailer::new(&app.app.config.mail, app.app.clock.clone(), app.app.random.clone()).unwrap();
    let (stopper, stop) = Stopper::new();
    let worker = Worker::new(app.app.clone(), mailer).await.unwrap();
    let working = tokio::spawn(worker.run(stop));
    let done = tokio::time::timeout(Duration::from_secs(20), until).await.expect("done in time");
    stopper.stop();
    working.await.unwrap();
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_is_told_and_told_again_until_it_answers() {
    let (file, receiver) = (cities(), Receiver::start().await);
    let address = format!("{}/siem", receiver.address);
    let settings = [("alerts.mail", "off"), ("alerts.secret", SECRET), ("alerts.webhook", address.as_str())];
    let settings: Vec<_> = settings.into_iter().chain([("outgoing.allowed_networks", "127.0.0.0/8")]).collect();
    for (turn, app) in each(&file, &settings).await.into_iter().enumerate() {
        signs_in_from(&mut app.browser(), COPENHAGEN).await.expect(200, "Hello, Priya");
        app.wait(Duration::from_hours(5));
        receiver.will_say(503);
        let mut browser = app.browser();
        signs_in_from(&mut browser, MADRID).await.expect(200, "Hello, Priya");
        let before = turn * 3;
        working(&app, async {
            receiver.got(before + 2).await;
            // Time goes on: what failed may be written down after it was heard.
            let mut again = std::pin::pin!(receiver.got(before + 3));
            while tokio::time::timeout(Duration::from_millis(200), again.as_mut()).await.is_err() {
                app.wait(Duration::from_secs(6));
            }
        })
        .await;
        let got = receiver.received().split_off(before);
        assert!(got.iter().all(|one| one.path == "/siem"));
        let said: Vec<Value> = got.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
        let country = said.iter().find(|one| one["type"] == "unexpected-country").expect("told");
        assert!(said.iter().any(|one| one["type"] == "unexpected-device"));
        let riverside = app.organization("riverside").await;
        assert_eq!(
            country["data"],
            json!({
                "user": app.user(PRIYA).await.id.as_str(),
                "session": country["data"]["session"],
                "organizations": [riverside.as_str()],
                "address": MADRID,
                "country": "ES",
                "former_country": "DK",
                "times": 1,
            })
        );
        let jobs: lanyard::storage::Result<_> = unit!(app, |tx| tx.jobs().waiting().await);
        assert_eq!(jobs.unwrap(), 0);
    }
}
