//! What the host asks for counts after a delay, in which whoever may object is told and can stop it.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    authentication::lost_factors::{
        Desk, Fault,
        on_host::{self, Asked},
    },
    directory::{
        self,
        assignment::{self, NewAssignment},
        origin::Origin,
        validity::Validity,
    },
    secret::ExposeSecret,
    server,
};

use super::{lost_factors::goes_on, second_factor::set_up};
use crate::harness::{PASSWORD, TestApp, unit};

const NOOR: &str = "noor@harbour.example";
const OLIVIA: &str = "olivia@riverside.example";
const DAY: Duration = Duration::from_hours(24);

async fn desk(app: &TestApp) -> Desk {
    Desk { site: server::site(&app.app).await.expect("a site"), sealer: app.app.sealer.clone() }
}

/// What `lanyard admin recover` does.
async fn ask(app: &TestApp, email: &str) -> Result<Asked, Fault> {
    let (context, desk, user) =
        (app.app.context(Actor::Host("root".into())), desk(app).await, app.user(email).await.id);
    let reason = "Lost the phone".parse().expect("a reason");
    let delay = app.app.config.recovery.delay;
    unit!(app, |tx| on_host::ask(tx, &context, &desk, (&user, reason, delay)).await)
}

/// Noor, the only owner of Harbour, has an app.
async fn with_an_app(app: &TestApp) {
    let mut browser = app.signed_in(NOOR).await;
    set_up(app, &mut browser).await;
    app.mails().await;
}

async fn kinds(app: &TestApp) -> Vec<(String, String)> {
    let mut found: Vec<_> = app.mails().await.into_iter().map(|mail| (mail.to, mail.kind)).collect();
    found.sort();
    found
}

#[tokio::test]
async fn after_the_delay_the_person_is_mailed_a_link_once_by_whichever_node_looks_first() {
    for app in TestApp::each().await {
        assert!(matches!(ask(&app, NOOR).await, Err(Fault::NoFactor)));
        with_an_app(&app).await;
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Begun(_))));
        assert_eq!(kinds(&app).await, [(NOOR.to_owned(), "recovery-delayed".to_owned())]);
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Waits(_))));
        app.wait(Duration::from_secs(86_399));
        let site = server::site(&app.app).await.expect("a site");
        on_host::agree_to_due(&app.app, &site).await.expect("looked");
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Waits(_))) && app.mails().await.is_empty());
        app.wait(Duration::from_secs(1));
        let look = || on_host::agree_to_due(&app.app, &site);
        let looked = tokio::join!(look(), look(), look());
        assert!(matches!(looked, (Ok(()), Ok(()), Ok(()))), "{looked:?}");
        let mail = app.mail().await;
        assert_eq!((mail.to.as_str(), mail.kind.as_str()), (NOOR, "recovery-agreed"));
        let mut noor = app.browser();
        goes_on(&mut noor, &mail.path(), (NOOR, PASSWORD)).await.expect(200, "Hello, Noor");
        assert_eq!(app.mail().await.kind, "factors-reset");
        assert_eq!(app.recorded("recovery-approval", "success").await, 1);
        assert!(matches!(ask(&app, NOOR).await, Err(Fault::NoFactor)));
    }
}

#[tokio::test]
async fn the_host_shows_a_link_once_in_the_place_of_the_mailed_one() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        ask(&app, NOOR).await.expect("begun");
        app.mails().await;
        app.wait(DAY);
        let site = server::site(&app.app).await.expect("a site");
        on_host::agree_to_due(&app.app, &site).await.expect("looked");
        let mailed = app.mail().await.path();
        let Ok(Asked::Due(_, link)) = ask(&app, NOOR).await else { panic!("it is due") };
        let told = app.mail().await;
        assert_eq!((told.to.as_str(), told.kind.as_str()), (NOOR, "recovery-shown"));
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Shown(_))));
        app.browser().get(&mailed).await.expect(410, "no longer works");
        let link = format!("/recovery/{}", link.expose_secret());
        let mut stranger = app.browser();
        goes_on(&mut stranger, &link, (NOOR, "wrong")).await.expect(422, "");
        let mut noor = app.browser();
        goes_on(&mut noor, &link, (NOOR, PASSWORD)).await.expect(200, "Hello, Noor");
        assert_eq!(app.mail().await.kind, "factors-reset");
    }
}

#[tokio::test]
async fn whoever_may_object_stops_it_and_nobody_asks_twice() {
    for app in TestApp::each().await {
        let (mut olivia, riverside) = (app.signed_in(OLIVIA).await, app.organization("riverside").await);
        set_up(&app, &mut olivia).await;
        // A former address knows how to take the account back; Max is an owner too, and Noor of another organization of hers.
        let (context, max) = (app.app.context(Actor::Server), app.user("max@riverside.example").await.id);
        let made: directory::Result<()> = unit!(app, |tx| {
            let member = tx.memberships().active(&max, &riverside, context.now).await?.expect("a member");
            let owner = tx.roles().by_slug(&riverside, &"owner".parse().expect("a slug")).await?.expect("a role");
            let (validity, origin) = (Validity::ALWAYS, Origin::of(&context));
            let new = NewAssignment { membership: member.id, role: owner.id, location: None, validity, origin };
            assignment::assign(tx, &context, &riverside, new).await.map(|_| ())
        });
        made.expect("an owner");
        app.mails().await;
        let form = olivia.get("/account/email").await;
        let fields = [("email", "olivia@new.example"), ("current_password", PASSWORD)];
        olivia.submit(&form, "/account/email", &fields).await;
        let link = app.mails().await.into_iter().find(|mail| mail.kind == "email-verification").expect("a link").path();
        let page = olivia.get(&link).await;
        olivia.submit(&page, "/email/", &[]).await.expect(200, "Your new e-mail is confirmed.");
        app.mails().await;

        ask(&app, "olivia@new.example").await.expect("begun");
        let mails = app.mails().await;
        let mut to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["max@riverside.example", NOOR, "olivia@new.example", OLIVIA]);
        let stop = mails[0].path();
        assert!(mails.iter().all(|mail| mail.kind == "recovery-delayed" && mail.path() == stop));
        // The link that ends it is none that lets anybody in.
        app.browser().get(&stop.replace("/stop", "")).await.expect(410, "");
        let mut former = app.browser();
        let page = former.get(&stop).await;
        former.submit(&page, "/recovery/stop/", &[]).await.expect(200, "It’s stopped");
        former.get(&stop).await.expect(410, "");
        app.mails().await;
        app.wait(DAY);
        let site = server::site(&app.app).await.expect("a site");
        on_host::agree_to_due(&app.app, &site).await.expect("looked");
        assert!(app.mails().await.is_empty(), "nothing is due");
        assert_eq!(app.recorded("recovery-end", "success").await, 1);
    }
}

#[tokio::test]
async fn what_is_cancelled_or_too_old_is_over() {
    for app in TestApp::each().await {
        with_an_app(&app).await;
        ask(&app, NOOR).await.expect("begun");
        let (context, desk, user) = (app.app.context(Actor::Server), desk(&app).await, app.user(NOOR).await.id);
        let done: Result<_, Fault> = unit!(app, |tx| {
            on_host::cancel(tx, &context, &desk, &user).await?;
            Ok(on_host::cancel(tx, &context, &desk, &user).await)
        });
        assert!(matches!(done, Ok(Err(Fault::Unknown))));
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Begun(_))));
        app.wait(DAY * 4);
        let site = server::site(&app.app).await.expect("a site");
        on_host::agree_to_due(&app.app, &site).await.expect("looked");
        assert!(matches!(ask(&app, NOOR).await, Ok(Asked::Begun(_))), "the one before is void");
        assert_eq!(app.recorded("recovery-approval", "success").await, 0);
        app.leaves_jobs();
    }
}
