//! CIBA Core 1.0: a back end asks a person, who decides on the pages of their account.

use std::time::Duration;

use axum::http::StatusCode;
use lanyard::{
    jobs::Job,
    jose::Alg,
    oauth::{client::GrantType, registration::Registration},
    session::EndReason,
    setting::SubjectKind,
};
use serde_json::{Value, json};

use super::{
    client_assertion::set,
    clinic::{Answer, Clinic, ISSUER, app, basic, claims},
};
use crate::harness::client_key::{ClientKey, encode, hmac_signed};

const GRANT: &str = "urn:openid:params:grant-type:ciba";
const PATH: &str = "/oauth2/backchannel-authentication";

async fn clinics() -> Vec<Clinic> {
    let clinics = Clinic::each().await;
    for clinic in &clinics {
        // Letters have a test of their own.
        clinic.leaves_jobs();
        let asking = |id: &str| Registration {
            grant_types: vec![GrantType::Ciba, GrantType::RefreshToken],
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            ..app(id)
        };
        let riverside = clinic.organization("riverside").await;
        for registration in [
            asking("phone"),
            Registration { is_first_party: false, ..asking("guest-phone") },
            Registration { organization: Some(riverside), ..asking("own-phone") },
            asking("theatre-phone"),
            asking("pinged-phone"),
        ] {
            clinic.enroll(registration).await;
        }
        let endpoint = json!("https://phone.example/ciba");
        let members = [
            ("backchannel_token_delivery_mode", json!("ping")),
            ("backchannel_client_notification_endpoint", endpoint),
        ];
        // One after the other would be refused: ping needs the endpoint.
        set(clinic, "pinged-phone", &members).await;
    }
    clinics
}

async fn ask(clinic: &Clinic, client: &str, form: &str) -> Answer {
    clinic.post(PATH, &[("authorization", &basic(client))], form).await
}

/// What the client is told first.
async fn begin(clinic: &Clinic, client: &str, more: &str) -> Value {
    let answer = ask(clinic, client, &format!("scope=openid+roles+offline_access&{more}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn poll(clinic: &Clinic, client: &str, begun: &Value) -> Answer {
    let id = begun["auth_req_id"].as_str().unwrap();
    clinic.token(client, &format!("grant_type={GRANT}&auth_req_id={id}")).await
}

async fn decide(clinic: &Clinic, cookies: &str, decision: &str) -> Answer {
    let page = clinic.get("/account/requests", &[("cookie", cookies)]).await;
    clinic.submit(cookies, &page, &format!("decision={decision}")).await
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_a_back_end_in_from_elsewhere_is_written_down_where_rules_allow_it() {
    for clinic in clinics().await {
        clinic.leaves_jobs();
        clinic.rule("network.allowed", "192.0.2.0/24").await;
        let priya = clinic.browser("priya").await;
        begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        let told = decide(&clinic, &priya, "allow").await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.location());
        assert!(told.body.contains("phone") && told.body.contains("riverside"), "why not, and where: {}", told.body);
        clinic.rule("network.otherwise", "alert").await;
        assert_eq!(decide(&clinic, &priya, "allow").await.location(), "/account/requests?done=allowed");
        assert_eq!(clinic.recorded("policy-alert").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_about_what_a_back_end_asks() {
    for clinic in clinics().await {
        let more = "login_hint=Priya@clinic.example&binding_message=W4SCT+%3Cb%3E&requested_expiry=120";
        let begun = begin(&clinic, "phone", more).await;
        assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(120), &json!(5)));
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "authorization_pending");
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "slow_down");

        let (priya, sam) = (clinic.browser("priya").await, clinic.browser("sam").await);
        let page = clinic.get("/account/requests", &[("cookie", &priya)]).await;
        for shown in ["phone", "riverside", "W4SCT &#60;b&#62;", "Know that it’s you"] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        // Sam sees nothing of it, and decides nothing.
        let others = clinic.get("/account/requests", &[("cookie", &sam)]).await;
        assert!(!others.body.contains("W4SCT"), "{}", others.body);
        let meddled = clinic.submit(&sam, &page, "decision=allow").await;
        assert_eq!(meddled.location(), "/account/requests?done=gone");
        assert_eq!(decide(&clinic, &priya, "allow").await.location(), "/account/requests?done=allowed");

        let answer = poll(&clinic, "phone", &begun).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let tokens = answer.json();
        let access = claims(&tokens["access_token"]);
        assert_eq!(access["sub"], clinic.user("priya").await.as_str());
        assert_eq!((&access["org_name"], &access["client_id"]), (&json!("riverside"), &json!("phone")));
        assert_eq!(claims(&tokens["id_token"])["aud"], "phone");
        let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
        assert_eq!(clinic.token("phone", &refresh).await.status, StatusCode::OK);
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "invalid_grant", "once");
        assert_eq!(clinic.recorded("backchannel-authentication").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_and_what_nobody_decides_expires() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        assert_eq!(decide(&clinic, &browser, "deny").await.location(), "/account/requests?done=refused");
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "access_denied");
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example&requested_expiry=60").await;
        let page = clinic.get("/account/requests", &[("cookie", &browser)]).await;
        clinic.app.clock.advance(Duration::from_mins(1));
        let late = clinic.submit(&browser, &page, "decision=allow").await;
        assert_eq!(late.location(), "/account/requests?done=gone");
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "expired_token");

        // What is allowed ends with the session that allowed it.
        let form = "scope=openid&login_hint=priya@clinic.example";
        let begun = ask(&clinic, "phone", form).await.json();
        decide(&clinic, &browser, "allow").await;
        let tokens = poll(&clinic, "phone", &begun).await.json();
        let (user, context) = (clinic.user("priya").await, clinic.context());
        let end = EndReason::SignOut;
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let session = tx.sessions().of_user(&user).await?.remove(0);
                    Ok(tx.sessions().end(&context, &session, end).await?)
                })
            })
            .await;
        let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
        assert_eq!(error(&clinic.token("phone", &refresh).await), "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_is_told_to_nobody_whom_it_does_not_concern() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let foreign = tokens["id_token"].as_str().unwrap().to_owned();
        let mut unknown = vec![];
        for (client, hint) in [
            ("phone", "login_hint=nobody@nowhere.example".to_owned()),
            ("phone", "login_hint=nobody@clinic.example".to_owned()),
            ("phone", "login_hint=%20".to_owned()),
            ("phone", "login_hint=priya@clinic.example&organization=harbour".to_owned()),
            ("phone", "login_hint=priya@clinic.example&organization=nowhere".to_owned()),
            ("own-phone", "login_hint=olivia@clinic.example&organization=harbour".to_owned()),
            ("phone", format!("id_token_hint={foreign}")),
        ] {
            let answer = ask(&clinic, client, &format!("scope=openid&{hint}")).await;
            assert_eq!(error(&answer), "unknown_user_id", "{hint}: {}", answer.body);
            unknown.push(answer.body);
        }
        assert!(unknown.iter().all(|body| *body == unknown[0]), "{unknown:?}");
        for (case, client, form, expected) in [
            ("another grant", "portal", "scope=openid&login_hint=priya@clinic.example", "unauthorized_client"),
            ("nobody", "phone", "scope=openid", "invalid_request"),
            ("two hints", "phone", "scope=openid&login_hint=a&id_token_hint=b", "invalid_request"),
            ("a hint of the client", "phone", "scope=openid&login_hint_token=a.b.c", "invalid_request"),
            ("an ID token of others", "phone", "scope=openid&id_token_hint=a.b.c", "invalid_request"),
            ("no openid", "phone", "scope=roles&login_hint=priya@clinic.example", "invalid_scope"),
            ("another scope", "phone", "scope=openid+admin&login_hint=priya@clinic.example", "invalid_scope"),
            ("another resource", "phone", "scope=openid&login_hint=a&resource=https://evil.example", "invalid_target"),
            ("several", "phone", "scope=openid&login_hint=olivia@clinic.example", "invalid_request"),
            (
                "a requirement",
                "theatre-phone",
                "scope=openid&login_hint=olivia@clinic.example&organization=harbour",
                "access_denied",
            ),
            ("two lines", "phone", "scope=openid&login_hint=a&binding_message=a%0Ab", "invalid_binding_message"),
            ("no time", "phone", "scope=openid&login_hint=a&requested_expiry=0", "invalid_request"),
            ("signed by nobody", "phone", "request=a.b.c", "invalid_request"),
            ("a person at an address", "phone", "scope=openid&login_hint=a&login_hint=b", "invalid_request"),
            ("no token", "pinged-phone", "scope=openid&login_hint=a", "invalid_request"),
            ("a bad one", "pinged-phone", "scope=openid&login_hint=a&client_notification_token=%0d", "invalid_request"),
            ("a NUL", "phone", "scope=openid&login_hint=%00", "invalid_request"),
        ] {
            let answer = ask(&clinic, client, form).await;
            assert_eq!(error(&answer), expected, "{case}: {}", answer.body);
            let status = if expected == "access_denied" { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
            assert_eq!(answer.status, status, "{case}");
        }
        let stranger = clinic.post(PATH, &[], "client_id=phone&scope=openid&login_hint=a").await;
        assert_eq!((stranger.status, error(&stranger).as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_not_buried_in_requests_and_each_is_its_clients_own() {
    for clinic in clinics().await {
        for number in 0..11 {
            let answer = ask(&clinic, "phone", "scope=openid&login_hint=sam@clinic.example").await;
            let expected = if number < 10 { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{number}: {}", answer.body);
        }
        let other = ask(&clinic, "guest-phone", "scope=openid&login_hint=sam@clinic.example").await;
        assert_eq!(other.status, StatusCode::OK, "one app takes no place of another's: {}", other.body);
        let bad = clinic.token("phone", &format!("grant_type={GRANT}&auth_req_id=x")).await;
        assert_eq!(error(&bad), "invalid_grant");
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        assert_eq!(error(&poll(&clinic, "guest-phone", &begun).await), "invalid_grant");
        let id = begun["auth_req_id"].as_str().unwrap();
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let as_device = clinic.token("phone", &format!("grant_type={device}&device_code={id}")).await;
        assert_eq!(error(&as_device), "unauthorized_client");
    }
}

/// What is to be done, which nobody does any more.
async fn jobs(clinic: &Clinic) -> Vec<Job> {
    let (node, sealer, now) = (clinic.app.node.clone(), clinic.app.sealer.clone(), clinic.app.clock.now());
    let leased = clinic
        .write(move |tx| {
            Box::pin(async move {
                let leased = tx.jobs().lease((&node, &sealer), now, (None, 10)).await?;
                for job in &leased {
                    tx.jobs().complete(&job.id, &node).await?;
                }
                Ok(leased)
            })
        })
        .await;
    leased.into_iter().filter_map(|leased| leased.job).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_by_mail_but_not_flooded_and_not_by_whom() {
    for clinic in clinics().await {
        let more = "login_hint=priya@clinic.example&binding_message=W4SCT&requested_expiry=60";
        begin(&clinic, "phone", more).await;
        let told = jobs(&clinic).await;
        let [Job::SendMail { to, mail, subject, text, html, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!((to.as_str(), mail.as_str()), ("priya@clinic.example", "request-waiting"));
        assert!(text.contains(&format!("{ISSUER}/account/requests")), "{text}");
        for secret in ["phone", "riverside", "W4SCT", "roles"] {
            assert!(![subject, text, html].into_iter().any(|part| part.contains(secret)), "{secret}: {text}");
        }
        begin(&clinic, "own-phone", more).await;
        clinic.app.clock.advance(Duration::from_mins(14));
        begin(&clinic, "phone", more).await;
        assert_eq!(jobs(&clinic).await, [], "one is enough for a while");
        begin(&clinic, "phone", "login_hint=sam@clinic.example").await;
        assert_eq!(jobs(&clinic).await.len(), 1, "somebody else");
        clinic.app.clock.advance(Duration::from_mins(1));
        begin(&clinic, "phone", more).await;
        assert_eq!(jobs(&clinic).await.len(), 1);
        ask(&clinic, "phone", "scope=openid&login_hint=nobody@clinic.example").await;
        assert_eq!(jobs(&clinic).await, [], "whoever cannot decide is not told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_pinged_when_the_person_has_decided() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        for decision in ["allow", "deny"] {
            let more = "login_hint=priya@clinic.example&client_notification_token=8d67dc78.T~k";
            let begun = begin(&clinic, "pinged-phone", more).await;
            decide(&clinic, &browser, decision).await;
            let mut jobs = jobs(&clinic).await;
            jobs.retain(|job| matches!(job, Job::PingClient { .. }));
            let expected = Job::PingClient {
                url: "https://phone.example/ciba".into(),
                token: "8d67dc78.T~k".into(),
                auth_req_id: begun["auth_req_id"].as_str().unwrap().into(),
            };
            assert_eq!(jobs, [expected], "{decision}");
            let answer = poll(&clinic, "pinged-phone", &begun).await;
            assert_eq!(answer.status == StatusCode::OK, decision == "allow", "{}", answer.body);
        }
    }
}

/// What the client asks, signed or to be signed; `id` is used once.
fn said(clinic: &Clinic, id: &str) -> Value {
    let now = clinic.app.clock.now().seconds();
    json!({
        "iss": "phone", "aud": ISSUER, "exp": now + 60, "nbf": now, "iat": now, "jti": id,
        "scope": "openid roles offline_access", "login_hint": "priya@clinic.example", "binding_message": "W4SCT",
        "requested_expiry": 90, "acr_values": "urn:example:retina",
    })
}

/// `phone` signs its requests from now on.
async fn signing(clinic: &Clinic) -> ClientKey {
    let key = ClientKey::generate(Alg::Es256);
    let algorithm = ("backchannel_authentication_request_signing_alg", json!("ES256"));
    set(clinic, "phone", &[("jwks", json!({"keys": [key.jwk()]})), algorithm]).await;
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_signed_counts_once_and_nothing_beside_it() {
    for clinic in clinics().await {
        let (key, browser) = (signing(&clinic).await, clinic.browser("priya").await);
        let header = json!({"alg": "ES256"});
        let signed = key.sign(&header, &said(&clinic, "1"));
        let begun = ask(&clinic, "phone", &format!("client_id=phone&request={signed}")).await;
        assert_eq!((begun.status, &begun.json()["expires_in"]), (StatusCode::OK, &json!(90)), "{}", begun.body);
        let page = clinic.get("/account/requests", &[("cookie", &browser)]).await;
        assert!(page.body.contains("W4SCT"), "{}", page.body);
        decide(&clinic, &browser, "allow").await;
        let tokens = poll(&clinic, "phone", &begun.json()).await.json();
        assert_eq!(claims(&tokens["id_token"])["acr"], "urn:lanyard:acr:password", "what it was, not what was wished");

        let mut other_jti = 1;
        let mut next = |name: &str, value: Value| {
            other_jti += 1;
            let mut claims = said(&clinic, &other_jti.to_string());
            claims[name] = value;
            claims
        };
        let (plain, public) = (said(&clinic, "none"), key.jwk().to_string());
        let (fresh, forged) = (next("state", json!("x")), next("state", json!("x")));
        let unsigned =
            |alg: &str| format!("{}.{}.", encode(&json!({"alg": alg}).to_string()), encode(&plain.to_string()));
        let mut cases = vec![
            ("again", format!("request={signed}")),
            ("unsigned", "scope=openid&login_hint=priya@clinic.example".to_owned()),
            ("beside it", format!("scope=openid&request={}", key.sign(&header, &fresh))),
            ("twice", format!("request={signed}&request={signed}")),
            ("a foreign key", format!("request={}", ClientKey::generate(Alg::Es256).sign(&header, &forged))),
            (
                "a public key as a secret",
                format!("request={}", hmac_signed(&json!({"alg": "HS256"}), &plain, public.as_bytes())),
            ),
            ("cut off", format!("request={}", signed.rsplit_once('.').unwrap().0)),
            ("nothing", "request=".to_owned()),
            ("no token", "request=a.b.c".to_owned()),
        ];
        cases.extend(["none", "None", "nOnE", ""].map(|alg| ("no algorithm", format!("request={}", unsigned(alg)))));
        let ahead = clinic.app.clock.now().seconds() + 3600;
        for (case, name, value) in [
            ("another client", "iss", json!("pinged-phone")),
            ("another server", "aud", json!("https://other.example")),
            ("expired", "exp", json!(ahead - 7200)),
            ("not yet", "nbf", json!(ahead)),
            ("no name", "jti", json!(null)),
            ("a client assertion", "sub", json!("phone")),
            ("a list", "scope", json!(["openid"])),
            ("an object", "login_hint", json!({"a": 1})),
            ("two hints", "id_token_hint", json!("a.b.c")),
            ("a hint of the client", "login_hint_token", json!("a.b.c")),
        ] {
            cases.push((case, format!("request={}", key.sign(&header, &next(name, value)))));
        }
        for (case, form) in cases {
            let answer = ask(&clinic, "phone", &form).await;
            assert_eq!(error(&answer), "invalid_request", "{case}: {}", answer.body);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}");
        }
        let unknown = key.sign(&header, &next("login_hint", json!("x@nowhere.example")));
        assert_eq!(error(&ask(&clinic, "phone", &format!("request={unknown}")).await), "unknown_user_id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_knows_people_by_pseudonyms_names_them_by_its_own_id_tokens() {
    for clinic in clinics().await {
        let browser = clinic.browser("priya").await;
        let pairwise = json!({"subject_type": "pairwise"});
        clinic.set("phone", pairwise.clone()).await;
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        decide(&clinic, &browser, "allow").await;
        let tokens = poll(&clinic, "phone", &begun).await.json();
        let hint = tokens["id_token"].as_str().unwrap().to_owned();
        assert_ne!(claims(&tokens["id_token"])["sub"], clinic.user("priya").await.as_str());

        let again = begin(&clinic, "phone", &format!("id_token_hint={hint}")).await;
        decide(&clinic, &browser, "allow").await;
        let there = poll(&clinic, "phone", &again).await.json();
        assert_eq!(claims(&there["id_token"])["sub"], claims(&tokens["id_token"])["sub"]);
        // Another app's, and that of an app which knows people by another name now, name nobody.
        clinic.set("guest-phone", pairwise).await;
        let form = format!("scope=openid&id_token_hint={hint}");
        assert_eq!(error(&ask(&clinic, "guest-phone", &form).await), "unknown_user_id");
        clinic.set("phone", json!({"subject_type": null})).await;
        assert_eq!(error(&ask(&clinic, "phone", &form).await), "unknown_user_id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_is_let_in_by_a_sign_in_that_is_recent_enough() {
    for clinic in clinics().await {
        clinic.set("phone", json!({"default_max_age": 60})).await;
        let old = clinic.browser_since("priya", Duration::from_mins(10)).await;
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        let away = decide(&clinic, &old, "allow").await;
        assert!(away.location().starts_with("/login/password?return="), "{}", away.location());
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "authorization_pending");
        let fresh = clinic.browser("priya").await;
        assert_eq!(decide(&clinic, &fresh, "allow").await.location(), "/account/requests?done=allowed");
        // To say no, who the person was then is enough.
        clinic.app.clock.advance(Duration::from_mins(2));
        begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        assert_eq!(decide(&clinic, &old, "deny").await.location(), "/account/requests?done=refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_is_let_in_by_as_sure_a_sign_in_as_its_rules_want() {
    for clinic in clinics().await {
        clinic.rule_for((SubjectKind::Client, "phone"), ("factor.required", "multi-factor")).await;
        let browser = clinic.browser("priya").await;
        let begun = begin(&clinic, "phone", "login_hint=priya@clinic.example").await;
        let away = decide(&clinic, &browser, "allow").await;
        let away = away.location();
        assert!(away.starts_with("/account/enrolment?return=") && away.contains("acr_values=urn"), "{away}");
        assert_eq!(error(&poll(&clinic, "phone", &begun).await), "authorization_pending");
        clinic.sure("priya").await;
        assert_eq!(decide(&clinic, &browser, "allow").await.location(), "/account/requests?done=allowed");
    }
}
