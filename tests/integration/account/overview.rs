//! The overview: memberships with one's level in each, the default organization, the name, the language.

use lanyard::{
    audit::Actor,
    directory::profile::{self, Attribute, EditableBy},
};

use crate::harness::{TestApp, unit};

#[tokio::test]
async fn each_membership_shows_the_level_that_tokens_tell() {
    for app in TestApp::each().await {
        let account = app.signed_in("priya@riverside.example").await.get("/account").await;
        account.expect(200, "Riverside Clinic").expect(200, "gps").expect(200, "Practitioner");
        let level = |role: &str, place: &str| {
            let items = account.body.split("<li>").map(|item| item.split("</li>").next().unwrap_or_default());
            items.filter(|item| item.contains(&format!("<strong>{role}</strong>")) && item.contains(place)).count()
        };
        assert_eq!((level("Practitioner", "Main Street"), level("Practitioner", "Harbour Quay")), (1, 0));
        assert_eq!((level("Supervisor", "Harbour Quay"), level("Supervisor", "Main Street")), (1, 0));
        assert!(!account.says("Harbour Physio"), "nothing of another organization");

        let account = app.signed_in("olivia@riverside.example").await.get("/account").await;
        account.expect(200, "Riverside Clinic").expect(200, "Harbour Physio").expect(200, "Owner").expect(200, "Pier");
        let account = app.signed_in("sam@riverside.example").await.get("/account").await;
        account.expect(200, "You have no role here yet");
    }
}

#[tokio::test]
async fn the_default_organization_is_one_of_the_persons_own() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("olivia@riverside.example").await;
        let account = browser.get("/account").await;
        let chosen = browser.submit(&account, "/account/default-organization", &[("organization", "harbour")]).await;
        chosen.expect(200, "Harbour Physio is your default now.");
        let harbour = app.organization("harbour").await;
        assert_eq!(app.user("olivia@riverside.example").await.default_organization, Some(harbour));

        let mut browser = app.signed_in("max@riverside.example").await;
        assert!(!browser.get("/account").await.says("Make default"), "there is nothing to choose");
        let token = app.token(&browser, "/account/default-organization");
        for other in ["harbour", "nowhere", ""] {
            let fields = [("csrf", token.as_str()), ("organization", other)];
            let answer = browser.post("/account/default-organization", &fields).await;
            assert_eq!(answer.status, 404, "{other}");
        }
        let told = browser.get("/account?done=joined&organization=harbour").await;
        assert!(!told.says("Welcome to"), "an address does not make the page tell what is not so");
    }
}

#[tokio::test]
async fn the_name_is_the_persons_unless_an_organization_keeps_it() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("frank@riverside.example").await;
        let form = browser.get("/account/name").await;
        browser.post_form(&form, "/account/name", &[("name", "  ")]).await.expect(422, "Full name");
        browser
            .submit(&form, "/account/name", &[("name", "Frank Åge Holm")])
            .await
            .expect(200, "Hello, Frank Åge Holm");

        let (context, riverside) = (app.app.context(Actor::Server), app.organization("riverside").await);
        let rule = (Attribute::Name, EditableBy::Administrator);
        unit!(app, |tx| profile::set_rule(tx, &context, &riverside, rule.0, rule.1).await).expect("set");
        browser.get("/account").await.expect(200, "Your clinic keeps this up to date");
        assert_eq!(browser.open("/account/name").await.path, "/account");
        browser
            .post_form(&form, "/account/name", &[("name", "Frank")])
            .await
            .expect(422, "Your clinic keeps this up to date");
        assert_eq!(app.user("frank@riverside.example").await.name.as_str(), "Frank Åge Holm");
    }
}

#[tokio::test]
async fn the_language_is_kept_with_the_person_and_in_the_browser() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let form = browser.get("/account/language").await;
        let bad = browser.post_form(&form, "/account/language", &[("language", "fr")]).await;
        assert_eq!(bad.status, 400);
        browser.submit(&form, "/account/language", &[("language", "da")]).await.expect(200, "lang=\"da\"");
        assert_eq!(app.user("priya@riverside.example").await.locale.as_deref(), Some("da"));
        // Another browser, which asks for English.
        let mut other = app.signed_in("priya@riverside.example").await;
        other.get("/account").await.expect(200, "<html lang=\"da\"");
        other.open("/language/es?to=%2Faccount").await.expect(200, "<html lang=\"es\"");
    }
}
