//! Offers of membership: accepted or rejected, once, by the invited person alone.

use std::time::Duration;

use lanyard::{audit::Actor, directory::invitation, directory::invitation::NewInvitation};

use crate::harness::{Answer, PASSWORD, TestApp, unit};

const NEW: &str = "four unrelated words";

fn answers(name: &'static str) -> [(&'static str, &'static str); 4] {
    [("name", name), ("new_password", NEW), ("repeated_password", NEW), ("answer", "accept")]
}

#[tokio::test]
async fn a_new_person_accepts_and_is_signed_in_as_a_member() {
    for app in TestApp::each().await {
        let olivia = app.user("olivia@riverside.example").await;
        let link = app.invite("ada@riverside.example", "riverside", Some(olivia.id)).await;
        let mut browser = app.browser();
        let page = browser.get(&link).await;
        page.expect(200, "Join Riverside Clinic")
            .expect(200, "Olivia Berg has invited you")
            .expect(200, "Practitioner");
        page.expect(200, "29 November 2026").expect(200, "ada@riverside.example");
        let account = browser.submit(&page, "/invitation/", &answers("Ada Lund")).await;
        account.expect(200, "Hello, Ada Lund").expect(200, "Welcome to Riverside Clinic.");
        assert!(!account.says("not confirmed yet"), "the link proved the address");
        assert_eq!(app.memberships("ada@riverside.example").await, ["riverside"]);
        assert_eq!(app.mail().await.kind, "welcome");
        app.browser().sign_in("ada@riverside.example", NEW).await.expect(200, "Hello, Ada Lund");
        app.browser().get(&link).await.expect(410, "no longer works");
        assert_eq!(app.recorded("invitation-acceptance", "success").await, 1);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_new_account_is_said_and_the_invitation_stays_open() {
    for app in TestApp::each().await {
        let link = app.invite("ada@riverside.example", "riverside", None).await;
        let mut browser = app.browser();
        let page = browser.get(&link).await;
        for (name, new, repeated, expected) in [
            ("", NEW, NEW, "Your full name"),
            ("Ada", NEW, "other", "aren’t the same"),
            ("Ada", "short", "short", "too short"),
            ("Ada", "ada@riverside.example", "ada@riverside.example", "contains your name"),
        ] {
            let fields = [("name", name), ("new_password", new), ("repeated_password", repeated), ("answer", "accept")];
            browser.post_form(&page, "/invitation/", &fields).await.expect(422, expected);
        }
        assert_eq!(browser.post_form(&page, "/invitation/", &[("answer", "perhaps")]).await.status, 400);
        browser.submit(&page, "/invitation/", &answers("Ada")).await.expect(200, "Hello, Ada");
        assert_eq!(app.mail().await.kind, "welcome");
    }
}

#[tokio::test]
async fn a_person_with_an_account_signs_in_and_accepts() {
    for app in TestApp::each().await {
        let link = app.invite("noor@harbour.example", "riverside", None).await;
        let mut browser = app.browser();
        let page = browser.get(&link).await;
        page.expect(200, "You already have an account");
        let sign_in = browser.get(&page.link("/login/password?return=")).await;
        let fields = [("user_name", "noor@harbour.example"), ("password", PASSWORD)];
        let page = browser.submit(&sign_in, "/login/password", &fields).await;
        assert_eq!(page.path, link);
        page.expect(200, "You’re signed in as Noor Haddad.");
        browser
            .submit(&page, "/invitation/", &[("answer", "accept")])
            .await
            .expect(200, "Welcome to Riverside Clinic.");
        assert_eq!(app.memberships("noor@harbour.example").await, ["harbour", "riverside"]);
        assert_eq!(app.mail().await.kind, "welcome");
    }
}

#[tokio::test]
async fn invitations_are_listed_and_answered_in_the_account() {
    for app in TestApp::each().await {
        let link = app.invite("noor@harbour.example", "riverside", None).await;
        let mut browser = app.signed_in("noor@harbour.example").await;
        browser.get("/account").await.expect(200, "<span class=\"badge\">1</span>");
        let list = browser.get("/account/invitations").await;
        list.expect(200, "Riverside Clinic").expect(200, "Practitioner");
        let mut other = app.signed_in("max@riverside.example").await;
        assert!(!other.get("/account/invitations").await.says("action=\"/account/invitations/"));
        let action = address(&list);
        let token = app.token(&other, &action);
        for answer in ["accept", "reject"] {
            let refused = other.post(&action, &[("csrf", token.as_str()), ("answer", answer)]).await;
            assert_eq!(refused.status, 404, "{answer}");
        }
        browser.submit(&list, &action, &[("answer", "reject")]).await.expect(200, "Invitation declined");
        assert_eq!(browser.post_form(&list, &action, &[("answer", "accept")]).await.status, 404);
        assert_eq!(app.memberships("noor@harbour.example").await, ["harbour"]);
        browser.get(&link).await.expect(410, "no longer works");
    }
}

fn address(list: &Answer) -> String {
    let rest = list.body.split("action=\"/account/invitations/").nth(1).expect("a form");
    format!("/account/invitations/{}", rest.split('"').next().expect("an address"))
}

#[tokio::test]
async fn whoever_holds_the_link_may_reject_without_an_account() {
    for app in TestApp::each().await {
        for email in ["ada@riverside.example", "noor@harbour.example"] {
            let link = app.invite(email, "riverside", None).await;
            let mut browser = app.browser();
            let page = browser.get(&link).await;
            browser.post_form(&page, "/invitation/", &[("answer", "reject")]).await.expect(200, "Invitation declined");
            browser.get(&link).await.expect(410, "no longer works");
        }
        assert_eq!(app.recorded("invitation-rejection", "success").await, 2);
        assert_eq!(app.memberships("noor@harbour.example").await, ["harbour"]);
    }
}

#[tokio::test]
async fn somebody_else_who_is_signed_in_answers_nothing() {
    for app in TestApp::each().await {
        for email in ["ada@riverside.example", "noor@harbour.example"] {
            let link = app.invite(email, "riverside", None).await;
            let mut browser = app.signed_in("max@riverside.example").await;
            let page = browser.get(&link).await;
            page.expect(403, "This invitation is for someone else");
            let token = app.token(&browser, &link);
            for answer in ["accept", "reject"] {
                let refused = browser.post(&link, &[("csrf", token.as_str()), ("answer", answer)]).await;
                assert_eq!(refused.status, 403, "{answer}");
            }
            let asks = browser.get(&page.link("/account/sign-out?return=")).await;
            let back = browser.submit(&asks, "/account/sign-out", &[]).await;
            assert_eq!(back.path, link);
            back.expect(200, "Join Riverside Clinic");
        }
    }
}

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    for app in TestApp::each().await {
        let link = app.invite("ada@riverside.example", "riverside", None).await;
        let (mut one, mut two) = (app.browser(), app.browser());
        let (page_one, page_two) = (one.get(&link).await, two.get(&link).await);
        let (first, second) = (answers("Ada One"), answers("Ada Two"));
        let (first, second) = tokio::join!(
            one.post_form(&page_one, "/invitation/", &first),
            two.post_form(&page_two, "/invitation/", &second)
        );
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 410]);
        assert_eq!(app.recorded("user-creation", "success").await, 9, "eight of the demo and one");
        assert_eq!(app.recorded("invitation-acceptance", "success").await, 1);
        assert_eq!(app.mail().await.kind, "welcome");
    }
}

#[tokio::test]
async fn expired_revoked_replaced_and_unknown_links_are_answered_alike() {
    for app in TestApp::each().await {
        let mut bodies = vec![];
        let mut browser = app.browser();
        browser.get("/login/password").await;
        let expired = app.invite("a@riverside.example", "riverside", None).await;
        app.wait(Duration::from_secs(7 * 24 * 3600));
        let revoked = app.invite("b@riverside.example", "riverside", None).await;
        let (context, at) = (app.app.context(Actor::Server), app.organization("riverside").await);
        let new = NewInvitation {
            email: "c@riverside.example".parse().expect("an address"),
            kind: "practitioner".parse().expect("a kind"),
            roles: None,
            invited_by: None,
        };
        let list = app.read().await.invitations().list(&at, None, 10).await.expect("read");
        let open = list.into_iter().find(|one| one.email.as_str().starts_with('b')).expect("listed");
        let replaced = unit!(app, |tx| {
            invitation::revoke(tx, &context, &at, &open.id).await?;
            let (made, token) = invitation::create(tx, &context, &at, new).await?;
            invitation::resend(tx, &context, &at, &made.id).await?;
            Ok::<_, lanyard::directory::Error>(token)
        });
        let replaced =
            format!("/invitation/{}", lanyard::secret::ExposeSecret::expose_secret(&replaced.expect("resent")));
        for link in [expired, revoked, replaced, format!("/invitation/{}", "A".repeat(43)), "/invitation/x".to_owned()]
        {
            let answer = browser.get(&link).await;
            assert_eq!(answer.status, 410, "{link}");
            let own = answer.body.lines().filter(|line| !line.contains("req_") && !line.contains("/language/"));
            bodies.push(own.map(str::to_owned).collect::<Vec<_>>());
            let token = app.token(&browser, &link);
            let fields = answers("Ada").into_iter().chain([("csrf", token.as_str())]).collect::<Vec<_>>();
            assert_eq!(browser.post(&link, &fields).await.status, 410, "{link}");
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:#?}");
    }
}
