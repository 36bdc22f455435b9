//! Whoever has lost every factor is let in by two administrators, the mailbox and the password together, and by nothing less.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    directory::{
        self,
        membership::{self, FirstRoles, NewMembership},
        origin::Origin,
        permission::{self, Effect, Permission},
        user,
        validity::Validity,
    },
    setting::Setting,
};

use super::{crowds::force, second_factor::set_up};
use crate::harness::{Answer, Browser, Mail, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const MAX: &str = "max@riverside.example";
const OLIVIA: &str = "olivia@riverside.example";
const NOOR: &str = "noor@harbour.example";
const PATH: &str = "/account/recoveries";
const HOUR: Duration = Duration::from_hours(1);

/// Priya has an app, and whoever has it is signed in.
async fn with_an_app(app: &TestApp) -> Browser {
    let mut browser = app.signed_in(PRIYA).await;
    set_up(app, &mut browser).await;
    assert_eq!(app.mail().await.kind, "factor-added");
    browser
}

async fn ask_for(browser: &mut Browser, email: &str) -> Answer {
    let page = browser.open(PATH).await;
    // Behind the forms of what waits.
    let form = page.body.split("action=\"/account/recoveries\"").nth(1).expect("a form");
    let token = form.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let fields = [("organization", "riverside"), ("email", email), ("reason", "Lost the phone"), ("csrf", token)];
    let asked = browser.post(PATH, &fields).await;
    match asked.location().map(str::to_owned) {
        Some(next) => browser.open(&next).await,
        None => asked,
    }
}

/// The first request that waits.
async fn answer(browser: &mut Browser, answer: &str) -> Answer {
    let page = browser.open(PATH).await;
    let fields = [("organization", "riverside"), ("answer", answer)];
    let answered = browser.post_form(&page, "/account/recoveries/rcv_", &fields).await;
    match answered.location().map(str::to_owned) {
        Some(next) => browser.open(&next).await,
        None => answered,
    }
}

/// Who got which letter, and the link of the one to this address.
async fn letters(app: &TestApp, to: &str) -> (Vec<(String, String)>, String) {
    let mails = app.mails().await;
    let link = mails.iter().find(|mail| mail.to == to).map(Mail::path).unwrap_or_default();
    let mut who: Vec<_> = mails.into_iter().map(|mail| (mail.to, mail.kind)).collect();
    who.sort();
    (who, link)
}

fn told<const N: usize>(who: [(&str, &str); N]) -> Vec<(String, String)> {
    who.map(|(to, kind)| (to.to_owned(), kind.to_owned())).to_vec()
}

/// Olivia asks and Max agrees; the link that Priya is mailed, and the one that ends it.
async fn agreed(app: &TestApp) -> (String, String) {
    let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
    ask_for(&mut olivia, PRIYA).await.expect(200, "A different administrator can agree now");
    let (_, stop) = letters(app, PRIYA).await;
    answer(&mut max, "agree").await.expect(200, "the link is on its way");
    let (_, link) = letters(app, PRIYA).await;
    (link, stop)
}

/// Opens the link, proves the password and presses the button.
pub(super) async fn goes_on(browser: &mut Browser, link: &str, (user, password): (&str, &str)) -> Answer {
    let page = browser.open(link).await;
    let sign_in = browser.open(&page.link("/login/password")).await;
    let page = browser.submit(&sign_in, "/login/password", &[("user_name", user), ("password", password)]).await;
    if page.path != link {
        return page;
    }
    browser.submit(&page, "/recovery/", &[("answer", "go-on")]).await
}

#[tokio::test]
async fn two_administrators_the_mailbox_and_the_password_let_somebody_in_once() {
    for app in TestApp::each().await {
        let mut elsewhere = with_an_app(&app).await;
        let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
        ask_for(&mut olivia, PRIYA).await.expect(200, "Lost the phone").expect(200, "Take it back");
        let (who, stop) = letters(&app, PRIYA).await;
        let waiting = "recovery-waiting";
        assert_eq!(who, told([(MAX, waiting), (OLIVIA, waiting), (PRIYA, "recovery-asked")]));
        assert!(stop.starts_with("/recovery/stop/"), "{stop}");
        max.open(PATH).await.expect(200, "Asked by Olivia").expect(200, "Refuse");
        answer(&mut max, "agree").await.expect(200, "the link is on its way");
        let (who, link) = letters(&app, PRIYA).await;
        assert_eq!(who, told([(MAX, "recovery-news"), (OLIVIA, "recovery-news"), (PRIYA, "recovery-agreed")]));

        // Looking at it changes nothing, and so does pressing without the password.
        let mut priya = app.browser();
        let page = priya.open(&link).await;
        page.expect(200, "First sign in with your password");
        assert!(!page.says("go-on"));
        let token = app.token(&priya, &link);
        priya.post(&link, &[("answer", "go-on"), ("csrf", &token)]).await.expect(403, "");
        priya.post(&link, &[("answer", "go-on")]).await.expect(403, "");
        elsewhere.open("/account/security").await.expect(200, "My phone");

        let done = goes_on(&mut priya, &link, (PRIYA, PASSWORD)).await;
        done.expect(200, "Hello, Priya Nair");
        let (who, _) = letters(&app, PRIYA).await;
        assert_eq!(who, told([(MAX, "recovery-news"), (OLIVIA, "recovery-news"), (PRIYA, "factors-reset")]));
        priya.open("/account/security").await.expect(200, "You have none yet");
        assert!(elsewhere.open("/account").await.path.starts_with("/login/password"), "signed out everywhere");
        for link in [&link, &stop] {
            priya.get(link).await.expect(410, "no longer works");
        }
        max.open(PATH).await.expect(200, "Nothing is waiting");
        for action in ["recovery-request", "recovery-approval", "recovery-use", "factor-removal"] {
            assert_eq!(app.recorded(action, "success").await, 1, "{action}");
        }
    }
}

#[tokio::test]
async fn rules_ask_for_another_factor_next() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let (link, _) = agreed(&app).await;
        super::crowds::rule(&app, lanyard::setting::Setting::FactorRequired, "multi-factor").await;
        let mut priya = app.browser();
        let page = goes_on(&mut priya, &link, (PRIYA, PASSWORD)).await;
        assert!(page.path.starts_with("/account/enrolment"), "{}", page.path);
        app.leaves_jobs();
    }
}

#[tokio::test]
async fn no_administrator_does_it_alone_and_nobody_for_themselves() {
    for app in TestApp::each().await {
        let mut priya = with_an_app(&app).await;
        let mut olivia = app.signed_in(OLIVIA).await;
        ask_for(&mut olivia, PRIYA).await;
        letters(&app, PRIYA).await;
        assert!(!olivia.open(PATH).await.says("value=\"agree\""));
        answer(&mut olivia, "agree").await.expect(422, "that takes a different administrator");
        ask_for(&mut olivia, PRIYA).await.expect(422, "Somebody has asked for this person already");

        // Neither who looks after nobody, nor the person, nor another organization.
        let id = olivia.open(PATH).await.form("/account/recoveries/rcv_").0;
        let mut others = [app.signed_in("bill@riverside.example").await, app.signed_in(NOOR).await];
        for browser in others.iter_mut().chain([&mut priya]) {
            let page = browser.open(PATH).await;
            assert!(page.status == 200 && !page.says("Priya Nair</h3>"), "{}", page.body);
            for organization in ["riverside", "harbour", "nowhere"] {
                for (path, fields) in [(id.as_str(), vec![("answer", "agree")]), (id.as_str(), vec![("answer", "end")])]
                {
                    let token = app.token(browser, path);
                    let common = [("organization", organization), ("csrf", token.as_str())];
                    let fields: Vec<_> = fields.into_iter().chain(common).collect();
                    browser.post(path, &fields).await.expect(404, "");
                }
            }
        }
        // An address that is a member's elsewhere answers as one that is nobody's.
        let said = |page: Answer, typed: &str| {
            (page.status.as_u16(), page.says("There is no such member"), page.body.matches(typed).count())
        };
        let theirs = said(ask_for(&mut olivia, NOOR).await, NOOR);
        assert_eq!(theirs, said(ask_for(&mut olivia, "nobody@harbour.example").await, "nobody@harbour.example"));
        assert_eq!((theirs.0, theirs.1), (422, true));
        ask_for(&mut olivia, OLIVIA).await.expect(422, "That’s you");
        ask_for(&mut olivia, MAX).await.expect(422, "no second step");
        // An owner is for owners.
        let mut max = app.signed_in(MAX).await;
        set_up(&app, &mut olivia).await;
        assert_eq!(app.mail().await.kind, "factor-added");
        ask_for(&mut max, OLIVIA).await.expect(422, "You may not do this for this member");
        assert!(app.mails().await.is_empty());
        assert_eq!(app.recorded("recovery-request", "success").await, 1);
    }
}

#[tokio::test]
async fn the_link_is_for_the_password_of_its_person_and_for_a_day() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let (link, _) = agreed(&app).await;
        // The mailbox and another person's password.
        let mut max = app.browser();
        let page = goes_on(&mut max, &link, (MAX, PASSWORD)).await;
        assert!(!page.says("go-on"), "{}", page.body);
        let token = app.token(&max, &link);
        max.post(&link, &[("answer", "go-on"), ("csrf", &token)]).await.expect(403, "");
        // The mailbox without the password.
        let mut thief = app.browser();
        goes_on(&mut thief, &link, (PRIYA, "wrong")).await.expect(422, "");
        // A password that was proved a while ago.
        let mut priya = app.browser();
        let page = priya.open(&link).await;
        let sign_in = priya.open(&page.link("/login/password")).await;
        let page = priya.submit(&sign_in, "/login/password", &[("user_name", PRIYA), ("password", PASSWORD)]).await;
        page.expect(200, "go-on");
        app.wait(Duration::from_mins(10));
        priya.post_form(&page, "/recovery/", &[("answer", "go-on")]).await.expect(403, "");
        app.wait(Duration::from_secs(86_400 - 601));
        app.browser().get(&link).await.expect(200, "");
        app.wait(Duration::from_secs(1));
        app.browser().get(&link).await.expect(410, "no longer works");
        assert_eq!(app.recorded("factor-removal", "success").await, 0);
    }
}

#[tokio::test]
async fn whoever_did_not_ask_stops_it_with_either_link() {
    for app in TestApp::each().await {
        for with_the_link in [true, false] {
            if with_the_link {
                with_an_app(&app).await;
            }
            let (link, stop) = agreed(&app).await;
            let mut owner = app.browser();
            let (path, fields) = if with_the_link { (&link, vec![("answer", "stop")]) } else { (&stop, vec![]) };
            let page = owner.get(path).await;
            owner.submit(&page, "/recovery/", &fields).await.expect(200, "It’s stopped");
            let (who, _) = letters(&app, PRIYA).await;
            assert_eq!(who, told([(MAX, "recovery-news"), (OLIVIA, "recovery-news"), (PRIYA, "recovery-ended")]));
            for link in [&link, &stop] {
                owner.get(link).await.expect(410, "no longer works");
            }
        }
        assert_eq!(app.recorded("recovery-end", "success").await, 2);
    }
}

#[tokio::test]
async fn what_is_refused_taken_back_too_old_or_about_somebody_else_by_now_is_over() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
        // Refused by the one, taken back by the other, and ended although it was agreed to.
        for (who, agrees) in [(true, false), (false, false), (true, true)] {
            ask_for(&mut olivia, PRIYA).await.expect(200, "");
            if agrees {
                answer(&mut max, "agree").await.expect(200, "");
            }
            let link = letters(&app, PRIYA).await.1;
            let by = if who { &mut max } else { &mut olivia };
            answer(by, "end").await.expect(200, "nobody gets in by it").expect(200, "Nothing is waiting");
            assert_eq!(letters(&app, PRIYA).await.0.len(), 3);
            app.browser().get(&link).await.expect(410, "");
        }
        // Nobody agrees within three days.
        ask_for(&mut olivia, PRIYA).await.expect(200, "");
        letters(&app, PRIYA).await;
        let page = max.open(PATH).await;
        app.wait(72 * HOUR);
        let late = app.signed_in(MAX).await;
        max = late;
        let path = page.form("/account/recoveries/rcv_").0;
        let token = app.token(&max, &path);
        let fields = [("organization", "riverside"), ("answer", "agree"), ("csrf", token.as_str())];
        max.post(&path, &fields).await.expect(404, "");
        // The person is disabled, or has another address, when the link is used.
        let mut olivia = app.signed_in(OLIVIA).await;
        ask_for(&mut olivia, PRIYA).await.expect(200, "");
        answer(&mut max, "agree").await.expect(200, "");
        let (_, link) = {
            let mails = app.mails().await;
            let agreed = mails.into_iter().find(|mail| mail.kind == "recovery-agreed").expect("a link");
            (agreed.kind.clone(), agreed.path())
        };
        app.wait(Duration::from_secs(1));
        let (context, priya) = (app.app.context(Actor::Server), app.user(PRIYA).await.id);
        let id = priya.clone();
        let done: directory::Result<()> = unit!(app, |tx| user::disable(tx, &context, &id).await);
        done.expect("disabled");
        app.browser().get(&link).await.expect(410, "");
        let (context, id) = (app.app.context(Actor::Server), priya.clone());
        let done: directory::Result<()> = unit!(app, |tx| user::enable(tx, &context, &id).await);
        done.expect("enabled");
        app.browser().get(&link).await.expect(410, "no longer works");
        app.wait(Duration::from_secs(1));
        let link = agreed(&app).await.0;
        for (address, status) in [("new@riverside.example", 410), (PRIYA, 410)] {
            let (context, id) = (app.app.context(Actor::Server), priya.clone());
            app.wait(Duration::from_secs(1));
            let done: directory::Result<()> =
                unit!(app, |tx| user::change_email(tx, &context, &id, &address.parse().unwrap()).await);
            done.expect("moved");
            app.browser().get(&link).await.expect(status, "");
        }
    }
}

#[tokio::test]
async fn whoever_asked_still_has_the_right_to_when_another_agrees() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
        ask_for(&mut max, PRIYA).await.expect(200, "");
        letters(&app, PRIYA).await;
        let (context, id) = (app.app.context(Actor::Server), app.user(MAX).await.id);
        let done: directory::Result<()> = unit!(app, |tx| user::disable(tx, &context, &id).await);
        done.expect("disabled");
        answer(&mut olivia, "agree").await.expect(422, "may not do so any more");
        assert_eq!(app.recorded("recovery-approval", "success").await, 0);
        // Nor does whoever may not agree any more.
        let (context, id) = (app.app.context(Actor::Server), app.user(MAX).await.id);
        let done: directory::Result<()> = unit!(app, |tx| user::enable(tx, &context, &id).await);
        done.expect("enabled");
        answer(&mut olivia, "agree").await.expect(200, "the link is on its way");
        app.leaves_jobs();
    }
}

/// Grants or denies somebody the permission to look after people.
async fn permit(app: &TestApp, (email, effect): (&str, Effect)) {
    let (context, of, user) =
        (app.app.context(Actor::Server), app.organization("riverside").await, app.user(email).await);
    let member = app.read().await.memberships().of(&of, &user.id).await.expect("read").expect("a member").id;
    let what: Permission = "lanyard:people:update".parse().expect("a permission");
    let done: directory::Result<_> =
        unit!(app, |tx| permission::set(tx, &context, &of, &member, (&what, Some(effect))).await);
    done.expect("set");
}

#[tokio::test]
async fn whoever_loses_the_right_agrees_no_more() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
        ask_for(&mut olivia, PRIYA).await.expect(200, "");
        let page = max.open(PATH).await;
        page.expect(200, "Agree");
        permit(&app, (MAX, Effect::Deny)).await;
        let fields = [("organization", "riverside"), ("answer", "agree")];
        max.post_form(&page, "/account/recoveries/rcv_", &fields).await.expect(404, "");
        assert_eq!(app.recorded("recovery-approval", "success").await, 0);
        let open = app.read().await.recoveries().of_user(&app.user(PRIYA).await.id, app.app.clock.now()).await;
        assert_eq!(open.expect("read").len(), 1, "it still waits for another");
        app.leaves_jobs();
    }
}

#[tokio::test]
async fn whoever_was_granted_the_right_alone_hears_of_it_and_nobody_to_whom_it_is_denied() {
    const SAM: &str = "sam@riverside.example";
    for app in TestApp::each().await {
        with_an_app(&app).await;
        permit(&app, (SAM, Effect::Grant)).await;
        permit(&app, (MAX, Effect::Deny)).await;
        ask_for(&mut app.signed_in(OLIVIA).await, PRIYA).await.expect(200, "");
        let expected = told([(OLIVIA, "recovery-waiting"), (PRIYA, "recovery-asked"), (SAM, "recovery-waiting")]);
        assert_eq!(letters(&app, PRIYA).await.0, expected);
        answer(&mut app.signed_in(SAM).await, "agree").await.expect(200, "the link is on its way");
        app.mails().await;
    }
}

#[tokio::test]
async fn administrators_ask_and_agree_from_where_and_when_rules_let_them_in() {
    const NO: &str = "don’t let you do that from where you are";
    for (setting, value) in
        [(Setting::NetworkAllowed, "192.0.2.0/24"), (Setting::ScheduleWindows, "sun 00:00-00:01 in Europe/Copenhagen")]
    {
        for app in TestApp::each().await {
            with_an_app(&app).await;
            let (mut olivia, mut max) = (app.signed_in(OLIVIA).await, app.signed_in(MAX).await);
            ask_for(&mut olivia, PRIYA).await.expect(200, "");
            app.mails().await;
            force(&app, setting, value).await;
            answer(&mut max, "agree").await.expect(422, NO);
            ask_for(&mut max, MAX).await.expect(422, NO);
            assert_eq!(app.recorded("policy-refusal", "failure").await, 2, "{value}");
            assert_eq!(app.recorded("recovery-approval", "success").await, 0, "{value}");
            assert_eq!(app.recorded("recovery-request", "success").await, 1, "{value}");
            assert!(app.mails().await.is_empty());
            // It ends from anywhere.
            answer(&mut max, "end").await.expect(200, "It has ended");
            app.mails().await;
            if setting == Setting::NetworkAllowed {
                for browser in [&mut olivia, &mut max] {
                    browser.comes_from("192.0.2.9");
                }
                ask_for(&mut olivia, PRIYA).await.expect(200, "");
                answer(&mut max, "agree").await.expect(200, "the link is on its way");
                force(&app, Setting::NetworkOtherwise, "alert").await;
                let mut elsewhere = app.signed_in(OLIVIA).await;
                elsewhere.comes_from("198.51.100.7");
                ask_for(&mut elsewhere, "sam@riverside.example").await.expect(422, "no second step");
                assert_eq!(app.recorded("policy-alert", "success").await, 1, "it is written down");
                app.mails().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_agree_or_go_on_at_once_on_two_nodes_one_does() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let mut olivia = app.signed_in(OLIVIA).await;
        ask_for(&mut olivia, PRIYA).await.expect(200, "");
        letters(&app, PRIYA).await;
        let path = olivia.open(PATH).await.form("/account/recoveries/rcv_").0;
        let (elsewhere, _stopper) = app.other_node().await;
        let max = app.user(MAX).await.id;
        let mut agreeing = vec![];
        for number in 0..8 {
            let mut one = app.with_session(&max).await;
            if number % 2 == 1 {
                one.goes_to(&elsewhere);
            }
            let (path, token) = (path.clone(), app.token(&one, &path));
            agreeing.push(tokio::spawn(async move {
                let fields = [("organization", "riverside"), ("answer", "agree"), ("csrf", token.as_str())];
                one.post(&path, &fields).await.status.as_u16()
            }));
        }
        assert_eq!(said(agreeing).await, (1, 7));
        let (who, link) = letters(&app, PRIYA).await;
        assert_eq!(who.len(), 3, "{who:?}");

        let priya = app.user(PRIYA).await.id;
        let mut going = vec![];
        for number in 0..8 {
            let mut one = app.with_session(&priya).await;
            if number % 2 == 1 {
                one.goes_to(&elsewhere);
            }
            let (link, token) = (link.clone(), app.token(&one, &link));
            going.push(tokio::spawn(async move {
                one.post(&link, &[("answer", "go-on"), ("csrf", token.as_str())]).await.status.as_u16()
            }));
        }
        assert_eq!(said(going).await, (1, 7));
        assert_eq!(app.recorded("recovery-use", "success").await, 1);
        assert_eq!(letters(&app, PRIYA).await.0.len(), 3);
    }
}

/// How many went on, and how many were refused.
async fn said(answers: Vec<tokio::task::JoinHandle<u16>>) -> (usize, usize) {
    let mut found = vec![];
    for answer in answers {
        found.push(answer.await.expect("no panic"));
    }
    let on = found.iter().filter(|status| **status == 303).count();
    let refused = found.iter().filter(|status| [403, 404, 410].contains(*status)).count();
    assert_eq!(on + refused, found.len(), "{found:?}");
    (on, refused)
}

#[tokio::test]
async fn a_person_is_not_asked_for_again_and_again_and_nobody_knows_what_another_organization_asked() {
    for app in TestApp::each().await {
        let mut olivia = app.signed_in(OLIVIA).await;
        set_up(&app, &mut olivia).await;
        with_an_app_of(&app).await;
        let mut max = app.signed_in(MAX).await;
        for _ in 0..5 {
            ask_for(&mut max, PRIYA).await.expect(200, "");
            answer(&mut max, "end").await.expect(200, "");
        }
        ask_for(&mut max, PRIYA).await.expect(422, "too often today");
        app.mails().await;
        // Olivia owns Riverside: nobody of Harbour removes what protects it.
        let mut noor = app.signed_in(NOOR).await;
        let page = noor.open(PATH).await;
        let fields = |email| [("organization", "harbour"), ("email", email), ("reason", "Lost the phone")];
        noor.submit(&page, PATH, &fields(OLIVIA)).await.expect(422, "let in elsewhere");
        // Noor asks for Priya at Harbour; nobody of Riverside sees it, and the owner there is told that somebody did.
        let (priya, harbour) = (app.user(PRIYA).await.id, app.organization("harbour").await);
        let context = app.app.context(Actor::Server);
        let joined: directory::Result<()> = unit!(app, |tx| {
            let (kind, roles) = ("practitioner".parse().expect("a kind"), FirstRoles::OfKind);
            let (validity, origin) = (Validity::ALWAYS, Origin::of(&context));
            let new = NewMembership { user: priya, kind, roles, validity, origin };
            membership::join(tx, &context, &harbour, new).await.map(drop)
        });
        joined.expect("a member of both");
        let page = noor.open(PATH).await;
        noor.submit(&page, PATH, &fields(PRIYA)).await.expect(200, "Priya");
        let (who, _) = letters(&app, PRIYA).await;
        let waiting = "recovery-waiting";
        assert_eq!(who, told([(NOOR, waiting), (OLIVIA, waiting), (PRIYA, "recovery-asked")]));
        assert!(!max.open(PATH).await.says("Priya Nair</h3>"));
        let (riverside, now) = (app.organization("riverside").await, app.app.clock.now());
        let open = app.read().await.recoveries().of_organization(&riverside, now).await.expect("read");
        assert!(open.is_empty(), "{open:?}");
    }
}

async fn with_an_app_of(app: &TestApp) {
    let mut browser = app.signed_in(PRIYA).await;
    set_up(app, &mut browser).await;
    app.mails().await;
}

#[tokio::test]
async fn a_password_that_came_by_mail_is_no_second_proof() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        let mut olivia = app.signed_in(OLIVIA).await;
        let (link, stop) = agreed(&app).await;
        let chosen = "gravel lantern ought seven tide";
        super::mailed_codes::forget(&app, chosen).await;
        let mut thief = app.browser();
        let page = goes_on(&mut thief, &link, (PRIYA, chosen)).await;
        assert!(!page.says("Hello, Priya Nair"), "{}", page.body);
        assert_eq!(app.recorded("factor-removal", "success").await, 0);
        let page = app.browser().get(&stop).await;
        app.browser().submit(&page, "/recovery/", &[]).await;
        app.mails().await;
        ask_for(&mut olivia, PRIYA).await.expect(422, "chosen by a mailed link within a day");
        app.wait(24 * HOUR);
        let link = agreed(&app).await.0;
        goes_on(&mut app.browser(), &link, (PRIYA, chosen)).await.expect(200, "Hello, Priya Nair");
        app.leaves_jobs();
    }
}
