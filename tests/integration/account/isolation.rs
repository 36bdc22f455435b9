//! Nothing of another organization or person can be named: what is theirs answers exactly as what does not exist.

use lanyard::{
    audit::Actor,
    directory::membership,
    oauth::{authorization::prompt::Consent, scope::Scopes},
    storage,
};

use super::PAGES;
use crate::harness::{Answer, Browser, TestApp, portal, unit};

/// Priya works at Riverside alone; Noor at Harbour, where she is signed in, has allowed an app and is offered nothing, and
/// where somebody is invited.
#[tokio::test]
async fn what_is_anothers_answers_as_what_does_not_exist() {
    for app in TestApp::each().await {
        let mut noor = app.signed_in("noor@harbour.example").await;
        noor.get("/account").await.expect(200, "Harbour Physio");
        let session = app.read().await.sessions().of_user(&app.user("noor@harbour.example").await.id).await.unwrap();
        app.invite("max@riverside.example", "harbour", None).await;
        let harbour = app.organization("harbour").await;
        let invitation = app.read().await.invitations().list(&harbour, None, 1).await.unwrap().remove(0);
        allow_the_calendar(&app, "noor@harbour.example").await;

        let mut priya = app.signed_in("priya@riverside.example").await;
        let (session, invitation) = (session[0].id.to_string(), invitation.id.to_string());
        for (form, fields, theirs, nobodys) in [
            ("/account/default-organization", "organization=X", "harbour", "nowhere"),
            (
                "/account/default-organization",
                "organization=X",
                harbour.as_str(),
                "org_00000000000000000000000000000000",
            ),
            ("/account/sessions/X/end", "", &session, "ses_00000000000000000000000000000000"),
            ("/account/invitations/X", "answer=accept", &invitation, "inv_00000000000000000000000000000000"),
            ("/account/invitations/X", "answer=reject", &invitation, "inv_00000000000000000000000000000000"),
            ("/account/apps/X/withdraw", "", "clinic-calendar", "no-such-app"),
        ] {
            let one = post(&app, &mut priya, (form, fields), theirs).await;
            let other = post(&app, &mut priya, (form, fields), nobodys).await;
            assert_eq!((one.status.as_u16(), told(&one, theirs)), (404, told(&other, nobodys)), "{form}");
        }
        for (page, theirs, nobodys) in [
            ("/account?done=joined&organization=X", "harbour", "nowhere"),
            ("/account/apps?withdrawn=X", "no-such-app", "neither-this"),
        ] {
            let one = priya.get(&page.replace('X', theirs)).await;
            let other = priya.get(&page.replace('X', nobodys)).await;
            assert_eq!((one.status.as_u16(), told(&one, theirs)), (200, told(&other, nobodys)), "{page}");
        }
        noor.get("/account").await.expect(200, "Harbour Physio");
        noor.get("/account/apps").await.expect(200, "Clinic Calendar");
        assert!(app.read().await.invitations().list(&harbour, None, 1).await.unwrap()[0].rejected_at.is_none());
    }
}

#[tokio::test]
async fn a_member_of_two_organizations_sees_nothing_of_the_one_that_was_left() {
    for app in TestApp::each().await {
        let mut olivia = app.signed_in("olivia@riverside.example").await;
        let both = olivia.get("/account").await;
        both.expect(200, "Riverside Clinic").expect(200, "Harbour Physio");
        let (harbour, user) = (app.organization("harbour").await, app.user("olivia@riverside.example").await.id);
        let context = app.app.context(Actor::Server);
        let (at, now) = (harbour.clone(), app.app.clock.now());
        let tokens = app.tokens(&mut olivia, "scope=openid+offline_access&organization=harbour").await;
        let ended: lanyard::directory::Result<_> = unit!(app, |tx| {
            let member = tx.memberships().active(&user, &at, now).await?.expect("a member");
            membership::remove(tx, &context, &at, &member.id).await
        });
        ended.expect("removed");
        assert_eq!(app.refresh(&tokens).await.status, 400);
        assert_eq!(app.userinfo(&tokens).await.status, 401);
        for page in PAGES {
            let shown = olivia.get(page).await;
            assert_eq!(shown.status, 200, "{page}");
            for trace in ["Harbour Physio", "\"harbour\"", "Pier", harbour.as_str()] {
                assert!(!shown.says(trace), "{page} says {trace}: {}", shown.body);
            }
        }
        for organization in ["harbour", harbour.as_str()] {
            let theirs = olivia.get(&portal::request(&format!("scope=openid&organization={organization}"))).await;
            let nobodys = olivia.get(&portal::request("scope=openid&organization=nowhere")).await;
            assert_eq!((theirs.status.as_u16(), told(&theirs, organization)), (403, told(&nobodys, "nowhere")));
        }
        app.tokens(&mut olivia, "scope=openid&organization=riverside").await;
    }
}

/// A form with a valid token of this browser, in which `X` is `name`.
async fn post(app: &TestApp, browser: &mut Browser, (form, fields): (&str, &str), name: &str) -> Answer {
    let path = form.replace('X', name);
    let token = app.token(browser, &path);
    let mut sent = vec![("csrf", token.as_str())];
    sent.extend(fields.split_once('=').map(|(field, value)| (field, if value == "X" { name } else { value })));
    browser.post(&path, &sent).await
}

/// The body without what differs in every answer, and without the name that was asked for.
fn told(answer: &Answer, name: &str) -> Vec<String> {
    let own = |line: &&str| !line.contains("req_") && !line.contains("name=\"csrf\"") && !line.contains("return=");
    answer.body.replace(name, "X").lines().filter(own).map(str::to_owned).collect()
}

async fn allow_the_calendar(app: &TestApp, email: &str) {
    let (user, at) = (app.user(email).await.id, app.organization("harbour").await);
    let scopes = Scopes::parse("openid").expect("scopes");
    let allowed = Consent::of_scopes(&scopes, app.app.clock.now());
    let done: storage::Result<()> = unit!(app, |tx| tx.consents().put(&user, "clinic-calendar", &at, &allowed).await);
    done.expect("allowed");
}
