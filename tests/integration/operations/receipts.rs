//! `lanyard user receipts`: which apps were told that somebody is out.

use lanyard::{app::App, audit::Actor, demo::clinic, oauth::store::Outcome, storage};

use super::Host;
use crate::{durability::furnish, harness::family};

const OLIVIA: &str = "olivia@riverside.example";

/// Olivia uses the calendar at Harbour too, in the session that she has.
async fn uses_the_calendar_at_harbour(app: &App) {
    let context = app.context(Actor::Server);
    let done: storage::Result<()> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let user = tx.users().by_login_name(&OLIVIA.parse().expect("a name")).await?.expect("a person").id;
                let organization = tx.organizations().by_reference("harbour").await?.expect("an organization").id;
                let session = tx.sessions().of_user(&user).await?.remove(0);
                let sid = tx.sessions().sid(&context, &session.id, &organization).await?.expect("it counts there");
                let family = family(&context, clinic::CALENDAR.0, (&session, &organization, &sid));
                tx.families().insert(&family).await
            })
        })
        .await;
    done.expect("used");
}

/// Writes down what the newest logout came to.
async fn settle(app: &App, outcome: Outcome) {
    let now = app.clock.now();
    let done: storage::Result<()> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let newest = tx.logouts().of_client(clinic::CALENDAR.0, 1).await?.remove(0);
                tx.logouts().settle(&newest.id, &outcome, now).await
            })
        })
        .await;
    done.expect("settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_that_somebody_is_out_can_be_listed_and_an_organization_sees_its_own() {
    let host = Host::new();
    std::fs::create_dir_all(host.path("data")).expect("a folder");
    let app = host.app().await;
    furnish(&app, OLIVIA).await;
    uses_the_calendar_at_harbour(&app).await;
    let receipts = |more: &str| host.json(&format!("user receipts {OLIVIA}{more}")).as_array().expect("a list").clone();
    assert_eq!(receipts("").len(), 0);
    let told = host.succeed(&format!("user receipts {OLIVIA}"));
    assert_eq!(told, "None.\nNo session of this person ended within a month: no app had to be told.\n");

    host.succeed(&format!("membership disable {OLIVIA} --organization harbour"));
    let waiting = receipts("");
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    for (name, expected) in
        [("client", "clinic-calendar"), ("name", "Clinic Calendar"), ("organization", "harbour"), ("state", "waiting")]
    {
        assert_eq!(waiting[0][name], expected);
    }
    assert_eq!((&waiting[0]["attempts"], &waiting[0]["settled_at"]), (&0.into(), &serde_json::Value::Null));
    settle(&app, Outcome::Failed("the app answered 400".to_owned())).await;

    host.succeed(&format!("user password {OLIVIA}"));
    settle(&app, Outcome::Delivered).await;
    let all = receipts("");
    let states: Vec<_> = all.iter().map(|one| (&one["organization"], &one["state"], &one["problem"])).collect();
    let problem = "the app answered 400".into();
    assert_eq!(
        states,
        [
            (&"riverside".into(), &"delivered".into(), &serde_json::Value::Null),
            (&"harbour".into(), &"failed".into(), &problem)
        ]
    );
    assert!(all[0]["settled_at"].as_str() >= all[0]["ended_at"].as_str(), "{all:?}");
    assert_eq!(receipts(" --limit 1"), all[..1]);
    assert_eq!(receipts(" --organization harbour"), all[1..]);
    assert_eq!(receipts(" --organization riverside"), all[..1]);
    let table = host.succeed(&format!("user receipts {OLIVIA} --organization harbour"));
    assert!(table.contains("clinic-calendar") && table.contains("the app answered 400"), "{table}");
    assert!(!table.contains("riverside"), "{table}");
    app.storage.close().await;
}
