//! Apps that the person has allowed to use the account.

use std::time::Duration;

use lanyard::{
    audit::Actor,
    id::{FamilyId, Sid},
    oauth::{
        authorization::prompt::Consent,
        registrar::{self, RegistrarError},
        registration::Registration,
        scope::Scopes,
        store::Family,
    },
    storage,
};
use serde_json::json;

use crate::harness::{TestApp, family, unit};

/// Priya allows the calendar what it asks for, in two organizations; the app got tokens that outlive the session.
async fn allow(app: &TestApp) -> FamilyId {
    let (user, context) = (app.user("priya@riverside.example").await, app.app.context(Actor::Server));
    let app_context = context.clone();
    let session = app.read().await.sessions().of_user(&user.id).await.expect("read").remove(0);
    let (riverside, harbour) = (app.organization("riverside").await, app.organization("harbour").await);
    let scopes = Scopes::parse("openid roles offline_access").expect("scopes");
    let family = Family {
        is_offline: true,
        scopes: scopes.clone(),
        session_end: None,
        ..family(&context, "clinic-calendar", (&session, &riverside, &Sid::fresh(context.now, &context.random)))
    };
    let id = family.id.clone();
    let details = vec![json!({"type": "records", "actions": ["read"], "patient_group": "of mine"})];
    let allowed = Consent { authorization_details: details, ..Consent::of_scopes(&scopes, context.now) };
    let declared = json!({"records": {
        "title": "Read records",
        "type": "object",
        "properties": {
            "type": {"const": "records"},
            "actions": {"title": "May", "type": "array", "items": {"enum": ["read", "write"]}},
            "patient_group": {"type": "string"},
        },
    }});
    let declaring = move |mut registration: Registration| {
        registration.metadata.authorization_details_types = vec!["records".to_owned()];
        registration.metadata.authorization_details_schemas = Some(declared);
        Ok(registration)
    };
    let declared: Result<_, RegistrarError> =
        unit!(app, |tx| registrar::change(tx, &app_context, "clinic-calendar", (String::new(), declaring)).await);
    declared.expect("declared");
    let done: storage::Result<()> = unit!(app, |tx| {
        tx.families().insert(&family).await?;
        tx.consents().put(&user.id, "clinic-calendar", &riverside, &allowed).await?;
        tx.consents().put(&user.id, "clinic-calendar", &harbour, &allowed).await
    });
    done.expect("allowed");
    id
}

#[tokio::test]
async fn withdrawing_an_app_ends_its_tokens() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        browser.get("/account/apps").await.expect(200, "You haven’t allowed any app yet.");
        let family = allow(&app).await;
        app.wait(Duration::from_secs(600));
        let list = browser.get("/account/apps").await;
        list.expect(200, "Clinic Calendar").expect(200, "Riverside Clinic").expect(200, "Stay connected");
        list.expect(200, "Allowed 10 minutes ago");
        for detail in ["<h3>Read records</h3>", "<dt>May</dt><dd>read</dd>", "<dt>patient group</dt><dd>of mine</dd>"] {
            assert_eq!(list.body.matches(detail).count(), 1, "{detail}, which is the same in both organizations");
        }
        assert_eq!(list.body.matches("/withdraw\"").count(), 1, "one row for the app");

        let told = browser.get("/account/apps?withdrawn=clinic-calendar").await;
        assert!(!told.says("can no longer use"), "an address does not make the page tell what is not so");

        let mut other = app.signed_in("max@riverside.example").await;
        other.get("/account/apps").await.expect(200, "You haven’t allowed any app yet.");
        let path = "/account/apps/clinic-calendar/withdraw";
        let token = app.token(&other, path);
        assert_eq!(other.post(path, &[("csrf", token.as_str())]).await.status, 404, "not theirs");
        assert!(is_live(&app, &family).await);

        let revision = app.app.storage.revision(storage::Revision::Revocations);
        let done = browser.submit(&list, path, &[]).await;
        done.expect(200, "Clinic Calendar can no longer use your account.")
            .expect(200, "You haven’t allowed any app yet.");
        assert!(!is_live(&app, &family).await);
        assert!(app.app.storage.revision(storage::Revision::Revocations) > revision, "other nodes hear of it");
        assert_eq!(app.recorded("consent-withdrawal", "success").await, 1);
        assert_eq!(browser.post_form(&list, path, &[]).await.status, 404, "nothing is left");
    }
}

async fn is_live(app: &TestApp, family: &FamilyId) -> bool {
    let family = app.read().await.families().by_id(family).await.expect("read").expect("a family");
    family.is_live(app.app.clock.now())
}
