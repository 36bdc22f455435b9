//! Codes by text message as a second factor: through the webhook of the clinic, and no more of them than it wants to pay.

use std::time::Duration;

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use lanyard::{
    jobs::{Job, Lane},
    secret::TokenHash,
    storage,
};
use serde_json::Value;

use super::signals::working;
use crate::harness::{Answer, Browser, PASSWORD, TestApp, receiver::Receiver, unit};

const PRIYA: &str = "priya@riverside.example";
const SET_UP: &str = "/account/security/phone";
const FACTOR: &str = "/login/factor";
const NUMBER: &str = "+45 12 34 56 78";
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

async fn each(gateway: &str, more: &[(&str, &str)]) -> Vec<TestApp> {
    let secret = format!("whsec_{KEY}");
    let settings = [("sms.url", gateway), ("sms.secret", &secret), ("outgoing.allowed_networks", "127.0.0.0/8")];
    TestApp::each_with(|sources| {
        settings.iter().chain(more).fold(sources, |sources, (key, value)| sources.with(key, *value))
    })
    .await
}

/// The text messages that wait to be handed over, as number and text; they are taken out of the queue.
async fn texts(app: &TestApp) -> Vec<(String, String)> {
    let (inner, node, now) = (app.app.clone(), app.app.node.clone(), app.app.clock.now());
    let jobs: storage::Result<_> = unit!(app, |tx| {
        let leased = tx.jobs().lease((&node, &inner.sealer), now, (Some(Lane::Apps), 100)).await?;
        for job in &leased {
            tx.jobs().complete(&job.id, &node).await?;
        }
        Ok(leased)
    });
    let text = |job| match job {
        Some(Job::SendTextMessage { to, text, .. }) => (to, text),
        other => panic!("no text message: {other:?}"),
    };
    jobs.expect("leased").into_iter().map(|leased| text(leased.job)).collect()
}

/// The code of the only one, which goes to Priya's telephone.
async fn texted(app: &TestApp) -> String {
    let texts = texts(app).await;
    let [(to, text)] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!(to, "+4512345678");
    code_in(text)
}

fn code_in(text: &str) -> String {
    let code = text[..7].replace(' ', "");
    assert!(text.ends_with(&format!("\n\n@localhost #{code}")) && text.contains("Nobody will ask you"), "{text}");
    code
}

async fn set_up_phone(app: &TestApp, browser: &mut Browser) -> Answer {
    let page = browser.open(SET_UP).await;
    let page = browser.submit(&page, SET_UP, &[("send", "yes"), ("number", NUMBER)]).await;
    page.expect(200, "to your phone +4512345678");
    let code = texted(app).await;
    let done = browser.submit(&page, SET_UP, &[("code", &code)]).await;
    assert_eq!(app.mail().await.kind, "text-added");
    app.wait(Duration::from_secs(30));
    done
}

#[tokio::test]
async fn a_text_message_is_the_second_step_once_its_code_was_typed() {
    for app in each("http://127.0.0.1:9/sms", &[]).await {
        let mut browser = app.signed_in(PRIYA).await;
        set_up_phone(&app, &mut browser).await.expect(200, "Your recovery codes");
        let named = async |target| {
            let within = (Duration::from_hours(1), 9);
            app.read().await.sent_codes().named(target, within, app.app.clock.now()).await.expect("read").len()
        };
        assert_eq!(named(app.app.keyed_hash(["telephone", "+4512345678"])).await, 1);
        assert_eq!(named(TokenHash::of("telephone\0+4512345678")).await, 0, "numbers are few enough to try them all");
        let list = browser.open("/account/security").await;
        list.expect(200, "•••• 78");
        assert!(!list.says("12345678") && !list.says("12 34 56 78"), "no more of the number is shown");

        let mut new = app.browser();
        let page = new.sign_in(PRIYA, PASSWORD).await;
        page.expect(200, "to your phone •••• 78");
        let page = new.submit(&page, FACTOR, &[("send", "yes")]).await;
        let code = texted(&app).await;
        let mut elsewhere = app.browser();
        let other = elsewhere.sign_in(PRIYA, PASSWORD).await;
        elsewhere.post_form(&other, FACTOR, &[("code", &code)]).await.expect(422, "isn’t right");
        new.submit(&page, FACTOR, &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
        let sessions = app.read().await.sessions().of_user(&app.user(PRIYA).await.id).await.expect("read");
        assert_eq!(sessions[0].amr.join(" "), "pwd otp sms mfa");
        assert_eq!(sessions[0].acr, "urn:lanyard:acr:multi-factor");
        let mut replay = app.browser();
        let page = replay.sign_in(PRIYA, PASSWORD).await;
        replay.post_form(&page, FACTOR, &[("code", &code)]).await.expect(422, "isn’t right");
    }
}

#[tokio::test]
async fn what_is_no_number_or_of_another_country_gets_nothing() {
    for app in each("http://127.0.0.1:9/sms", &[("sms.prefixes", "+45, +46")]).await {
        let mut browser = app.signed_in(PRIYA).await;
        let page = browser.open(SET_UP).await;
        for (number, why) in [
            ("", "no number with the code of its country"),
            ("12 34 56 78", "no number with the code of its country"),
            ("+45 12 34 56 78; rm", "no number with the code of its country"),
            ("+882 16 12 34 56 78", "No text messages are sent to numbers of that country"),
        ] {
            browser.post_form(&page, SET_UP, &[("send", "yes"), ("number", number)]).await.expect(422, why);
        }
        assert!(texts(&app).await.is_empty());
        assert_eq!(app.recorded("code-sending", "success").await, 0);
    }
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        browser.get(SET_UP).await.expect(403, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_gets_five_an_hour_whoever_asks_and_the_server_sends_no_more_than_it_may() {
    for app in each("http://127.0.0.1:9/sms", &[("sms.hourly", "14")]).await {
        let (elsewhere, _stopper) = app.other_node().await;
        let people = [PRIYA, "max@riverside.example", "frank@riverside.example", "bill@riverside.example"];
        let ask = async |person: &str, number: &str, many: usize| {
            let (user, mut asks) = (app.user(person).await, vec![]);
            for turn in 0..many {
                let mut one = app.with_session(&user.id).await;
                if turn % 2 == 1 {
                    one.goes_to(&elsewhere);
                }
                let (token, number) = (app.token(&one, SET_UP), number.to_owned());
                let fields = [("csrf", token), ("send", "yes".to_owned()), ("number", number)];
                asks.push(tokio::spawn(async move {
                    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
                    one.post(SET_UP, &fields).await
                }));
            }
            let mut answers = vec![];
            for ask in asks {
                answers.push(ask.await.expect("no panic"));
            }
            answers
        };
        let mut sent = 0;
        for turn in 0..6 {
            // People take turns at one number: those who never asked are held up by those who did.
            let answers = ask(people[turn % 4], NUMBER, 8).await;
            let granted = answers.iter().filter(|answer| answer.status == 303).count();
            assert_eq!(granted, usize::from(turn < 5), "turn {turn}");
            sent += granted;
            app.wait(Duration::from_secs(31));
        }
        assert_eq!((sent, texts(&app).await.len()), (5, 5));
        for (number, granted) in [("+45 11 11 11 11", 1), ("+45 22 22 22 22", 1), ("+45 33 33 33 33", 0)] {
            let answers = ask("sam@riverside.example", number, 8).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), granted, "{number}");
            if granted == 0 {
                answers[0].expect(429, "Too many text messages were sent within the last hour");
                assert_eq!(answers[0].headers["retry-after"], "300");
            }
            app.wait(Duration::from_secs(31));
        }
        assert_eq!(texts(&app).await.len(), 2);
        assert_eq!(app.recorded("text-messages-exhaustion", "failure").await, 1, "told once an hour");
    }
}

#[tokio::test]
async fn whoever_names_a_number_keeps_nobody_from_signing_in_by_it() {
    for app in each("http://127.0.0.1:9/sms", &[]).await {
        let mut priya = app.signed_in(PRIYA).await;
        set_up_phone(&app, &mut priya).await;
        let mut max = app.signed_in("max@riverside.example").await;
        let page = max.open(SET_UP).await;
        for turn in 0..5 {
            app.wait(Duration::from_secs(31));
            let sent = max.post_form(&page, SET_UP, &[("send", "yes"), ("number", NUMBER)]).await;
            assert_eq!(sent.status == 303, turn < 4, "turn {turn}: {}", sent.status);
        }
        texts(&app).await;
        let mut new = app.browser();
        let page = new.sign_in(PRIYA, PASSWORD).await;
        let page = new.submit(&page, FACTOR, &[("send", "yes")]).await;
        let code = texted(&app).await;
        new.submit(&page, FACTOR, &[("code", &code)]).await.expect(200, "Hello, Priya Nair");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_told_by_a_signed_message_and_told_again_until_the_code_is_over() {
    let receiver = Receiver::start().await;
    for app in each(&format!("{}/sms", receiver.address), &[]).await {
        let mut browser = app.signed_in(PRIYA).await;
        let page = browser.open(SET_UP).await;
        receiver.will_say(503);
        browser.submit(&page, SET_UP, &[("send", "yes"), ("number", NUMBER)]).await;
        let before = receiver.received().len();
        working(&app, async {
            receiver.got(before + 1).await;
            let mut again = std::pin::pin!(receiver.got(before + 2));
            while tokio::time::timeout(Duration::from_millis(200), again.as_mut()).await.is_err() {
                app.wait(Duration::from_secs(6));
            }
        })
        .await;
        let got = receiver.received().split_off(before);
        for one in &got {
            let header = |name: &str| one.headers[name].to_str().expect("text").to_owned();
            let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), one.body);
            let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(KEY.as_bytes()).expect("a key"));
            let tag = header("webhook-signature")["v1,".len()..].to_owned();
            hmac::verify(&key, signed.as_bytes(), &BASE64.decode(tag.as_bytes()).expect("base64")).expect("signed");
        }
        assert_eq!(got[0].headers["webhook-id"], got[1].headers["webhook-id"], "the same message");
        let said: Value = serde_json::from_str(&got[1].body).expect("JSON");
        assert_eq!((&said["type"], &said["data"]["to"]), (&"text-message".into(), &"+4512345678".into()));
        let code = code_in(said["data"]["text"].as_str().expect("a text"));
        let page = browser.open(SET_UP).await;
        browser.submit(&page, SET_UP, &[("code", &code)]).await.expect(200, "Your recovery codes");
        assert_eq!(app.mail().await.kind, "text-added");

        // While the gateway is out of order the code runs out: it is not sent late.
        app.wait(Duration::from_mins(1));
        let mut new = app.browser();
        let page = new.sign_in(PRIYA, PASSWORD).await;
        new.submit(&page, FACTOR, &[("send", "yes")]).await;
        app.wait(Duration::from_mins(10));
        working(&app, async {
            loop {
                let failed = app.read().await.jobs().failed(10).await.expect("read");
                if let Some(failed) = failed.first() {
                    assert!(failed.last_error.contains("its code was over"), "{failed:?}");
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert_eq!(receiver.received().len(), before + 2);
        app.leaves_jobs();
    }
}
