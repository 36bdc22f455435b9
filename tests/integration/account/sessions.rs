//! Browsers and devices that are signed in.

use std::time::Duration;

use lanyard::{audit::Actor, id::JobId, oauth::store::Outcome, storage};

use crate::harness::{TestApp, family, portal, unit};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1";

#[tokio::test]
async fn a_device_is_signed_out_from_another_one() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let mut phone = app.browser();
        phone.user_agent = PHONE;
        phone.sign_in("priya@riverside.example", crate::harness::PASSWORD).await.expect(200, "Hello");
        let online = app.tokens(&mut phone, "scope=openid").await;
        let offline = app.tokens(&mut phone, "scope=openid+offline_access").await;
        let here = app.tokens(&mut browser, "scope=openid").await;
        assert_eq!(app.userinfo(&online).await.status, 200);
        let list = browser.get("/account/sessions").await;
        list.expect(200, "Firefox · Linux").expect(200, "Safari · iPhone").expect(200, "This device");
        let of_phone = list.body.split("<li class=\"card").find(|item| item.contains("iPhone")).expect("a row");
        let action = of_phone.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");

        browser.submit(&list, action, &[]).await.expect(200, "Signed out.");
        assert!(phone.open("/account").await.path.starts_with("/login/"));
        assert!(
            phone
                .get(&portal::request("scope=openid&prompt=none"))
                .await
                .location()
                .is_some_and(|to| to.contains("error=login_required"))
        );
        for tokens in [&online, &offline] {
            assert_eq!(app.userinfo(tokens).await.status, 401);
            app.refresh(tokens).await.expect(400, "invalid_grant");
        }
        assert_eq!((app.userinfo(&here).await.status.as_u16(), app.refresh(&here).await.status.as_u16()), (200, 200));
        let again = browser.post_form(&list, action, &[]).await;
        assert_eq!(again.status, 404, "it has ended");
        browser.get("/account").await.expect(200, "Hello");
    }
}

#[tokio::test]
async fn all_other_devices_are_signed_out_at_once() {
    for app in TestApp::each().await {
        let mut others = [app.signed_in("max@riverside.example").await, app.signed_in("max@riverside.example").await];
        let mut stranger = app.signed_in("olivia@riverside.example").await;
        let mut browser = app.signed_in("max@riverside.example").await;
        let list = browser.get("/account/sessions").await;
        let done = browser.submit(&list, "/account/sessions/end-others", &[]).await;
        done.expect(200, "Signed out.");
        assert!(!done.says("end-others"), "one is left");
        for other in &mut others {
            assert!(other.open("/account").await.path.starts_with("/login/"));
        }
        stranger.get("/account").await.expect(200, "Hello, Olivia");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_this_one_too_and_tells_the_apps() {
    for app in TestApp::each().await {
        app.leaves_jobs();
        let mut other = app.signed_in("priya@riverside.example").await;
        let tokens = app.tokens(&mut other, "scope=openid+offline_access").await;
        let mut browser = app.signed_in("priya@riverside.example").await;
        let list = browser.get("/account/sessions").await;
        browser.submit(&list, "/account/sessions/end-all", &[]).await.expect(200, "signed out");
        assert!(browser.cookie("lanyard-session").is_none());
        for signed_out in [&mut browser, &mut other] {
            assert!(signed_out.open("/account").await.path.starts_with("/login/"));
        }
        app.refresh(&tokens).await.expect(400, "invalid_grant");
        assert_eq!(app.recorded("sign-out", "success").await, 2);
    }
}

#[tokio::test]
async fn another_persons_session_answers_as_if_it_did_not_exist() {
    for app in TestApp::each().await {
        let mut victim = app.signed_in("priya@riverside.example").await;
        let list = victim.get("/account/sessions").await;
        let action = list.body.split("action=\"/account/sessions/").nth(1).and_then(|rest| rest.split('"').next());
        let action = format!("/account/sessions/{}", action.expect("a form"));
        let mut browser = app.signed_in("max@riverside.example").await;
        let token = app.token(&browser, &action);
        let answer = browser.post(&action, &[("csrf", token.as_str())]).await;
        assert_eq!(answer.status, 404);
        let unknown = "/account/sessions/ses_00000000000000000000000000000000/end";
        let token = app.token(&browser, unknown);
        let absent = browser.post(unknown, &[("csrf", token.as_str())]).await;
        assert_eq!(absent.status, 404);
        victim.get("/account").await.expect(200, "Hello, Priya");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_clears_the_cookie() {
    for app in TestApp::each().await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        let token = browser.cookie("lanyard-session").expect("signed in").to_owned();
        let account = browser.get("/account").await;
        browser.post_form(&account, "/account/sign-out", &[]).await.expect(200, "signed out");
        assert!(browser.cookie("lanyard-session").is_none());
        assert!(browser.open("/account").await.path.starts_with("/login/"));
        browser.put_cookie("lanyard-session-8080", &token);
        assert!(browser.open("/account").await.path.starts_with("/login/"), "the token is void");
    }
}

#[tokio::test]
async fn a_session_that_ran_out_is_not_listed() {
    for app in TestApp::each().await {
        let mut old = app.signed_in("priya@riverside.example").await;
        app.wait(Duration::from_secs(3 * 3600));
        let mut browser = app.signed_in("priya@riverside.example").await;
        let list = browser.get("/account/sessions").await;
        assert_eq!(
            list.body.matches("Firefox · Linux</h2>").count() + list.body.matches("Firefox · Linux <span").count(),
            1
        );
        assert!(old.open("/account").await.path.starts_with("/login/"));
    }
}

/// Priya uses the calendar in her newest session, at Riverside.
async fn uses_the_calendar(app: &TestApp) {
    let (user, context) = (app.user("priya@riverside.example").await, app.app.context(Actor::Server));
    let session = app.read().await.sessions().of_user(&user.id).await.expect("read").remove(0);
    let organization = app.organization("riverside").await;
    let done: storage::Result<()> = unit!(app, |tx| {
        let sid = tx.sessions().sid(&context, &session.id, &organization).await?.expect("it counts there");
        let family = family(&context, "clinic-calendar", (&session, &organization, &sid));
        tx.families().insert(&family).await
    });
    done.expect("used");
}

async fn settle(app: &TestApp, job: &JobId, outcome: Outcome) {
    let (job, now) = (job.clone(), app.app.clock.now());
    let done: storage::Result<()> = unit!(app, |tx| tx.logouts().settle(&job, &outcome, now).await);
    done.expect("settled");
}

#[tokio::test]
async fn the_page_says_which_apps_know_that_a_device_was_signed_out() {
    for app in TestApp::each().await {
        app.leaves_jobs();
        let mut browser = app.signed_in("priya@riverside.example").await;
        let mut stranger = app.signed_in("olivia@riverside.example").await;
        let mut phone = app.browser();
        phone.user_agent = PHONE;
        app.wait(Duration::from_secs(60));
        phone.sign_in("priya@riverside.example", crate::harness::PASSWORD).await.expect(200, "Hello");
        uses_the_calendar(&app).await;
        let list = browser.get("/account/sessions").await;
        assert!(!list.says("Signed out recently"));
        let done = browser.submit(&list, "/account/sessions/end-others", &[]).await;
        done.expect(200, "Signed out recently").expect(200, "Clinic Calendar, Riverside Clinic: being signed out");
        let user = app.user("priya@riverside.example").await.id;
        let since = app.app.clock.now().minus(Duration::from_hours(1));
        let told = app.read().await.logouts().of_user(&user, None, since, 10).await.expect("read");
        settle(&app, &told[0].logout.id, Outcome::Failed("the app answered 500".into())).await;
        app.wait(Duration::from_mins(5));
        let failed = browser.get("/account/sessions").await;
        failed.expect(200, "couldn’t be reached. You may still be signed in there").expect(200, "5 minutes ago");
        assert!(!failed.says("500"), "that is for administrators");
        settle(&app, &told[0].logout.id, Outcome::Delivered).await;
        browser.get("/account/sessions").await.expect(200, "Clinic Calendar, Riverside Clinic: signed out");
        assert!(!stranger.get("/account/sessions").await.says("Clinic Calendar"));
        app.wait(Duration::from_hours(8 * 24));
        let mut later = app.signed_in("priya@riverside.example").await;
        assert!(!later.get("/account/sessions").await.says("Signed out recently"));
    }
}

#[tokio::test]
async fn devices_are_listed_with_their_country_where_a_file_says_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let everywhere = [("0.0.0.0/0", "DK"), ("::1/128", "DK")];
    std::fs::write(file.path(), lanyard::geography::testing::file(&everywhere)).unwrap();
    let path = file.path().display().to_string();
    for app in TestApp::each_with(|sources| sources.with("network.countries", &path)).await {
        let mut browser = app.signed_in("priya@riverside.example").await;
        browser.open("/account/sessions").await.expect(200, " (DK)");
    }
}
