//! Passkeys: registered, asked for beside the password, signing in alone, and everything that is no answer of theirs.

use std::time::Duration;

use lanyard::id::UserId;
use serde_json::{Value, json};
use webauthn_authenticator_rs::{
    AuthenticatorBackend, WebauthnAuthenticator,
    prelude::{CreationChallengeResponse, RequestChallengeResponse, Url},
    softpasskey::SoftPasskey,
};

use super::second_factor::{code_of, codes_of, set_up};
use crate::harness::{Answer, Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const SITE: &str = "http://localhost:8080";
const ADD: &str = "/account/security/passkeys";

/// What a page holds in this attribute.
fn attribute(page: &Answer, name: &str) -> String {
    let from = page.body.find(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name} in {}", page.body));
    let rest = &page.body[from + name.len() + 2..];
    let text = &rest[..rest.find('"').expect("its end")];
    text.replace("&#34;", "\"").replace("&quot;", "\"").replace("&amp;", "&").replace("&#38;", "&")
}

/// The ceremony of a page.
pub(super) fn state_of(page: &Answer) -> String {
    attribute(page, "name=\"state\" value")
}

/// A device that is registered with somebody.
pub(super) struct Device {
    key: SoftPasskey,
    id: String,
    handle: String,
    /// Whether it asks who its owner is.
    pub(super) verifies: bool,
}

impl Device {
    /// Registers one, and the page that this ends at.
    pub(super) async fn set_up(browser: &mut Browser) -> (Self, Answer) {
        Self::set_up_from(browser, ADD).await
    }

    /// The same, from this link.
    pub(super) async fn set_up_from(browser: &mut Browser, address: &str) -> (Self, Answer) {
        Self::set_up_at(browser, address, ADD).await
    }

    /// The same, by the form there that posts to `action`.
    pub(super) async fn set_up_at(browser: &mut Browser, address: &str, action: &str) -> (Self, Answer) {
        let page = browser.open(address).await;
        let mut public_key: Value = serde_json::from_str(&attribute(&page, "data-options")).expect("options");
        public_key["authenticatorSelection"]["userVerification"] = json!("required");
        assert_eq!(public_key["rp"]["id"], "localhost");
        let handle = public_key["user"]["id"].as_str().expect("a handle").to_owned();
        let options: CreationChallengeResponse = serde_json::from_value(json!({ "publicKey": public_key })).unwrap();
        let mut key = SoftPasskey::new(true);
        let answer = key.do_registration(Url::parse(SITE).unwrap(), options).expect("a passkey");
        let answer = serde_json::to_value(&answer).unwrap();
        let id = answer["id"].as_str().expect("an id").to_owned();
        let (state, answer) = (state_of(&page), answer.to_string());
        let fields = [("name", "My key"), ("state", &state), ("answer", &answer)];
        let done = browser.submit(&page, action, &fields).await;
        (Self { key, id, handle, verifies: true }, done)
    }

    /// Its answer to the options, as a browser at `origin` gives it.
    fn answer(&mut self, options: &str, origin: &str) -> Value {
        let mut options: Value = serde_json::from_str(options).expect("options");
        // A device that finds its keys by itself.
        options["allowCredentials"] = json!([{ "type": "public-key", "id": self.id }]);
        options["userVerification"] = json!(if self.verifies { "required" } else { "preferred" });
        let options: RequestChallengeResponse = serde_json::from_value(json!({ "publicKey": options })).unwrap();
        // The device alone: a browser would give no other site an answer.
        let answer =
            self.key.perform_auth(Url::parse(origin).unwrap(), options.public_key, 1000).expect("an assertion");
        let mut answer = serde_json::to_value(&answer).unwrap();
        answer["response"]["userHandle"] = json!(self.handle);
        answer
    }

    /// Answers the form of a page.
    pub(super) async fn post(&mut self, browser: &mut Browser, page: &Answer) -> Answer {
        let answer = self.answer(&attribute(page, "data-options"), SITE).to_string();
        browser.submit(page, "/login/passkey", &[("state", &state_of(page)), ("answer", &answer)]).await
    }

    /// Answers the form of a page as if nobody were known yet: by a ceremony for whoever answers.
    pub(super) async fn post_alone(&mut self, browser: &mut Browser, page: &Answer) -> Answer {
        let another: Value = serde_json::from_str(&browser.get("/login/passkey/options").await.body).expect("JSON");
        let [options, state] = ["options", "state"].map(|name| another[name].as_str().expect("text").to_owned());
        let answer = self.answer(&options, SITE).to_string();
        browser.submit(page, "/login/passkey", &[("state", &state), ("answer", &answer)]).await
    }
}

async fn acr_of(app: &TestApp, whose: &str) -> Vec<(String, String)> {
    let user = app.user(whose).await;
    let sessions: Result<Vec<_>, lanyard::storage::Error> = unit!(app, |tx| tx.sessions().of_user(&user.id).await);
    sessions.unwrap().into_iter().map(|session| (session.acr, session.amr.join(" "))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_asked_for_after_the_password_and_signs_in_alone() {
    for app in TestApp::each().await {
        let mut elsewhere = app.signed_in(PRIYA).await;
        let mut browser = app.signed_in(PRIYA).await;
        let (mut device, done) = Device::set_up(&mut browser).await;
        done.expect(200, "Your recovery codes");
        assert_eq!(app.mail().await.kind, "passkey-added");
        let list = browser.open("/account/security").await;
        list.expect(200, "My key")
            .expect(200, "10 recovery codes are left")
            .expect(200, "a second step is asked for as well");
        assert!(!list.body.contains("and a code."), "no code belongs to a passkey");
        assert!(elsewhere.open("/account").await.path.starts_with("/login/password"), "a password alone is over");
        assert_eq!(app.recorded("factor-enrolment", "success").await, 1);

        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "Use your passkey");
        assert!(asked.path.starts_with("/login/factor") && !asked.body.contains("name=\"code\""), "{}", asked.path);
        device.post(&mut new, &asked).await.expect(200, "Hello, Priya Nair");

        let mut third = app.browser();
        let page = third.get("/login/password").await;
        page.expect(200, "username webauthn");
        device.post(&mut third, &page).await.expect(200, "Hello, Priya Nair");
        let shown = acr_of(&app, PRIYA).await;
        let is = |amr: &str| shown.iter().any(|(acr, has)| acr.ends_with("phishing-resistant") && has == amr);
        assert!(is("pwd pop user mfa") && is("pop user mfa"), "{shown:?}");

        let list = browser.open("/account/security").await;
        let page = browser.get(&list.link("/account/security/fac_")).await;
        browser.submit(&page, "/account/security/fac_", &[]).await;
        let told = app.mail().await;
        assert!(told.kind == "passkey-removed" && told.text.contains("password alone"), "{told:?}");
        let mut fourth = app.browser();
        let page = fourth.get("/login/password").await;
        device.post(&mut fourth, &page).await.expect(422, "isn’t registered here");
        assert_eq!(fourth.sign_in(PRIYA, PASSWORD).await.path, "/account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_factor_that_is_set_up_claims_nothing_and_takes_nothing_from_a_surer_session() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut browser).await;
        assert_eq!(app.mail().await.kind, "passkey-added");
        let mut alone = app.browser();
        let page = alone.get("/login/password").await;
        device.post(&mut alone, &page).await.expect(200, "Hello, Priya Nair");
        let before = acr_of(&app, PRIYA).await;
        set_up(&app, &mut alone).await;
        assert_eq!(app.mail().await.kind, "factor-added");
        assert_eq!(acr_of(&app, PRIYA).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_somebody_got_hold_of_makes_no_key_of_theirs_the_persons() {
    for app in TestApp::each().await {
        let mut owner = app.signed_in(PRIYA).await;
        let (_, done) = Device::set_up(&mut owner).await;
        let code = codes_of(&done)[0].clone();
        let (seed, _) = set_up(&app, &mut owner).await;
        app.mails().await;
        app.wait(Duration::from_secs(60));
        let mut thief = app.browser();
        let asked = thief.sign_in(PRIYA, PASSWORD).await;
        thief
            .submit(&asked, "/login/factor", &[("code", &code_of(&seed, app.app.clock.now()))])
            .await
            .expect(200, "Hello");
        let first = "with one of your passkeys first";
        thief.open("/account/security/passkeys").await.expect(200, first);
        let list = thief.open("/account/security").await;
        thief.submit(&list, "/account/security/codes", &[]).await.expect(200, first);
        let key = list.body.split("/account/security/fac_").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        let page = thief.get(&format!("/account/security/fac_{key}/remove")).await;
        thief.submit(&page, "/account/security/fac_", &[]).await.expect(200, first);
        assert_eq!(app.recorded("factor-removal", "success").await, 0);
        // Whoever has lost the key comes by a recovery code.
        let mut owner = app.browser();
        let asked = owner.sign_in(PRIYA, PASSWORD).await;
        owner.submit(&asked, "/login/factor", &[("code", &code)]).await.expect(200, "Hello");
        owner.open("/account/security/passkeys").await.expect(200, "data-options");
        app.leaves_jobs();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_of_now_by_this_person_at_this_site_is_refused() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (mut device, _) = Device::set_up(&mut browser).await;
        let mut max = app.signed_in("max@riverside.example").await;
        let (other, _) = Device::set_up(&mut max).await;
        assert!(app.mails().await.iter().all(|mail| mail.kind == "passkey-added"));

        let mut thief = app.browser();
        let page = thief.get("/login/password").await;
        let (options, state) = (attribute(&page, "data-options"), state_of(&page));
        let right = device.answer(&options, SITE);
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut answer = right.clone();
            change(&mut answer);
            answer.to_string()
        };
        let mut wrong = vec![
            ("of another person", changed(&|answer| answer["response"]["userHandle"] = json!(other.handle))),
            ("of nobody", changed(&|answer| answer["response"]["userHandle"] = Value::Null)),
            ("of another key", changed(&|answer| answer["rawId"] = json!(other.id))),
            ("signed otherwise", changed(&|answer| answer["response"]["signature"] = json!("MEUCIQ"))),
            ("nothing", String::new()),
            ("no JSON", "{".to_owned()),
            ("deep", "[".repeat(20_000)),
        ];
        // The same signature that another site was given.
        for origin in [
            "http://badlocalhost",
            "http://localhost:8081",
            "https://localhost:8080",
            "http://localhost.evil.example:8080",
        ] {
            wrong.push((origin, device.answer(&options, origin).to_string()));
        }
        for (what, answer) in wrong {
            let said = thief.post_form(&page, "/login/passkey", &[("state", &state), ("answer", &answer)]).await;
            assert!([422, 429].contains(&said.status.as_u16()), "{what}: {}", said.status);
            app.wait(Duration::from_secs(20));
            assert!(thief.get("/account").await.location().is_some(), "{what}");
        }

        // Of another browser, forged, too old.
        let mut own = app.browser();
        let fresh = own.get("/login/password").await;
        for bad in [state.as_str(), "", "a.b"] {
            let answer = device.answer(&attribute(&fresh, "data-options"), SITE).to_string();
            let said = own.post_form(&fresh, "/login/passkey", &[("state", bad), ("answer", &answer)]).await;
            said.expect(422, "open for too long");
        }
        app.wait(Duration::from_mins(11));
        let late = device.answer(&attribute(&fresh, "data-options"), SITE).to_string();
        let fields = [("state", state_of(&fresh)), ("answer", late)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        own.post_form(&fresh, "/login/passkey", &fields).await.expect(422, "open for too long");

        // Twice.
        let fresh = own.get("/login/password").await;
        let answer = device.answer(&attribute(&fresh, "data-options"), SITE).to_string();
        let fields = [("state", state_of(&fresh)), ("answer", answer)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        own.submit(&fresh, "/login/passkey", &fields).await.expect(200, "Hello, Priya Nair");
        own.post_form(&fresh, "/login/passkey", &fields).await.expect(422, "could not be checked");
        assert_eq!(app.recorded("factor-closure", "success").await, 0, "the same answer twice is no copy");
        assert!(app.recorded("sign-in", "failure").await >= 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_of_another_person_or_session_is_none() {
    for app in TestApp::each().await {
        let (mut browser, mut max) = (app.signed_in(PRIYA).await, app.signed_in("max@riverside.example").await);
        // Of somebody else's page, of another browser.
        let (page, foreign) = (browser.open(ADD).await, max.open(ADD).await);
        let public_key: Value = serde_json::from_str(&attribute(&foreign, "data-options")).unwrap();
        let options: CreationChallengeResponse = serde_json::from_value(json!({ "publicKey": public_key })).unwrap();
        let answer = SoftPasskey::new(true).do_registration(Url::parse(SITE).unwrap(), options).unwrap();
        let (state, answer) = (state_of(&foreign), serde_json::to_string(&answer).unwrap());
        let fields = [("name", "x"), ("state", state.as_str()), ("answer", answer.as_str())];
        browser.post_form(&page, ADD, &fields).await.expect(422, "could not be checked");
        let own = state_of(&page);
        let fields = [("name", "x"), ("state", own.as_str()), ("answer", answer.as_str())];
        browser.post_form(&page, ADD, &fields).await.expect(422, "could not be checked");

        let (mut device, _) = Device::set_up(&mut browser).await;
        let (mut other, _) = Device::set_up(&mut max).await;
        assert!(app.mails().await.iter().all(|mail| mail.kind == "passkey-added"));
        let mut new = app.browser();
        let asked = new.sign_in(PRIYA, PASSWORD).await;
        other.post(&mut new, &asked).await.expect(422, "isn’t registered here");
        assert!(new.open("/account").await.path.starts_with("/login/factor"));
        // An answer for one half sign-in is none for another.
        let mut second = app.browser();
        let theirs = second.sign_in(PRIYA, PASSWORD).await;
        let answer = device.answer(&attribute(&theirs, "data-options"), SITE).to_string();
        let fields = [("state", state_of(&asked)), ("answer", answer)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        new.post_form(&asked, "/login/passkey", &fields).await.expect(422, "isn’t registered here");
        device.post(&mut new, &asked).await.expect(200, "Hello, Priya Nair");
        let id: UserId = app.user(PRIYA).await.id;
        let kept: Result<Vec<_>, lanyard::storage::Error> = unit!(app, |tx| tx.factors().keys(&id).await);
        assert_eq!(kept.unwrap().len(), 1);
    }
}

/// A key whose copy is used too: what counts less arrives after what counts more.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_counts_back_is_closed_for_good_and_its_person_still_has_a_second_factor() {
    for is_alone in [true, false] {
        closes(is_alone).await;
    }
}

async fn closes(is_alone: bool) {
    for app in TestApp::each().await {
        let mut browser = app.signed_in(PRIYA).await;
        let (mut device, done) = Device::set_up(&mut browser).await;
        let recovery =
            done.body.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a code").to_owned();
        app.mail().await;
        let (mut own, mut copy) = (app.browser(), app.browser());
        let mut pages = vec![];
        for visitor in [&mut own, &mut copy] {
            let page =
                if is_alone { visitor.get("/login/password").await } else { visitor.sign_in(PRIYA, PASSWORD).await };
            pages.push(page);
        }
        let answer = device.answer(&attribute(&pages[1], "data-options"), SITE).to_string();
        device.post(&mut own, &pages[0]).await.expect(200, "Hello, Priya Nair");
        let fields = [("state", state_of(&pages[1])), ("answer", answer)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        copy.post_form(&pages[1], "/login/passkey", &fields).await.expect(422, "may be a copy");
        assert_eq!(app.mail().await.kind, "passkey-closed");
        for visitor in [&mut own, &mut browser] {
            assert!(
                visitor.open("/account").await.path.starts_with("/login/password"),
                "whatever either began is over"
            );
        }

        // However far it counts from now on.
        for _ in 0..3 {
            let page = copy.get("/login/password").await;
            device.post(&mut copy, &page).await.expect(422, "may be a copy");
        }
        assert_eq!((app.recorded("factor-closure", "success").await, app.mails().await.len()), (1, 0));
        let mut priya = app.browser();
        let asked = priya.sign_in(PRIYA, PASSWORD).await;
        asked.expect(200, "name=\"code\"");
        assert!(asked.path.starts_with("/login/factor") && !asked.body.contains("data-passkey"), "{}", asked.path);
        assert!(priya.open("/account").await.path.starts_with("/login/factor"), "no password alone");
        priya.submit(&asked, "/login/factor", &[("code", &recovery)]).await.expect(200, "Hello, Priya Nair");
        app.mail().await;
        let list = priya.open("/account/security").await;
        list.expect(200, "it counted back");
        let page = priya.get(&list.link("/account/security/fac_")).await;
        priya.submit(&page, "/account/security/fac_", &[]).await.expect(200, "You have none yet");
        app.mail().await;
        assert_eq!(app.browser().sign_in(PRIYA, PASSWORD).await.path, "/account");
    }
}
