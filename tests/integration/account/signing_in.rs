//! Signing in, a forgotten password, and a password that was handed out.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    authentication::{
        Authenticator,
        new_password::{self, Measure},
    },
    directory::{
        profile::{self, Attribute, Edit},
        user::{self, NewPassword, PasswordKind},
    },
    limit::Network,
    policy::{Applying, password::Asked},
};

use crate::harness::{PASSWORD, TestApp, unit};

#[tokio::test]
async fn who_signs_in_comes_to_the_account() {
    for app in TestApp::each().await {
        let mut browser = app.browser();
        let page = browser.open("/account").await;
        page.expect(200, "Password");
        assert!(page.path.starts_with("/login/password?return="), "{}", page.path);
        let account = browser
            .submit(&page, "/login/password", &[("user_name", "priya@riverside.example"), ("password", PASSWORD)])
            .await;
        account.expect(200, "Hello, Priya Nair");
        assert_eq!(account.path, "/account");
        assert_eq!(app.recorded("sign-in", "success").await, 1);
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_person_are_answered_alike() {
    for app in TestApp::each().await {
        let mut browser = app.browser();
        let page = browser.get("/login/password").await;
        let mut bodies = vec![];
        for (user_name, password) in [
            ("priya@riverside.example", "not-her-password"),
            ("nobody@riverside.example", PASSWORD),
            ("tess@harbour.example", PASSWORD),
        ] {
            let answer =
                browser.post_form(&page, "/login/password", &[("user_name", user_name), ("password", password)]).await;
            assert_eq!(answer.status, 422, "{user_name}");
            assert!(browser.cookie("lanyard-session").is_none(), "{user_name}");
            // What is another one in each answer: the token of the form, and what a passkey is asked.
            let fresh = ["name=\"csrf\"", "name=\"state\"", "data-options="];
            let lines = answer.body.lines().filter(|line| !fresh.iter().any(|one| line.contains(one)));
            bodies.push(lines.map(str::to_owned).collect::<Vec<_>>());
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:#?}");
        assert_eq!(app.recorded("sign-in", "failure").await, 3);
    }
}

#[tokio::test]
async fn a_one_time_password_is_changed_before_anything_else() {
    for app in TestApp::each().await {
        let sam = app.user("sam@riverside.example").await;
        let network = Network::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let authenticator = Authenticator::start(&app.app);
        let asked = Asked::of(&app.app.config.password, &Applying::default());
        let measure = Measure { asked, about: vec![], present: None, former: vec![] };
        let handed = "hand-me-down-and-change".into();
        let hash = new_password::prepare(&app.app, &authenticator, &handed, &measure, network).await.expect("fits");
        let context = app.app.context(Actor::Server);
        let password = NewPassword { hash, kind: PasswordKind::OneTime, by: "administrator" };
        unit!(app, |tx| user::set_password(tx, &context, &sam.id, &password).await).expect("set");

        let mut browser = app.browser();
        let page = browser.sign_in("sam@riverside.example", "hand-me-down-and-change").await;
        page.expect(200, "Choose your own password");
        let elsewhere = browser.open("/account").await;
        assert!(elsewhere.path.starts_with("/login/change-password"), "{}", elsewhere.path);
        let fields = [("new_password", "four unrelated words"), ("repeated_password", "four unrelated birds")];
        browser.post_form(&elsewhere, "/login/change-password", &fields).await.expect(422, "aren’t the same");
        let fields = [("new_password", "four unrelated words"), ("repeated_password", "four unrelated words")];
        browser.submit(&elsewhere, "/login/change-password", &fields).await.expect(200, "Hello, Sam Okafor");
        let mut again = app.browser();
        again.sign_in("sam@riverside.example", "four unrelated words").await.expect(200, "Hello, Sam Okafor");
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_by_the_mailed_link() {
    for app in TestApp::each().await {
        let mut elsewhere = app.signed_in("priya@riverside.example").await;
        let mut browser = app.browser();
        let page = browser.get("/password/forgotten").await;
        for name in ["nobody@riverside.example", "priya@riverside.example"] {
            browser.submit(&page, "/password/forgotten", &[("user_name", name)]).await.expect(200, "Check your e-mail");
        }
        let mail = loop {
            // The letter is written after the answer.
            match app.mails().await.pop() {
                Some(mail) => break mail,
                None => tokio::task::yield_now().await,
            }
        };
        assert_eq!((mail.to.as_str(), mail.kind.as_str()), ("priya@riverside.example", "password-reset"));

        let page = browser.get(&mail.path()).await;
        let fields = [("new_password", "four unrelated words"), ("repeated_password", "four unrelated words")];
        browser.submit(&page, "/password/", &fields).await.expect(200, "Password");
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), ("priya@riverside.example", "password-changed"));
        assert_eq!(told.path(), "/password/forgotten");
        browser.get(&mail.path()).await.expect(410, "no longer works");
        browser.post_form(&page, "/password/", &fields).await.expect(410, "no longer works");
        assert!(elsewhere.open("/account").await.path.starts_with("/login/"), "every session has ended");
        let signed_in = app.browser().sign_in("priya@riverside.example", PASSWORD).await;
        assert_eq!(signed_in.status, 422, "the former password is void");
        app.browser().sign_in("priya@riverside.example", "four unrelated words").await.expect(200, "Hello, Priya");
    }
}

#[tokio::test]
async fn word_of_a_new_password_comes_in_the_persons_language() {
    for app in TestApp::each().await {
        let (context, priya) = (app.app.context(Actor::Server), app.user("priya@riverside.example").await);
        let edits = [Edit::set(Attribute::Locale, "da").expect("a language")];
        unit!(app, |tx| profile::edit_person(tx, &context, &priya.id, &edits).await).expect("edited");
        let mut browser = app.browser();
        let page = browser.get("/password/forgotten").await;
        browser.post_form(&page, "/password/forgotten", &[("user_name", "priya@riverside.example")]).await;
        let mail = loop {
            match app.mails().await.pop() {
                Some(mail) => break mail,
                None => tokio::task::yield_now().await,
            }
        };
        let page = browser.get(&mail.path()).await;
        let fields = [("new_password", "four unrelated words"), ("repeated_password", "four unrelated words")];
        browser.submit(&page, "/password/", &fields).await;
        let told = app.mail().await;
        assert!(told.text.contains("Adgangskoden til din konto"), "{}", told.text);
    }
}

#[tokio::test]
async fn a_mailed_link_to_a_password_ends_after_an_hour() {
    for app in TestApp::each().await {
        let mut browser = app.browser();
        let page = browser.get("/password/forgotten").await;
        browser.post_form(&page, "/password/forgotten", &[("user_name", "max@riverside.example")]).await;
        let mail = loop {
            match app.mails().await.pop() {
                Some(mail) => break mail,
                None => tokio::task::yield_now().await,
            }
        };
        app.wait(Duration::from_secs(3600));
        browser.get(&mail.path()).await.expect(410, "no longer works");
    }
}
