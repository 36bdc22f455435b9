//! Emergency accounts: a key, once, whatever rules say; and nothing weaker.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    authentication,
    directory::{
        self,
        access::RoleAt,
        membership::{self, FirstRoles, NewMembership},
        origin::Origin,
        user::{self, NewUser},
        validity::Validity,
    },
    jobs::{Job, Lane},
    secret::ExposeSecret,
    server,
    setting::Setting,
};
use serde_json::{Value, json};

use super::passkeys::Device;
use crate::harness::{Answer, TestApp, unit};

const OLIVIA: &str = "olivia@riverside.example";
const HOUR: Duration = Duration::from_hours(1);

/// Makes one of Riverside, and its owner hears of it; the path of its link.
async fn create(app: &TestApp, slug: &str) -> directory::Result<String> {
    let link = make(app, slug).await?;
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "emergency-made"));
    assert!(told.text.contains(slug) && told.text.contains("on the host of the server"), "{}", told.text);
    Ok(link)
}

async fn make(app: &TestApp, slug: &str) -> directory::Result<String> {
    let (context, riverside) = (app.app.context(Actor::Host("root".into())), app.organization("riverside").await);
    let ((token, hash), slug) = (app.app.random.token(), slug.parse().expect("a slug"));
    let (inner, site) = (app.app.clone(), server::site(&app.app).await.expect("a site"));
    let made: directory::Result<_> = unit!(app, |tx| {
        authentication::emergency::create(tx, (&inner, &site), &context, &riverside, (slug, hash)).await
    });
    made.map(|_| format!("/emergency/{}", token.expose_secret()))
}

async fn rotate(app: &TestApp, slug: &str) -> String {
    let link = rotated(app, slug).await;
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "emergency-rotated"));
    link
}

async fn rotated(app: &TestApp, slug: &str) -> String {
    let (context, riverside) = (app.app.context(Actor::Host("root".into())), app.organization("riverside").await);
    let ((token, hash), slug) = (app.app.random.token(), slug.parse().expect("a slug"));
    let (inner, site) = (app.app.clone(), server::site(&app.app).await.expect("a site"));
    let made: directory::Result<_> = unit!(app, |tx| {
        authentication::emergency::rotate(tx, (&inner, &site), &context, &riverside, (&slug, hash)).await
    });
    made.expect("rotated");
    format!("/emergency/{}", token.expose_secret())
}

async fn removed(app: &TestApp, slug: &str) {
    let (context, riverside) = (app.app.context(Actor::Host("root".into())), app.organization("riverside").await);
    let slug = slug.parse().expect("a slug");
    let (inner, site) = (app.app.clone(), server::site(&app.app).await.expect("a site"));
    let done: directory::Result<_> =
        unit!(app, |tx| authentication::emergency::remove(tx, (&inner, &site), &context, &riverside, &slug).await);
    done.expect("removed");
}

/// The key that goes into the safe.
async fn with_a_key(app: &TestApp, link: &str) -> Device {
    let (device, done) = Device::set_up_at(&mut app.browser(), link, "/emergency/").await;
    done.expect(200, "The key is registered");
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "emergency-key"));
    device
}

/// Signs in with it in a new browser.
async fn uses(app: &TestApp, device: &mut Device) -> (crate::harness::Browser, Answer) {
    let mut browser = app.browser();
    let page = browser.get("/login/password").await;
    let answer = device.post(&mut browser, &page).await;
    (browser, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_signs_in_once_whatever_rules_say_and_everybody_is_told() {
    for app in TestApp::each().await {
        let link = create(&app, "safe").await.expect("made");
        let mut device = with_a_key(&app, &link).await;
        app.browser().get(&link).await.expect(410, "no longer works");
        // The rules of the organization let nobody in from here.
        super::crowds::rule(&app, Setting::NetworkAllowed, "192.0.2.0/24").await;
        super::crowds::rule(&app, Setting::ScheduleWindows, "sun 00:00-00:01 in Europe/Copenhagen").await;
        let (mut browser, done) = uses(&app, &mut device).await;
        done.expect(200, "Emergency account safe");
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "emergency-use"));
        assert_eq!(app.recorded("emergency-use", "success").await, 1);
        let tokens = app.tokens(&mut browser, "scope=openid+offline_access&organization=riverside").await;
        assert_eq!(app.userinfo(&tokens).await.status, 200);
        browser.open("/account/recoveries").await.expect(200, "Riverside Clinic");
        // Again in its own session, and nowhere else.
        app.wait(Duration::from_mins(11));
        let page = browser.open("/account/security").await;
        device.post(&mut browser, &page).await.expect(200, "");
        let (_, again) = uses(&app, &mut device).await;
        again.expect(422, "");
        assert_eq!(app.recorded("emergency-use", "success").await, 1);
        // What begins late ends with the session too.
        for _ in 0..2 {
            app.wait(Duration::from_mins(105));
            browser.open("/account").await.expect(200, "Emergency account safe");
        }
        let late = app.tokens(&mut browser, "scope=openid+offline_access&organization=riverside").await;
        app.wait(Duration::from_mins(30));
        assert_eq!(app.refresh(&late).await.status, 400);
        assert!(browser.open("/account").await.path.starts_with("/login/password"), "four hours are over");
        assert_eq!(app.refresh(&tokens).await.status, 400, "offline_access or not");
        assert_eq!(app.userinfo(&tokens).await.status, 401);
        let page = browser.get("/login/password").await;
        device.post(&mut browser, &page).await.expect(422, "");
        assert!(app.mails().await.is_empty());

        let link = rotate(&app, "safe").await;
        uses(&app, &mut device).await.1.expect(422, "");
        let mut other = with_a_key(&app, &link).await;
        uses(&app, &mut device).await.1.expect(422, "");
        uses(&app, &mut other).await.1.expect(200, "Emergency account safe");
        assert_eq!(app.mail().await.kind, "emergency-use");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_weaker_and_no_more_than_two() {
    for app in TestApp::each().await {
        let link = create(&app, "safe").await.expect("made");
        create(&app, "notary").await.expect("made");
        assert!(create(&app, "third").await.is_err() && create(&app, "safe").await.is_err());
        let riverside = app.organization("riverside").await;
        let account = app.read().await.emergency_accounts().list(&riverside).await.expect("read").remove(1);
        assert_eq!((account.slug.as_str(), account.state()), ("safe", "no key"));
        let (context, id) = (app.app.context(Actor::Server), account.user.clone());
        let done: directory::Result<()> =
            unit!(app, |tx| user::change_email(tx, &context, &id, &"me@x.example".parse().unwrap()).await);
        assert!(matches!(done, Err(directory::Error::Refused(_))), "{done:?}");
        let (context, id) = (app.app.context(Actor::Server), account.user.clone());
        let password = user::NewPassword { hash: "x".into(), kind: user::PasswordKind::Lasting, by: "administrator" };
        let done: directory::Result<()> = unit!(app, |tx| user::set_password(tx, &context, &id, &password).await);
        assert!(matches!(done, Err(directory::Error::Refused(_))), "{done:?}");

        // A link is good for a day, and an answer for its own account.
        let mut browser = app.browser();
        let page = browser.get(&link).await;
        browser.post_form(&page, "/emergency/", &[("state", "x"), ("answer", "{}")]).await.expect(422, "");
        app.wait(24 * HOUR);
        browser.get(&link).await.expect(410, "");
        let mut device = with_a_key(&app, &rotate(&app, "safe").await).await;
        // Not at a shared workstation.
        let mut desk = super::stations::at_the_desk(&app).await;
        let page = desk.get("/login/password").await;
        device.post(&mut desk, &page).await.expect(422, "");
        assert_eq!(app.recorded("emergency-use", "success").await, 0);
        uses(&app, &mut device).await.1.expect(200, "Emergency account safe");
        app.mail().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_counted_nowhere_and_no_source_sees_it() {
    for app in TestApp::each().await {
        create(&app, "safe").await.expect("made");
        let riverside = app.organization("riverside").await;
        let (context, olivia) = (app.app.context(Actor::Server), app.user(OLIVIA).await.id);
        let done: directory::Result<()> = unit!(app, |tx| user::disable(tx, &context, &olivia).await);
        assert!(matches!(done, Err(directory::Error::LastOwner)), "{done:?}");
        let account = app.read().await.emergency_accounts().list(&riverside).await.expect("read").remove(0);
        let member =
            app.read().await.memberships().of(&riverside, &account.user).await.expect("read").expect("a member");
        app.wait(400 * 24 * HOUR);
        let unused = app.read().await.reviews().unused(&riverside, (app.app.clock.now(), ""), 100).await.expect("read");
        assert!(unused.len() > 3 && unused.iter().all(|(id, _)| *id != member.id), "{unused:?}");
        let shown = app
            .read()
            .await
            .shown_members(&Origin::of(&app.app.context(Actor::Server)))
            .by_id(&riverside, &member.id)
            .await;
        assert!(shown.expect("read").is_none());
        removed(&app, "safe").await;
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (OLIVIA, "emergency-removed"));
        assert!(told.text.contains("safe") && told.text.contains("signs nobody in any more"), "{}", told.text);
        assert!(
            app.read()
                .await
                .users()
                .by_id(&account.user)
                .await
                .expect("read")
                .is_some_and(|one| one.deleted_at.is_some())
        );
    }
}

/// The jobs that wait: letters, as addresses with their kinds in order, and everything else. They are taken out of the queue.
async fn waiting(app: &TestApp, lane: Lane) -> (Vec<(String, String)>, Vec<Job>) {
    let (inner, node, now) = (app.app.clone(), app.app.node.clone(), app.app.clock.now());
    let jobs: lanyard::storage::Result<_> = unit!(app, |tx| {
        let leased = tx.jobs().lease((&node, &inner.sealer), now, (Some(lane), 200)).await?;
        for job in &leased {
            tx.jobs().complete(&job.id, &node).await?;
        }
        Ok(leased)
    });
    let (mut letters, mut others) = (vec![], vec![]);
    for leased in jobs.expect("leased") {
        match leased.job.expect("it can be read") {
            Job::SendMail { to, mail, .. } => letters.push((to, mail)),
            other => others.push(other),
        }
    }
    letters.sort();
    (letters, others)
}

/// Makes somebody an owner of Riverside.
async fn own(app: &TestApp, email: String) {
    let (context, riverside) = (app.app.context(Actor::Server), app.organization("riverside").await);
    let done: directory::Result<()> = unit!(app, |tx| {
        let new = NewUser {
            name: "O".parse().unwrap(),
            email: Some(email.parse().unwrap()),
            email_is_verified: true,
            user_name: None,
            password: None,
            locale: None,
        };
        let person = user::create(tx, &context, new).await?;
        let kind = tx.kinds().list(&riverside).await?.remove(0).slug;
        let roles = FirstRoles::Exactly(vec![RoleAt { role: "owner".parse().unwrap(), location: None }]);
        let origin = Origin::of(&context);
        let new = NewMembership { user: person.id, kind, roles, validity: Validity::ALWAYS, origin };
        membership::join(tx, &context, &riverside, new).await?;
        Ok(())
    });
    done.expect("made");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_owner_hears_of_it_however_many_there_are() {
    for app in TestApp::each().await {
        let most = authentication::emergency::AT_A_TIME;
        let mut owners = vec![OLIVIA.to_owned()];
        for number in 0..=most {
            app.wait(Duration::from_millis(1));
            owners.push(format!("owner-{number}@riverside.example"));
            own(&app, owners[number + 1].clone()).await;
        }
        app.mails().await;
        owners.sort();
        make(&app, "safe").await.expect("made");
        let (mut told, rest) = waiting(&app, Lane::Mail).await;
        assert_eq!(told.len(), most);
        let [Job::TellOwners(tidings)] = rest.as_slice() else { panic!("{rest:?}") };
        let (tidings, inner, context) = (tidings.clone(), app.app.clone(), app.app.context(Actor::Server));
        let site = server::site(&app.app).await.expect("a site");
        let done: lanyard::storage::Result<()> =
            unit!(app, |tx| authentication::emergency::tell_owners(tx, (&inner, &site), &context, tidings).await);
        done.expect("told");
        let (others, rest) = waiting(&app, Lane::Mail).await;
        assert!(rest.is_empty(), "{rest:?}");
        told.extend(others);
        told.sort();
        let expected: Vec<_> = owners.into_iter().map(|owner| (owner, "emergency-made".to_owned())).collect();
        assert_eq!(told, expected, "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_and_whoever_is_told_of_attacks_hear_of_it_too() {
    const SECURITY: &str = "security@msp.example";
    let settings = [
        ("alerts.mail", SECURITY),
        ("alerts.webhook", "http://127.0.0.1:9/siem"),
        ("alerts.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
        ("outgoing.allowed_networks", "127.0.0.0/8"),
    ];
    let each =
        TestApp::each_with(|sources| settings.iter().fold(sources, |sources, (key, value)| sources.with(key, *value)));
    for app in each.await {
        let link = make(&app, "safe").await.expect("made");
        let (mut device, done) = Device::set_up_at(&mut app.browser(), &link, "/emergency/").await;
        done.expect(200, "The key is registered");
        uses(&app, &mut device).await.1.expect(200, "Emergency account safe");
        rotated(&app, "safe").await;
        let riverside = app.organization("riverside").await;
        let account = app.read().await.emergency_accounts().list(&riverside).await.expect("read").remove(0);
        removed(&app, "safe").await;
        let (letters, _) = waiting(&app, Lane::Mail).await;
        let kinds = ["emergency-key", "emergency-made", "emergency-removed", "emergency-rotated", "emergency-use"];
        let to = |who: &str| kinds.map(|kind| (who.to_owned(), kind.to_owned()));
        assert_eq!(letters, [to(OLIVIA), to(SECURITY)].concat());
        let (_, told) = waiting(&app, Lane::Apps).await;
        let told: Vec<Value> = told
            .into_iter()
            .map(|job| match job {
                Job::SendAlert { body } => serde_json::from_str(&body).expect("JSON"),
                other => panic!("{other:?}"),
            })
            .collect();
        let mut types: Vec<_> = told.iter().map(|one| one["type"].as_str().expect("a type")).collect();
        types.sort_unstable();
        let expected = ["made", "removed", "rotated", "set-up", "used"].map(|what| format!("emergency-account-{what}"));
        assert_eq!(types, expected);
        let used = told.iter().find(|one| one["type"] == "emergency-account-used").expect("told");
        assert_eq!(
            used["data"],
            json!({
                "user": account.user.as_str(),
                "organizations": [riverside.as_str()],
                "account": "safe",
                "address": used["data"]["address"],
            })
        );
        assert!(used["data"]["address"].is_string(), "{used}");
    }
}
