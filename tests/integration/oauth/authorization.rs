//! The authorization endpoint: OpenID Connect Core 1.0 §3.1.2, RFC 9207, and switching between organizations.

use std::time::Duration;

use axum::http::{StatusCode, header};
use lanyard::{
    audit::Actor,
    keys::{Algorithm, SigningKey, Task, Typ, jws::key_named},
    web::Language,
};

use super::clinic::{Answer, CHALLENGE, Clinic, ISSUER, REDIRECT, claims, redemption, request};

fn error(answer: &Answer) -> Option<String> {
    answer.parameter("error")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_names_its_issuer_and_brings_the_state_back() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let answer = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().starts_with(&format!("{REDIRECT}?code=")));
        assert_eq!(
            (answer.parameter("state").as_deref(), answer.parameter("iss").as_deref()),
            (Some("s"), Some(ISSUER))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_an_address_that_is_not_registered() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (case, query) in [
            ("unknown client", request("stranger", "")),
            ("another address", request("portal", "").replace(REDIRECT, "https://evil.example/cb")),
            ("no address", request("portal", "").replace("redirect_uri", "x")),
            ("no client", request("portal", "").replace("client_id", "x")),
            ("two addresses", request("portal", &format!("redirect_uri={REDIRECT}"))),
            ("two clients", request("portal", "client_id=portal")),
            ("an unknown parameter twice", request("portal", "x=1&x=2")),
            ("not encoded", request("portal", "x=%zz")),
            ("nothing", String::new()),
        ] {
            let answer = clinic.authorize(&browser, &query).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_request_has_its_registered_error() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (case, query, expected) in [
            (
                "response type",
                request("portal", "").replace("response_type=code", "response_type=token"),
                "unsupported_response_type",
            ),
            ("no response type", request("portal", "").replace("response_type", "x"), "invalid_request"),
            ("no challenge", request("portal", "").replace("code_challenge=", "x="), "invalid_request"),
            ("plain", request("portal", "").replace("S256", "plain"), "invalid_request"),
            ("scope", request("portal", "scope=openid+admin"), "invalid_scope"),
            ("prompt", request("portal", "prompt=none+login"), "invalid_request"),
            ("request", request("portal", "request=x"), "invalid_request_object"),
            ("request_uri", request("portal", "request_uri=x"), "invalid_request_uri"),
            ("registration", request("portal", "registration=x"), "registration_not_supported"),
            ("resource", request("portal", "resource=https://x.example"), "invalid_target"),
            ("state twice", request("portal", "state=x"), "invalid_request"),
            ("hint", request("portal", "id_token_hint=x"), "invalid_request"),
            ("a client without codes", request("service", ""), ""),
        ] {
            let answer = clinic.authorize(&browser, &query).await;
            if expected.is_empty() {
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}");
            } else {
                assert_eq!(error(&answer).as_deref(), Some(expected), "{case}");
                assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER), "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_sent_to_sign_in_and_comes_back() {
    for clinic in Clinic::each().await {
        let answer =
            clinic.authorize(&clinic.stranger(), &request("portal", "login_hint=priya%40clinic.example")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().starts_with("/login/password?return="), "{}", answer.location());
        assert_eq!(answer.parameter("login_hint").as_deref(), Some("priya@clinic.example"));
        let silent = clinic.authorize(&clinic.stranger(), &request("portal", "prompt=none")).await;
        assert_eq!(error(&silent).as_deref(), Some("login_required"));
        // The sign-in page is not part of this harness, which says so in the language of the visit.
        let browser = clinic.stranger();
        for (asked, cookie, language) in [
            ("", "", Language::English),
            ("ui_locales=da", "", Language::Danish),
            ("ui_locales=da", "es", Language::Spanish),
        ] {
            let away = clinic.authorize(&browser, &request("portal", asked)).await;
            let cookies = format!("{browser}; lanyard-language-8080={cookie}");
            let page = clinic.get(away.location(), &[("cookie", &cookies)]).await;
            let expected = language.strings().errors.not_found.title;
            assert!(page.body.contains(expected), "{asked} {cookie}: {}", page.body);
        }
    }
}

/// Where the sign-in would send the browser back to.
pub(super) fn way_back(clinic: &Clinic, answer: &Answer) -> String {
    let sealed = answer.parameter("return").unwrap_or_else(|| panic!("{} {}", answer.status, answer.location()));
    let payload = sealed.split('.').next().unwrap();
    let opened = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    let opened: serde_json::Value = serde_json::from_slice(&opened).unwrap();
    assert_eq!(opened["app"], "https://app.example", "{}", clinic.site.origin());
    opened["path"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_is_asked_for_once_and_not_again() {
    for clinic in Clinic::each().await {
        for asked in ["prompt=login", "max_age=0", "max_age=60", "prompt=select_account"] {
            let old = clinic.browser_since("priya", Duration::from_mins(5)).await;
            let away = clinic.authorize(&old, &request("portal", asked)).await;
            let back = way_back(&clinic, &away);
            let still = clinic.get(&back, &[("cookie", &old)]).await;
            assert!(still.location().starts_with("/login/password"), "{asked}: the old session is not enough");
            clinic.app.clock.advance(Duration::from_secs(30));
            let fresh = clinic.browser("priya").await;
            clinic.app.clock.advance(Duration::from_secs(300));
            let done = clinic.get(&back, &[("cookie", &fresh)]).await;
            assert!(done.parameter("code").is_some(), "{asked}: {} {}", done.status, done.location());
            let forged = clinic.authorize(&old, &request("portal", &format!("{asked}&progress=x.y"))).await;
            assert!(forged.parameter("code").is_none(), "{asked}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_somebody_else_asks_for_a_sign_in() {
    for clinic in Clinic::each().await {
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let hint = clinic.tokens(&priya, "portal", "").await["id_token"].as_str().unwrap().to_owned();
        clinic.app.clock.advance(Duration::from_hours(1));
        let same = clinic.authorize(&priya, &request("portal", &format!("prompt=none&id_token_hint={hint}"))).await;
        assert!(same.parameter("code").is_some(), "an expired hint still names the person: {}", same.location());
        let other = clinic.authorize(&olivia, &request("portal", &format!("prompt=none&id_token_hint={hint}"))).await;
        assert_eq!(error(&other).as_deref(), Some("login_required"));
    }
}

/// Hints that no key of the clinic has signed, beside one of Priya's that one has.
pub(super) fn foreign_hints(hint: &str, access_token: &str) -> Vec<(&'static str, String)> {
    let [header, payload, _] = hint.split('.').collect::<Vec<_>>()[..] else { panic!("{hint}") };
    let encode = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let claims: serde_json::Value = claims(&hint.into());
    let theirs = SigningKey::generate(Algorithm::Es256).unwrap().sign(Typ::IdToken, &claims);
    let signature = theirs.rsplit('.').next().unwrap();
    vec![
        ("nonsense", "x".to_owned()),
        ("unsigned", format!("{}.{payload}.", encode(r#"{"alg":"none"}"#))),
        ("unsigned, with our kind", format!("{}.{payload}.", encode(r#"{"typ":"JWT","alg":"none"}"#))),
        ("signed by somebody else", theirs.clone()),
        ("signed by somebody else in our name", format!("{header}.{payload}.{signature}")),
        ("a header of their own", format!("{}.{payload}.{signature}", encode(r#"{"alg":"ES256","kid":"k1"}"#))),
        ("a key with a NUL", format!("{}.{payload}.{signature}", encode(r#"{"alg":"RS256","kid":"k\u0000"}"#))),
        ("a header without a key", format!("{}.{payload}.{signature}", encode(r#"{"alg":"RS256"}"#))),
        ("no header", format!("..{signature}")),
        ("an access token", access_token.to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_is_not_ours_is_refused_and_one_whose_key_is_gone_says_nothing() {
    for clinic in Clinic::each().await {
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let tokens = clinic.tokens(&priya, "portal", "").await;
        let (hint, access) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        for (case, foreign) in foreign_hints(hint, access) {
            for cookies in [&priya, &clinic.stranger()] {
                let query = request("portal", &format!("id_token_hint={foreign}"));
                assert_eq!(
                    error(&clinic.authorize(cookies, &query).await).as_deref(),
                    Some("invalid_request"),
                    "{case}"
                );
            }
        }
        let kid = key_named(hint).unwrap();
        clinic.app.change_keys(Task::Revoke(kid), Actor::Server).await.unwrap();
        let query = request("portal", &format!("prompt=none&organization=riverside&id_token_hint={hint}"));
        assert!(clinic.authorize(&olivia, &query).await.parameter("code").is_some(), "it names nobody any more");
        for (case, foreign) in foreign_hints(hint, access).into_iter().skip(1) {
            let query = request("portal", &format!("id_token_hint={foreign}"));
            assert_eq!(error(&clinic.authorize(&priya, &query).await).as_deref(), Some("invalid_request"), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_two_practices_chooses_and_then_switches_without_signing_in() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("olivia").await;
        let silent = clinic.authorize(&browser, &request("portal", "prompt=none")).await;
        assert_eq!(error(&silent).as_deref(), Some("interaction_required"));
        let page = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("value=\"riverside\"") && page.body.contains("value=\"harbour\""));
        assert!(page.body.contains("Owner (all locations)") && page.body.contains("Practitioner (all locations)"));
        assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https://app.example"));
        let chosen = submit(&clinic, &browser, &page, "organization=harbour").await;
        let done = clinic.get(chosen.location(), &[("cookie", &browser)]).await;
        let code = done.parameter("code").unwrap();
        let tokens = clinic.token("portal", &redemption(&code)).await.json();
        let harbour = claims(&tokens["access_token"]);
        assert_eq!(harbour["org_name"], "harbour");

        clinic.app.clock.advance(Duration::from_secs(1));
        let switched = clinic.tokens(&browser, "portal", "prompt=none&organization=riverside").await;
        let riverside = claims(&switched["access_token"]);
        assert_eq!(riverside["org_name"], "riverside");
        assert_ne!(riverside["sid"], harbour["sid"]);
        assert_eq!(riverside["auth_time"], harbour["auth_time"]);
        assert_eq!(clinic.recorded("organization-switch").await, 1);
        // To stay is none; to go back, and to choose another on the page, is one more.
        clinic.app.clock.advance(Duration::from_secs(1));
        clinic.tokens(&browser, "portal", "prompt=none&organization=riverside").await;
        assert_eq!(clinic.recorded("organization-switch").await, 1);
        clinic.app.clock.advance(Duration::from_secs(1));
        clinic.tokens(&browser, "portal", "prompt=none&organization=harbour").await;
        assert_eq!(clinic.recorded("organization-switch").await, 2);
        clinic.app.clock.advance(Duration::from_secs(1));
        let page = clinic.authorize(&browser, &request("portal", "")).await;
        let chosen = submit(&clinic, &browser, &page, "organization=riverside").await;
        assert!(clinic.get(chosen.location(), &[("cookie", &browser)]).await.parameter("code").is_some());
        assert_eq!(clinic.recorded("organization-switch").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_unknown_or_anothers_answers_alike() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let mut answers = vec![];
        for organization in ["harbour", "nowhere"] {
            let query = request("portal", &format!("prompt=none&organization={organization}"));
            answers.push(clinic.authorize(&browser, &query).await.location().to_owned());
            let page = clinic.authorize(&browser, &request("portal", &format!("organization={organization}"))).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
            assert!(page.body.contains("error=access_denied"));
        }
        assert!(answers[0].contains("error=access_denied"), "{}", answers[0]);
        assert_eq!(answers[0], answers[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_a_practice_or_without_what_it_asks_for_is_denied() {
    for clinic in Clinic::each().await {
        for (person, client, organization) in [
            ("nobody", "portal", ""),
            ("olivia", "theatre", "organization=harbour"),
            ("olivia", "own", "organization=harbour"),
        ] {
            let browser = clinic.browser(person).await;
            let silent = clinic.authorize(&browser, &request(client, &format!("prompt=none&{organization}"))).await;
            assert_eq!(error(&silent).as_deref(), Some("access_denied"), "{person} {client}");
            let page = clinic.authorize(&browser, &request(client, organization)).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{person} {client}");
        }
        let browser = clinic.browser("olivia").await;
        clinic.tokens(&browser, "theatre", "organization=riverside").await;
        assert!(clinic.recorded("authorization").await >= 1);
    }
}

/// Fills in the form of a page.
pub(super) async fn submit(clinic: &Clinic, cookies: &str, page: &Answer, fields: &str) -> Answer {
    let between =
        |before: &str| page.body.split(before).nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let (action, csrf) = (between("method=\"post\" action=\""), between("name=\"csrf\" value=\""));
    let answer = clinic.post(&action, &[("cookie", cookies)], &format!("csrf={csrf}&{fields}")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn another_companys_app_needs_the_persons_word() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let silent = clinic.authorize(&browser, &request("guest", "prompt=none")).await;
        assert_eq!(error(&silent).as_deref(), Some("consent_required"));
        let page = clinic.authorize(&browser, &request("guest", "")).await;
        let denied = submit(&clinic, &browser, &page, "decision=deny").await;
        let told = clinic.get(denied.location(), &[("cookie", &browser)]).await;
        assert_eq!(error(&told).as_deref(), Some("access_denied"));
        let allowed = submit(&clinic, &browser, &page, "decision=allow").await;
        let done = clinic.get(allowed.location(), &[("cookie", &browser)]).await;
        assert!(done.parameter("code").is_some(), "{}", done.location());
        // What was allowed is remembered; more is asked for again.
        clinic.tokens(&browser, "guest", "prompt=none").await;
        let more = clinic.authorize(&browser, &request("guest", "prompt=none&scope=openid+email")).await;
        assert_eq!(error(&more).as_deref(), Some("consent_required"));
        // `prompt=consent` asks even so, and is satisfied by the answer.
        clinic.app.clock.advance(Duration::from_secs(1));
        let page = clinic.authorize(&browser, &request("guest", "prompt=consent&scope=openid+offline_access")).await;
        assert_eq!(page.status, StatusCode::OK);
        let allowed = submit(&clinic, &browser, &page, "decision=allow").await;
        let done = clinic.get(allowed.location(), &[("cookie", &browser)]).await;
        assert!(done.parameter("code").is_some(), "{}", done.location());
        assert_eq!(clinic.recorded("consent").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_post_carries_the_answer_in_a_form() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let page = clinic.authorize(&browser, &request("portal", "response_mode=form_post")).await;
        assert_eq!(page.status, StatusCode::OK);
        for part in [
            &format!("action=\"{REDIRECT}\""),
            "name=\"code\"",
            "name=\"state\" value=\"s\"",
            "name=\"iss\"",
            "<button",
        ] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https://app.example"));
        let refused = clinic.authorize(&browser, &request("portal", "response_mode=form_post&scope=x")).await;
        assert!(refused.body.contains("value=\"invalid_scope\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_by_post_is_kept_and_fetched() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let kept = clinic.post("/oauth2/authorize", &[("origin", "https://app.example")], &request("portal", "")).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER);
        assert!(kept.location().starts_with("/oauth2/authorize?stored="));
        let answer = clinic.get(kept.location(), &[("cookie", &browser)]).await;
        assert!(answer.parameter("code").is_some());
        let away = clinic.get(kept.location(), &[("cookie", &clinic.stranger())]).await;
        assert!(way_back(&clinic, &away).starts_with("/oauth2/authorize?stored="));
        assert_eq!(clinic.get("/oauth2/authorize?stored=nope", &[]).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_request_that_cannot_be_answered() {
    for clinic in Clinic::each().await {
        for (case, form, status) in [
            ("unknown client", request("stranger", ""), StatusCode::BAD_REQUEST),
            (
                "another address",
                request("portal", "").replace(REDIRECT, "https://evil.example/cb"),
                StatusCode::BAD_REQUEST,
            ),
            ("no address", request("portal", "").replace("redirect_uri", "x"), StatusCode::BAD_REQUEST),
            ("two clients", request("portal", "client_id=portal"), StatusCode::BAD_REQUEST),
            ("not encoded", request("portal", "x=%zz"), StatusCode::BAD_REQUEST),
            ("nothing", String::new(), StatusCode::BAD_REQUEST),
            ("too long", request("portal", &format!("x={}", "x".repeat(17_000))), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let answer = clinic.post("/oauth2/authorize", &[], &form).await;
            assert_eq!((answer.status, answer.location()), (status, ""), "{case}");
            assert!(answer.body.contains(answer.headers["x-request-id"].to_str().unwrap()), "{case}");
        }
        for (case, form, expected) in [
            ("unknown client", "client_id=stranger&post_logout_redirect_uri=https://app.example/bye", ""),
            ("another address", "client_id=portal&post_logout_redirect_uri=https://evil.example/", ""),
            ("nothing to keep", "state=x&client_id=portal", "/oauth2/logout"),
        ] {
            let answer = clinic.post("/oauth2/logout", &[], form).await;
            assert_eq!(answer.location(), expected, "{case}");
        }
        assert_eq!(clinic.kept_requests().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_only_so_many_requests_kept() {
    for clinic in Clinic::each().await {
        let form = request("portal", "");
        for _ in 0..300 {
            assert_eq!(clinic.post("/oauth2/authorize", &[], &form).await.status, StatusCode::SEE_OTHER);
        }
        let logout = "client_id=portal&post_logout_redirect_uri=https://app.example/bye";
        for (path, form) in [("/oauth2/authorize", form.as_str()), ("/oauth2/logout", logout)] {
            let answer = clinic.post(path, &[("accept", "text/html")], form).await;
            assert_eq!(
                (answer.status, answer.header(header::RETRY_AFTER)),
                (StatusCode::TOO_MANY_REQUESTS, "1"),
                "{path}"
            );
            assert!(answer.body.contains("<h1"), "{path}: {}", answer.body);
        }
        assert_eq!(clinic.kept_requests().await, 300);
        // What needs not be kept goes on, and time heals.
        let browser = clinic.browser("priya").await;
        clinic.code(&browser, "portal", "").await;
        clinic.app.clock.advance(Duration::from_secs(2));
        assert_eq!(clinic.post("/oauth2/authorize", &[], &form).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_by_post_may_name_several_resources() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let form = request("portal", "resource=https://api.example&resource=https://api.example");
        let kept = clinic.post("/oauth2/authorize", &[], &form).await;
        assert!(clinic.get(kept.location(), &[("cookie", &browser)]).await.parameter("code").is_some());
        let kept = clinic.post("/oauth2/authorize", &[], &request("portal", "scope=openid&scope=email")).await;
        let told = clinic.get(kept.location(), &[("cookie", &browser)]).await;
        assert_eq!(error(&told).as_deref(), Some("invalid_request"), "{} {}", told.status, told.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_request_is_kept_too() {
    for clinic in Clinic::each().await {
        let long = request("portal", "").replace("state=s", &format!("state={}", "s".repeat(6000)));
        let away = clinic.authorize(&clinic.stranger(), &long).await;
        let back = way_back(&clinic, &away);
        assert!(back.len() < 1000, "{}", back.len());
        let browser = clinic.browser("priya").await;
        let done = clinic.get(&back, &[("cookie", &browser)]).await;
        assert_eq!(done.parameter("state").map(|state| state.len()), Some(6000));
        assert!(CHALLENGE.len() == 43 && done.parameter("code").is_some());
    }
}
