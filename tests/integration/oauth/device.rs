//! RFC 8628: a device asks, a person decides elsewhere, the device gets its tokens once.

use std::time::Duration;

use axum::http::{StatusCode, header};
use lanyard::{
    directory::user,
    oauth::{
        client::{AuthenticationMethod, GrantType},
        registration::Registration,
    },
    session::EndReason,
    setting::SubjectKind,
};
use serde_json::{Value, json};

use super::clinic::{Answer, Clinic, ISSUER, SECRET, app, basic, claims};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn clinics() -> Vec<Clinic> {
    let clinics = Clinic::each().await;
    for clinic in &clinics {
        let device = |id: &str| Registration {
            grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            ..app(id)
        };
        let public = |id| Registration { authentication: AuthenticationMethod::None, ..device(id) };
        let riverside = clinic.organization("riverside").await;
        for registration in [
            public("kiosk"),
            device("panel"),
            Registration { is_first_party: false, ..public("guest-kiosk") },
            Registration { organization: Some(riverside), ..public("own-kiosk") },
            public("theatre-kiosk"),
            public("panel-2"),
        ] {
            clinic.enroll(registration).await;
        }
    }
    clinics
}

/// What a device is told first.
async fn begin(clinic: &Clinic, client: &str, more: &str) -> Value {
    let form = format!("client_id={client}&scope=openid+roles+offline_access&{more}");
    let answer = clinic.post("/oauth2/device_authorization", &[], &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn poll(clinic: &Clinic, client: &str, begun: &Value) -> Answer {
    let form = format!("grant_type={GRANT}&client_id={client}&device_code={}", begun["device_code"].as_str().unwrap());
    clinic.post("/oauth2/token", &[], &form).await
}

/// The page of a code.
async fn page(clinic: &Clinic, cookies: &str, begun: &Value) -> Answer {
    let address = begun["verification_uri_complete"].as_str().unwrap();
    clinic.get(address.strip_prefix(ISSUER).unwrap(), &[("cookie", cookies)]).await
}

async fn decide(clinic: &Clinic, cookies: &str, begun: &Value, decision: &str) -> Answer {
    let page = page(clinic, cookies, begun).await;
    clinic.submit(cookies, &page, &format!("decision={decision}")).await
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_a_device_in_from_elsewhere_is_written_down_where_rules_allow_it() {
    for clinic in clinics().await {
        clinic.rule("network.allowed", "192.0.2.0/24").await;
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "kiosk", "").await;
        // The number of the request that the audit log has is shown; the second is not written down.
        for (turn, facts) in [("first", 2), ("again", 1)] {
            let denied = page(&clinic, &browser, &begun).await;
            let shown = denied.body.matches("<dd><code>").count();
            assert_eq!((denied.status, shown), (StatusCode::FORBIDDEN, facts), "{turn}: {}", denied.body);
            assert_eq!(clinic.recorded("policy-refusal").await, 1);
        }
        clinic.rule("network.otherwise", "alert").await;
        assert_eq!(decide(&clinic, &browser, &begun, "allow").await.location(), "/device?done=allowed");
        assert_eq!(clinic.recorded("policy-alert").await, 1);
        clinic.rule("network.otherwise", "step-up").await;
        let begun = begin(&clinic, "panel-2", "").await;
        assert_eq!(page(&clinic, &browser, &begun).await.status, StatusCode::FORBIDDEN, "a password alone");
        clinic.sure("priya").await;
        assert_eq!(decide(&clinic, &browser, &begun, "allow").await.location(), "/device?done=allowed");
        assert_eq!(clinic.recorded("policy-alert").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_lets_a_device_in_once() {
    for clinic in clinics().await {
        let begun = begin(&clinic, "kiosk", "").await;
        let code = begun["user_code"].as_str().unwrap();
        assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
        assert_eq!(begun["verification_uri"], format!("{ISSUER}/device"));
        assert_eq!(begun["verification_uri_complete"], format!("{ISSUER}/device?user_code={code}"));
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "authorization_pending");

        // Nobody is signed in: through the sign-in and back.
        let stranger = clinic.stranger();
        let away = page(&clinic, &stranger, &begun).await;
        assert!(away.location().starts_with("/login/password?return="), "{}", away.location());

        // By hand, in small letters without the dash.
        let browser = clinic.browser("priya").await;
        let enter = clinic.get("/device", &[("cookie", &browser)]).await;
        let typed = format!("user_code={}", code.to_lowercase().replace('-', "+"));
        let sent = clinic.submit(&browser, &enter, &typed).await;
        assert_eq!(sent.location(), format!("/device?user_code={code}"));
        let asked = clinic.get(sent.location(), &[("cookie", &browser)]).await;
        assert_eq!(asked.status, StatusCode::OK);
        for shown in [code, "Connect kiosk?", "riverside", "Know that it’s you"] {
            assert!(asked.body.contains(shown), "{shown}: {}", asked.body);
        }
        assert!(!asked.header(header::CONTENT_SECURITY_POLICY).contains("unsafe"));
        let done = clinic.submit(&browser, &asked, "decision=allow").await;
        assert_eq!(done.location(), "/device?done=allowed");
        let told = clinic.get(done.location(), &[("cookie", &browser)]).await;
        assert!(told.body.contains("The device is connected"), "{}", told.body);

        let answer = poll(&clinic, "kiosk", &begun).await;
        assert_eq!((answer.status, answer.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
        let tokens = answer.json();
        let access = claims(&tokens["access_token"]);
        assert_eq!(access["sub"], clinic.user("priya").await.as_str());
        assert_eq!((&access["client_id"], &access["roles"]), (&json!("kiosk"), &json!(["practitioner", "supervisor"])));
        assert_eq!(tokens["scope"], "offline_access openid roles");
        assert_eq!(claims(&tokens["id_token"])["aud"], "kiosk");
        let refresh = format!(
            "grant_type=refresh_token&client_id=kiosk&refresh_token={}",
            tokens["refresh_token"].as_str().unwrap()
        );
        let next = clinic.post("/oauth2/token", &[], &refresh).await;
        assert_eq!(next.status, StatusCode::OK, "{}", next.body);
        assert_eq!((clinic.recorded("authorization").await, clinic.recorded("token-issue").await), (1, 1));

        // Whoever asks again is not the device: what came of the code ends.
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "invalid_grant");
        let next = next.json();
        let refresh = format!(
            "grant_type=refresh_token&client_id=kiosk&refresh_token={}",
            next["refresh_token"].as_str().unwrap()
        );
        assert_eq!(error(&clinic.post("/oauth2/token", &[], &refresh).await), "invalid_grant");
        assert_eq!(clinic.recorded("code-replay").await, 1);
        assert_eq!(page(&clinic, &browser, &begun).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_redeem_a_device_code_at_once_one_succeeds() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "kiosk", "").await;
        decide(&clinic, &browser, &begun, "allow").await;
        let answers = futures_util::future::join_all((0..8).map(|_| poll(&clinic, "kiosk", &begun))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK || error(answer) == "invalid_grant"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_asks_too_often_waits_longer_and_stays_so() {
    for clinic in clinics().await {
        let begun = begin(&clinic, "kiosk", "").await;
        for (after, expected) in [
            (0, "authorization_pending"),
            (5, "authorization_pending"),
            (4, "slow_down"), // ten seconds from now on
            (5, "slow_down"), // fifteen
            (15, "authorization_pending"),
            (10, "slow_down"), // twenty
            (20, "authorization_pending"),
        ] {
            clinic.app.clock.advance(Duration::from_secs(after));
            assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), expected, "after {after}");
        }
        clinic.app.clock.advance(Duration::from_mins(10));
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "expired_token");
        let browser = clinic.browser("priya").await;
        assert_eq!(page(&clinic, &browser, &begun).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_device_and_is_final() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "kiosk", "").await;
        let shown = page(&clinic, &browser, &begun).await;
        let refused = clinic.submit(&browser, &shown, "decision=deny").await;
        assert_eq!(refused.location(), "/device?done=refused");
        let late = clinic.submit(&browser, &shown, "decision=allow").await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        let answer = poll(&clinic, "kiosk", &begun).await;
        assert_eq!((answer.status, error(&answer).as_str()), (StatusCode::BAD_REQUEST, "access_denied"));
        assert_eq!(clinic.recorded("authorization").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_sign_in_hold_for_devices() {
    for clinic in clinics().await {
        // Priya is no member of Harbour; there, the theatre is for surgeons.
        for (case, person, client, more, status, shown) in [
            ("one practice", "priya", "kiosk", "", 200, "Connect kiosk?"),
            ("hers by name", "priya", "kiosk", "organization=riverside", 200, "Connect kiosk?"),
            ("not hers", "priya", "kiosk", "organization=harbour", 403, "You can’t use kiosk yet"),
            ("not there", "priya", "kiosk", "organization=nowhere", 403, "You can’t use kiosk yet"),
            ("several", "olivia", "kiosk", "", 200, "Where are you working?"),
            ("several, of which one uses it", "olivia", "own-kiosk", "", 200, "Connect own-kiosk?"),
            (
                "one that does not use it",
                "olivia",
                "own-kiosk",
                "organization=harbour",
                403,
                "You can’t use own-kiosk yet",
            ),
            ("a requirement", "olivia", "theatre-kiosk", "organization=harbour", 403, "surgeons"),
            ("no practice", "nobody", "kiosk", "", 403, "You can’t use kiosk yet"),
        ] {
            let browser = clinic.browser(person).await;
            let begun = begin(&clinic, client, more).await;
            let page = page(&clinic, &browser, &begun).await;
            assert_eq!(page.status.as_u16(), status, "{case}");
            assert!(page.body.contains(shown), "{case}: {}", page.body);
        }
        let before = clinic.recorded("authorization").await;
        let (browser, other) = (clinic.browser("priya").await, clinic.browser("sam").await);
        let begun = begin(&clinic, "kiosk", "organization=harbour").await;
        for (visitor, expected) in [(&browser, 1), (&browser, 1), (&browser, 1), (&other, 2)] {
            assert_eq!(page(&clinic, visitor, &begun).await.status, StatusCode::FORBIDDEN);
            assert_eq!(clinic.recorded("authorization").await - before, expected, "once for each person");
        }
        let begun = begin(&clinic, "kiosk", "organization=harbour").await;
        page(&clinic, &browser, &begun).await;
        assert_eq!(clinic.recorded("authorization").await - before, 3, "another request");

        let browser = clinic.browser("olivia").await;
        let begun = begin(&clinic, "kiosk", "").await;
        let choice = page(&clinic, &browser, &begun).await;
        let chosen = clinic.submit(&browser, &choice, "organization=harbour").await;
        let asked = clinic.get(chosen.location(), &[("cookie", &browser)]).await;
        assert!(asked.body.contains("Connect kiosk?") && asked.body.contains("harbour"), "{}", asked.body);
        assert_eq!(clinic.submit(&browser, &asked, "decision=allow").await.location(), "/device?done=allowed");
        let access = claims(&poll(&clinic, "kiosk", &begun).await.json()["access_token"]);
        assert_eq!(access["org_name"], "harbour");

        // Another company's app is remembered as allowed.
        let begun = begin(&clinic, "guest-kiosk", "organization=riverside").await;
        decide(&clinic, &browser, &begun, "allow").await;
        let olivia = clinic.user("olivia").await;
        let allowed = clinic.app.storage.read().await.unwrap().consents().of_user(&olivia).await.unwrap();
        assert_eq!((allowed.len(), allowed[0].client.as_str()), (1, "guest-kiosk"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_holds_ends_with_the_person_and_the_session_that_let_it_in() {
    for clinic in clinics().await {
        let user = clinic.user("priya").await;
        let refreshed = async |tokens: &Value| {
            let token = tokens["refresh_token"].as_str().unwrap();
            let form = format!("grant_type=refresh_token&client_id=kiosk&refresh_token={token}");
            clinic.post("/oauth2/token", &[], &form).await.status
        };
        for (scope, reason, lives) in [
            ("openid", EndReason::SignOut, false),
            ("openid+offline_access", EndReason::SignOut, true),
            ("openid+offline_access", EndReason::Remote, false),
        ] {
            let browser = clinic.browser("priya").await;
            let form = format!("client_id=kiosk&scope={scope}");
            let begun = clinic.post("/oauth2/device_authorization", &[], &form).await.json();
            decide(&clinic, &browser, &begun, "allow").await;
            let tokens = poll(&clinic, "kiosk", &begun).await.json();
            let (user, context) = (user.clone(), clinic.context());
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let session = tx.sessions().of_user(&user).await?.remove(0);
                        Ok(tx.sessions().end(&context, &session, reason).await?)
                    })
                })
                .await;
            let expected = if lives { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            assert_eq!(refreshed(&tokens).await, expected, "{scope} {reason:?}");
        }
        // Allowed, but the person is gone before the device asks.
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "kiosk", "").await;
        decide(&clinic, &browser, &begun, "allow").await;
        let context = clinic.context();
        clinic.write(move |tx| Box::pin(async move { Ok(user::disable(tx, &context, &user).await?) })).await;
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_of_devices_get_their_registered_errors() {
    for clinic in clinics().await {
        let panel = basic("panel");
        let header = [("authorization", panel.as_str())];
        for (case, headers, form, expected) in [
            ("nobody", &[][..], "scope=openid", "invalid_client"),
            ("unknown", &[], "client_id=unknown&scope=openid", "invalid_client"),
            ("a secret that is due", &[], "client_id=panel&scope=openid", "invalid_client"),
            ("a wrong secret", &[], "client_id=panel&client_secret=x&scope=openid", "invalid_client"),
            ("another grant", &[], "client_id=browser&scope=openid", "unauthorized_client"),
            ("no scope", &header, "", "invalid_scope"),
            ("another scope", &header, "scope=openid+admin", "invalid_scope"),
            ("no scope tokens", &header, "scope=%22", "invalid_scope"),
            ("another resource", &header, "scope=openid&resource=https://other.example", "invalid_target"),
            ("twice", &header, "scope=openid&scope=openid", "invalid_request"),
            ("no UTF-8", &header, "scope=%ff", "invalid_request"),
            ("a NUL", &header, "scope=openid&organization=%00", "invalid_request"),
        ] {
            let answer = clinic.post("/oauth2/device_authorization", headers, form).await;
            assert_eq!(error(&answer), expected, "{case}: {}", answer.body);
        }
        let begun = begin(&clinic, "kiosk", "").await;
        let code = begun["device_code"].as_str().unwrap();
        for (case, form, expected) in [
            ("no code", "client_id=kiosk".to_owned(), "invalid_request"),
            ("an unknown code", "client_id=kiosk&device_code=x".to_owned(), "invalid_grant"),
            ("the user code", format!("client_id=kiosk&device_code={}", begun["user_code"]), "invalid_grant"),
            ("another client", format!("client_id=guest-kiosk&device_code={code}"), "invalid_grant"),
            ("a client with another grant", format!("client_id=browser&device_code={code}"), "unauthorized_client"),
            ("a code twice", format!("client_id=kiosk&device_code={code}&device_code={code}"), "invalid_request"),
            ("with a secret", format!("client_id=kiosk&client_secret={SECRET}&device_code={code}"), "invalid_client"),
        ] {
            let answer = clinic.post("/oauth2/token", &[], &format!("grant_type={GRANT}&{form}")).await;
            assert_eq!(error(&answer), expected, "{case}: {}", answer.body);
        }
        let as_code = clinic.token("portal", &format!("grant_type=authorization_code&code={code}")).await;
        assert_eq!(error(&as_code), "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_decisions_and_guesses_get_nowhere() {
    for clinic in clinics().await {
        let (priya, sam) = (clinic.browser("priya").await, clinic.browser("sam").await);
        let begun = begin(&clinic, "kiosk", "").await;
        let code = begun["user_code"].as_str().unwrap().to_owned();
        let riverside = clinic.organization("riverside").await;
        let form = format!("user_code={code}&organization={riverside}&decision=allow");
        let forged = clinic.post("/device/decision", &[("cookie", &priya)], &format!("csrf=x&{form}")).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        // Another organization than the page has shown is asked about anew.
        let shown = page(&clinic, &priya, &begun).await;
        let elsewhere = shown.body.replace(riverside.as_str(), clinic.organization("harbour").await.as_str());
        let moved = clinic.submit(&priya, &Answer { body: elsewhere, ..shown }, "decision=allow").await;
        assert!(moved.location().starts_with("/device?user_code="), "{}", moved.location());
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "authorization_pending");

        // Guessing slows down, for whoever guesses alone; a code of one's own forgives nothing.
        let mut statuses = vec![];
        for number in 0..20 {
            let letter = char::from(b"BCDFGHJKLMNPQRSTVWXZ"[number]);
            let guess = clinic.get(&format!("/device?user_code={letter}BBBBBBB"), &[("cookie", &sam)]).await;
            statuses.push(guess.status.as_u16());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{statuses:?}");
        assert_eq!(statuses.last(), Some(&429));
        assert_eq!(page(&clinic, &sam, &begun).await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(page(&clinic, &priya, &begun).await.status, StatusCode::OK);

        for typed in ["", "BCDF", "%3Cb%3E", "AAAA-EEEE", "%F0%9F%A6%80"] {
            let enter = clinic.get("/device", &[("cookie", &priya)]).await;
            let wrong = clinic.submit(&priya, &enter, &format!("user_code={typed}")).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
            assert!(!wrong.body.contains("<b>"), "{typed}");
        }
        let qr = clinic.get(&format!("/device/qr?user_code={code}"), &[]).await;
        assert_eq!((qr.status, qr.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/svg+xml"));
        assert!(qr.body.contains("<svg") && !qr.body.contains("style="), "{}", qr.body);
        assert_eq!(clinic.get("/device/qr?user_code=x", &[]).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_devices_is_in_nobodys_sector_by_its_redirects() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        clinic.set("portal", json!({"subject_type": "pairwise"})).await;
        let redirects = json!({"subject_type": "pairwise", "redirect_uris": ["https://app.example/cb"]});
        clinic.set("kiosk", redirects).await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let begun = begin(&clinic, "kiosk", "").await;
        decide(&clinic, &browser, &begun, "allow").await;
        let joined = poll(&clinic, "kiosk", &begun).await.json();
        assert_ne!(claims(&joined["id_token"])["sub"], claims(&tokens["id_token"])["sub"]);
        assert_ne!(claims(&joined["id_token"])["sub"], clinic.user("priya").await.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_let_in_by_a_sign_in_that_is_recent_enough() {
    for clinic in clinics().await {
        clinic.set("kiosk", json!({"default_max_age": 60})).await;
        let old = clinic.browser_since("priya", Duration::from_mins(10)).await;
        let (begun, other) = (begin(&clinic, "kiosk", "").await, begin(&clinic, "panel-2", "").await);
        let away = page(&clinic, &old, &begun).await;
        assert!(away.location().starts_with("/login/password?return="), "{} {}", away.location(), away.body);
        // The form of another app's page does not help.
        let shown = page(&clinic, &old, &other).await;
        let text = |begun: &Value| begun["user_code"].as_str().unwrap().to_owned();
        let forged = Answer { body: shown.body.replace(&text(&other), &text(&begun)), ..shown };
        let sent = clinic.submit(&old, &forged, "decision=allow").await;
        assert!(!sent.location().contains("done"), "{}", sent.location());
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "authorization_pending");
        // A sign-in since the device asked is recent, however long the person then thinks.
        let fresh = clinic.browser("priya").await;
        clinic.app.clock.advance(Duration::from_mins(2));
        assert_eq!(decide(&clinic, &fresh, &begun, "allow").await.location(), "/device?done=allowed");
        assert_eq!(poll(&clinic, "kiosk", &begun).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_let_in_by_as_sure_a_sign_in_as_its_rules_want() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "kiosk", "").await;
        let shown = page(&clinic, &browser, &begun).await;
        clinic.rule_for((SubjectKind::Client, "kiosk"), ("factor.required", "multi-factor")).await;
        // The page was open before the rule was made.
        let sent = clinic.submit(&browser, &shown, "decision=allow").await;
        assert!(!sent.location().contains("done"), "{}", sent.location());
        assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "authorization_pending");
        let away = page(&clinic, &browser, &begun).await;
        let away = away.location();
        assert!(away.starts_with("/account/enrolment?return=") && away.contains("acr_values=urn"), "{away}");
        clinic.sure("priya").await;
        assert_eq!(decide(&clinic, &browser, &begun, "allow").await.location(), "/device?done=allowed");
        clinic.app.clock.advance(Duration::from_secs(6));
        assert_eq!(poll(&clinic, "kiosk", &begun).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_else_signs_in_meanwhile_sees_the_code_before_they_answer() {
    for clinic in clinics().await {
        let (priya, sam) = (clinic.browser("priya").await, clinic.browser("sam").await);
        let begun = begin(&clinic, "kiosk", "").await;
        let with_code = format!("?user_code={}", begun["user_code"].as_str().unwrap());
        let shown = page(&clinic, &priya, &begun).await;
        for decision in ["decision=allow", "decision=deny"] {
            let sent = clinic.submit(&sam, &shown, decision).await;
            assert_eq!(sent.location(), format!("/device{with_code}"));
            assert_eq!(error(&poll(&clinic, "kiosk", &begun).await), "authorization_pending");
            clinic.app.clock.advance(Duration::from_secs(6));
        }
        // A step that is asked for meanwhile leads back to the code.
        clinic.rule("factor.required", "multi-factor").await;
        let asked = clinic.submit(&priya, &shown, "decision=allow").await;
        let back = asked.parameter("return").unwrap_or_default();
        assert!(asked.location().starts_with("/account/enrolment"), "{}", asked.location());
        assert!(shown.body.contains(&format!("/device/decision{with_code}")) && !back.is_empty(), "{}", shown.body);
        let again = clinic.get(&format!("/device/decision{with_code}"), &[("cookie", &sam)]).await;
        assert_eq!(again.location(), format!("/device{with_code}"));
    }
}
