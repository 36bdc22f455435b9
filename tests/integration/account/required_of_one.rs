//! A second step that an organization asks of one member: told by mail, put off while there is grace, and asked of nobody else.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    authentication::{
        factor::Kind,
        lost_factors::Desk,
        requiring::{self, Outcome, Told, Wanted},
    },
    clock::Timestamp,
    id::MembershipId,
    policy::{self, changing::Care, trial},
    server,
    setting::{Setting, SubjectKind},
};

use super::second_factor::{code_of, seed_of};
use crate::harness::{Browser, PASSWORD, TestApp, unit};

const PRIYA: &str = "priya@riverside.example";
const FRANK: &str = "frank@riverside.example";
const CHOICE: &str = "/account/enrolment";

async fn membership(app: &TestApp, (email, slug): (&str, &str)) -> MembershipId {
    let (user, at) = (app.user(email).await.id, app.organization(slug).await);
    app.read().await.memberships().of(&at, &user).await.unwrap().expect("a member").id
}

/// Asks a member of an organization for a second factor, or (nothing wanted) asks them no more.
async fn require(
    app: &TestApp,
    (email, slug): (&str, &str),
    wanted: impl Into<Option<Wanted>>,
) -> Result<Told, requiring::Error> {
    let (inner, context, wanted) = (app.app.clone(), app.app.context(Actor::Server), wanted.into());
    let desk = Desk { site: server::site(&app.app).await.expect("a site"), sealer: app.app.sealer.clone() };
    let member = membership(app, (email, slug)).await;
    let of = app.read().await.organizations().by_reference(slug).await.unwrap().unwrap();
    let done: Result<Outcome, requiring::Error> = unit!(app, |tx| match &wanted {
        Some(wanted) => requiring::require(tx, (&inner, &context), &desk, (&of, &member), wanted).await,
        None => requiring::lift(tx, &context, &desk, (&of, &member)).await,
    });
    done.map(|outcome| outcome.told)
}

fn any(from: Option<Timestamp>) -> Wanted {
    Wanted { kinds: vec![], from }
}

/// Priya looks, and so does Frank; the paths that they come to.
async fn paths(priya: &mut Browser, frank: &mut Browser) -> (String, String) {
    (priya.open("/account/name").await.path, frank.open("/account/name").await.path)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_is_asked_and_told_and_nobody_else() {
    for app in TestApp::each().await {
        let (mut priya, mut frank) = (app.signed_in(PRIYA).await, app.signed_in(FRANK).await);
        let told = require(&app, (PRIYA, "riverside"), any(None)).await.unwrap();
        assert_eq!(told, Told::Mailed(PRIYA.to_owned()));
        let letter = app.mail().await;
        assert_eq!((letter.kind.as_str(), letter.to.as_str()), ("factor-required", PRIYA));
        assert!(letter.text.contains("Riverside Clinic asks you for a second step"), "{}", letter.text);
        assert!(letter.text.contains("from now on") && letter.text.contains("/account/security"), "{}", letter.text);
        let (asked, free) = paths(&mut priya, &mut frank).await;
        assert!(asked.starts_with(CHOICE) && free == "/account/name", "{asked} {free}");

        // As before is nothing new.
        assert_eq!(require(&app, (PRIYA, "riverside"), any(None)).await.unwrap(), Told::NothingNew);

        let mut browser = app.browser();
        let choice = browser.sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "asks for a second step");
        assert!(!choice.body.contains("Later"), "there is no grace");
        let form = browser.submit(&choice, "/account/security/apps", &[]).await;
        let code = code_of(&seed_of(&form), app.app.clock.now());
        let codes = browser.submit(&form, "/account/security/fac_", &[("code", &code), ("name", "")]).await;
        codes.expect(200, "Your recovery codes");
        assert_eq!(app.mail().await.kind, "factor-added");
        browser.open("/account").await.expect(200, "Hello, Priya Nair");

        // It is taken back: what was set up stays.
        require(&app, (PRIYA, "riverside"), None).await.unwrap();
        let letter = app.mail().await;
        assert_eq!(letter.kind, "factor-not-required");
        assert!(letter.text.contains("no longer asks you in particular"), "{}", letter.text);
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "One more step");
        let twice = require(&app, (PRIYA, "riverside"), None).await.unwrap_err().to_string();
        assert!(twice.contains("there is no rule for factor.required there"), "{twice}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_be_put_off_for_as_long_as_there_is_grace() {
    for app in TestApp::each().await {
        let day = app.app.clock.now().plus(Duration::from_hours(48));
        require(&app, (PRIYA, "riverside"), any(Some(day))).await.unwrap();
        let letter = app.mail().await;
        assert!(letter.text.contains("24 November 2026") && letter.text.contains("may put it off"), "{}", letter.text);
        let mut browser = app.browser();
        browser.sign_in(PRIYA, PASSWORD).await.expect(200, "Later");
        browser.open("/account").await.expect(200, "Hello, Priya Nair");
        app.wait(Duration::from_hours(48));
        let choice = app.browser().sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "Set one up to go on");
        assert!(!choice.body.contains("Later"));
        // Another grace begins anew, and a rule for everybody is stricter than it.
        let later = app.app.clock.now().plus(Duration::from_hours(48));
        require(&app, (PRIYA, "riverside"), any(Some(later))).await.unwrap();
        app.mail().await;
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Later");
        super::crowds::rule(&app, lanyard::setting::Setting::FactorRequired, "multi-factor").await;
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "Set one up to go on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_kind_that_may_be_set_up_is_asked_for() {
    for app in TestApp::each().await {
        let wanted = |kinds: &[Kind]| Wanted { kinds: kinds.to_vec(), from: None };
        super::crowds::rule(&app, lanyard::setting::Setting::FactorKinds, "totp").await;
        for kinds in [&[Kind::Passkey][..], &[Kind::Sms]] {
            let said = require(&app, (PRIYA, "riverside"), wanted(kinds)).await.unwrap_err().to_string();
            assert!(said.contains("nothing that this person may set up is"), "{said}");
        }
        let mut browser = app.browser();
        browser.sign_in(PRIYA, PASSWORD).await.expect(200, "Hello, Priya Nair");
        assert_eq!(app.mails().await.len(), 0, "nothing was changed, and nobody is told");
        assert_eq!(app.recorded("policy-set", "success").await, 1, "that of the organization");

        super::crowds::rule(&app, lanyard::setting::Setting::FactorKinds, "totp, passkey").await;
        require(&app, (PRIYA, "riverside"), wanted(&[Kind::Passkey])).await.unwrap();
        assert!(app.mail().await.text.contains("a passkey or a security key"));
        let choice = app.browser().sign_in(PRIYA, PASSWORD).await;
        choice.expect(200, "a passkey or a security key");
        assert!(!choice.body.contains("/account/security/apps"), "no app is offered");

        // Any kind will do again.
        require(&app, (PRIYA, "riverside"), any(None)).await.unwrap();
        app.mail().await;
        app.browser().sign_in(PRIYA, PASSWORD).await.expect(200, "/account/security/apps");

        // Other rules ask for more than this one would let them set up.
        super::crowds::rule(&app, lanyard::setting::Setting::FactorRequired, "phishing-resistant").await;
        let said = require(&app, (PRIYA, "riverside"), wanted(&[Kind::Totp])).await.unwrap_err().to_string();
        assert!(said.contains("nothing that this person may set up is phishing-resistant"), "{said}");
    }
}

/// Tries `factor.required` for Priya alone, or tries to do without it.
async fn tries(app: &TestApp, value: Option<&str>) {
    let (inner, context) = (app.app.clone(), app.app.context(Actor::Server));
    let (member, at) = (membership(app, (PRIYA, "riverside")).await, app.organization("riverside").await);
    let value = value.map(|text| Setting::FactorRequired.kind().parse(text).unwrap());
    let done: Result<(), policy::Error> = unit!(app, |tx| {
        let whom = ((SubjectKind::Member, member.as_str()), "priya");
        let change = (Setting::FactorRequired, value.as_ref(), Care::SpareOwners);
        trial::begin(tx, (&inner, &context), &at, whom, change).await.map(drop)
    });
    done.unwrap();
    assert_eq!(app.mails().await.len(), 0, "nobody is told of what may be over in ten minutes");
}

/// Keeps what is tried for Priya, or (not by name) all that is tried.
async fn keeps(app: &TestApp, is_by_name: bool) {
    let (context, member) = (app.app.context(Actor::Server), membership(app, (PRIYA, "riverside")).await);
    let desk = Desk { site: server::site(&app.app).await.expect("a site"), sealer: app.app.sealer.clone() };
    let of = app.read().await.organizations().by_reference("riverside").await.unwrap().unwrap();
    let done: Result<(), policy::Error> = unit!(app, |tx| {
        let which = is_by_name.then_some(((SubjectKind::Member, member.as_str()), Setting::FactorRequired));
        let kept = trial::keep(tx, &context, &of.id, which).await?;
        requiring::tell_kept(tx, &context, &desk, (&of, &kept)).await
    });
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tried_and_is_kept_is_told_as_if_it_had_been_said_at_once() {
    for app in TestApp::each().await {
        for (tried, is_by_name, kind) in [
            (Some("multi-factor"), true, "factor-required"),
            (Some("phishing-resistant"), false, "factor-required"),
            (None, false, "factor-not-required"),
        ] {
            tries(&app, tried).await;
            keeps(&app, is_by_name).await;
            assert_eq!(app.mail().await.kind, kind, "{tried:?}");
        }
        // Said in earnest while it is tried, it is told as well; taken back then, nothing was ever said.
        tries(&app, Some("multi-factor")).await;
        let told = require(&app, (PRIYA, "riverside"), any(None)).await.unwrap();
        assert_eq!((told, app.mail().await.kind.as_str()), (Told::Mailed(PRIYA.to_owned()), "factor-required"));
        tries(&app, None).await;
        require(&app, (PRIYA, "riverside"), None).await.unwrap();
        assert_eq!(app.mail().await.kind, "factor-not-required");
        tries(&app, Some("multi-factor")).await;
        assert_eq!(require(&app, (PRIYA, "riverside"), None).await.unwrap(), Told::NothingNew);
    }
}

/// Olivia owns Riverside and works at Harbour: her browser is of both, and each asks for itself alone.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_asked_no_more_where_they_left() {
    for app in TestApp::each().await {
        let olivia = "olivia@riverside.example";
        let mut browser = app.signed_in(olivia).await;
        require(&app, (olivia, "harbour"), any(None)).await.unwrap();
        assert!(app.mail().await.text.contains("Harbour Physio asks you"));
        assert!(browser.open("/account/name").await.path.starts_with(CHOICE));
        let (context, at, member) = (
            app.app.context(Actor::Server),
            app.organization("harbour").await,
            membership(&app, (olivia, "harbour")).await,
        );
        let of = at.clone();
        let removed: lanyard::directory::Result<_> =
            unit!(app, |tx| lanyard::directory::membership::remove(tx, &context, &of, &member).await);
        removed.unwrap();
        assert_eq!(browser.open("/account/name").await.path, "/account/name");
        assert_eq!(app.read().await.policy_rules().of(&at).await.unwrap(), []);
    }
}
