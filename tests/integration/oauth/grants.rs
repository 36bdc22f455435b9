//! The token endpoint: RFC 6749 §4 to §6, RFC 7636, RFC 9068, RFC 9700 §4.14.

use std::time::Duration;

use axum::http::{StatusCode, header};
use lanyard::{audit::store::Query, session::EndReason};
use serde_json::{Value, json};

use super::clinic::{CHALLENGE, Clinic, ISSUER, REDIRECT, VERIFIER, basic, claims, redemption, request};

fn refresh(token: &Value) -> String {
    format!("grant_type=refresh_token&refresh_token={}", token.as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_tokens_that_say_who_and_where() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let code =
            clinic.code(&browser, "portal", "scope=openid+profile+email+roles+groups+locations+organization").await;
        let answer = clinic.token("portal", &redemption(&code)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        let tokens = answer.json();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));

        let access = claims(&tokens["access_token"]);
        let riverside = clinic.organization("riverside").await;
        assert_eq!(access["iss"], ISSUER);
        assert_eq!(access["aud"], ISSUER);
        assert_eq!(access["client_id"], "portal");
        assert_eq!(access["sub"], clinic.user("priya").await.as_str());
        assert_eq!(access["org_id"], riverside.as_str());
        assert_eq!(access["org_name"], "riverside");
        assert_eq!(access["roles"], json!(["practitioner", "supervisor"]));
        assert_eq!(access["groups"], json!(["gps"]));
        assert_eq!(access["locations"], json!(["harbour-quay", "main-street"]));
        let assignments = json!([
            {"role": "practitioner", "location": "main-street"},
            {"role": "supervisor", "location": "harbour-quay"},
        ]);
        assert_eq!(access["assignments"], assignments);
        assert!(access["sid"].as_str().unwrap().starts_with("sid_") && access.get("entitlements").is_none());

        let id = claims(&tokens["id_token"]);
        assert_eq!(
            (&id["aud"], &id["nonce"], &id["acr"]),
            (&json!("portal"), &json!("n"), &json!("urn:lanyard:acr:password"))
        );
        assert_eq!((&id["amr"], &id["email_verified"]), (&json!(["pwd"]), &json!(true)));
        assert_eq!((&id["name"], &id["assignments"]), (&json!("priya"), &assignments));
        assert_eq!(id["sid"], access["sid"]);
        assert!(id["at_hash"].is_string() && id["auth_time"].is_i64());
        assert_eq!(clinic.recorded("token-issue").await, 1);
        assert_eq!(clinic.recorded("authorization").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_a_role_gets_a_token_without_roles() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("sam").await;
        let access = claims(&clinic.tokens(&browser, "portal", "scope=openid+entitlements").await["access_token"]);
        for list in ["roles", "groups", "locations", "assignments", "entitlements"] {
            assert_eq!(access[list], json!([]), "{list}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_code_revokes_its_tokens() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let code = clinic.code(&browser, "portal", "").await;
        let tokens = clinic.token("portal", &redemption(&code)).await.json();
        let again = clinic.token("portal", &redemption(&code)).await;
        assert_eq!((again.status, &again.json()["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
        let refreshed = clinic.token("portal", &refresh(&tokens["refresh_token"])).await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
        assert_eq!(clinic.recorded("code-replay").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_redeem_a_code_at_once_one_succeeds() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let code = clinic.code(&browser, "portal", "").await;
        let form = redemption(&code);
        let answers = futures_util::future::join_all((0..16).map(|_| clinic.token("portal", &form))).await;
        let granted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(granted, 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, StatusCode::OK | StatusCode::BAD_REQUEST)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_rotates_and_a_replay_revokes_the_family() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let first = clinic.tokens(&browser, "portal", "").await;
        let second = clinic.token("portal", &refresh(&first["refresh_token"])).await.json();
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        assert!(claims(&second["id_token"]).get("nonce").is_none());
        let third = clinic.token("portal", &refresh(&second["refresh_token"])).await.json();
        assert!(third["access_token"].is_string());
        // The successor of the first was used: presenting it again is a replay, also within the ten seconds.
        let replay = clinic.token("portal", &refresh(&first["refresh_token"])).await;
        assert_eq!(replay.json()["error"], "invalid_grant");
        let dead = clinic.token("portal", &refresh(&third["refresh_token"])).await;
        assert_eq!(dead.json()["error"], "invalid_grant");
        assert_eq!(clinic.recorded("token-replay").await, 1);
        // The session goes on.
        clinic.tokens(&browser, "portal", "prompt=none").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_may_be_asked_for_once_more_at_once() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let first = clinic.tokens(&browser, "portal", "").await;
        let lost = clinic.token("portal", &refresh(&first["refresh_token"])).await.json();
        clinic.app.clock.advance(Duration::from_secs(9));
        let repeated = clinic.token("portal", &refresh(&first["refresh_token"])).await;
        assert_eq!(repeated.status, StatusCode::OK, "{}", repeated.body);
        let repeated = repeated.json();
        let next = clinic.token("portal", &refresh(&repeated["refresh_token"])).await;
        assert_eq!(next.status, StatusCode::OK);
        // Whoever shows the answer that was lost has stolen it.
        let stolen = clinic.token("portal", &refresh(&lost["refresh_token"])).await;
        assert_eq!(stolen.json()["error"], "invalid_grant");
        let dead = clinic.token("portal", &refresh(&next.json()["refresh_token"])).await;
        assert_eq!(dead.json()["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_and_the_use_of_its_successor_at_once_never_both_live() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for _ in 0..10 {
            let first = clinic.tokens(&browser, "portal", "").await;
            let second = clinic.token("portal", &refresh(&first["refresh_token"])).await.json();
            let forms = [refresh(&first["refresh_token"]), refresh(&second["refresh_token"])];
            let (repeated, used) = tokio::join!(clinic.token("portal", &forms[0]), clinic.token("portal", &forms[1]));
            assert!(repeated.status != StatusCode::OK || used.status != StatusCode::OK, "two branches live");
        }
    }
}

/// Somebody who holds the cookie of a session asks for codes while the person throws all sessions out.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_asked_for_while_its_session_ends_is_worth_nothing() {
    for clinic in Clinic::each().await {
        let user = clinic.user("priya").await;
        for _ in 0..10 {
            let browser = clinic.browser("priya").await;
            let wanted = request("portal", "scope=openid+offline_access");
            let (user, context) = (user.clone(), clinic.context());
            let thrown_out = clinic.write(move |tx| {
                Box::pin(async move {
                    Ok(tx.sessions().end_all_of_user(&context, &user, None, EndReason::PasswordChange).await?)
                })
            });
            let (answer, ()) = tokio::join!(clinic.authorize(&browser, &wanted), thrown_out);
            let Some(code) = answer.parameter("code") else { continue };
            let redeemed = clinic.token("portal", &redemption(&code)).await;
            assert_eq!(redeemed.status, StatusCode::BAD_REQUEST, "{}", redeemed.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_comes_once_and_not_late() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (case, wait, repetitions) in [("late", 11, 0), ("twice", 1, 1)] {
            let first = clinic.tokens(&browser, "portal", "").await;
            clinic.token("portal", &refresh(&first["refresh_token"])).await;
            clinic.app.clock.advance(Duration::from_secs(wait));
            for _ in 0..repetitions {
                assert_eq!(
                    clinic.token("portal", &refresh(&first["refresh_token"])).await.status,
                    StatusCode::OK,
                    "{case}"
                );
            }
            let refused = clinic.token("portal", &refresh(&first["refresh_token"])).await;
            assert_eq!(refused.json()["error"], "invalid_grant", "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_refresh_at_once_no_two_hold_a_living_token() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let first = clinic.tokens(&browser, "portal", "").await;
        let form = refresh(&first["refresh_token"]);
        let answers = futures_util::future::join_all((0..8).map(|_| clinic.token("portal", &form))).await;
        let granted: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        // One rotation and at most one repetition, whose forerunner is dead.
        assert!((1..=2).contains(&granted.len()), "{}", granted.len());
        let mut living = 0;
        for answer in granted {
            let next = clinic.token("portal", &refresh(&answer.json()["refresh_token"])).await;
            living += usize::from(next.status == StatusCode::OK);
        }
        assert!(living <= 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_computes_everything_anew() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let (user, context) = (clinic.user("priya").await, clinic.context());
        clinic
            .write(move |tx| Box::pin(async move { Ok(lanyard::directory::user::disable(tx, &context, &user).await?) }))
            .await;
        let refused = clinic.token("portal", &refresh(&tokens["refresh_token"])).await;
        assert_eq!((refused.status, &refused.json()["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn online_tokens_end_with_the_session_and_offline_ones_go_on() {
    for clinic in Clinic::each().await {
        for (scope, goes_on) in [("scope=openid", false), ("scope=openid+offline_access", true)] {
            let browser = clinic.browser("priya").await;
            let tokens = clinic.tokens(&browser, "portal", scope).await;
            let hint = tokens["id_token"].as_str().unwrap();
            let out = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}"), &[("cookie", &browser)]).await;
            assert_eq!(out.status, StatusCode::OK, "{}", out.body);
            let answer = clinic.token("portal", &refresh(&tokens["refresh_token"])).await;
            assert_eq!(answer.status == StatusCode::OK, goes_on, "{scope}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_never_outlives_the_session() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser_since("priya", Duration::from_hours(12) - Duration::from_mins(1)).await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        assert_eq!(tokens["expires_in"], 60);
        clinic.app.clock.advance(Duration::from_mins(2));
        assert_eq!(clinic.token("portal", &refresh(&tokens["refresh_token"])).await.json()["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gets_a_token_on_its_own_behalf() {
    for clinic in Clinic::each().await {
        let answer = clinic.token("service", "grant_type=client_credentials").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let tokens = answer.json();
        assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
        assert_eq!(tokens["scope"], "reports.read roles");
        let access = claims(&tokens["access_token"]);
        assert_eq!((&access["sub"], &access["client_id"]), (&json!("service"), &json!("service")));
        assert_eq!(access["org_id"], clinic.organization("riverside").await.as_str());
        assert!(access.get("sid").is_none() && access.get("amr").is_none());
        assert_eq!(clinic.recorded("token-issue").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_request_has_its_registered_answer() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let code = clinic.code(&browser, "portal", "").await;
        let cases: &[(&str, &str, String, u16, &str)] = &[
            ("no grant type", "portal", String::new(), 400, "invalid_request"),
            ("unknown grant type", "portal", "grant_type=password".into(), 400, "unsupported_grant_type"),
            ("repeated", "portal", "grant_type=authorization_code&grant_type=x".into(), 400, "invalid_request"),
            ("no code", "portal", "grant_type=authorization_code".into(), 400, "invalid_request"),
            ("unknown code", "portal", redemption("nope"), 400, "invalid_grant"),
            ("another client", "own", redemption(&code), 400, "invalid_grant"),
            ("a grant it has not", "portal", "grant_type=client_credentials".into(), 400, "unauthorized_client"),
            ("wrong verifier", "portal", redemption(&code).replace(VERIFIER, CHALLENGE), 400, "invalid_grant"),
            ("no verifier", "portal", redemption(&code).replace("code_verifier", "x"), 400, "invalid_request"),
            (
                "another address",
                "portal",
                redemption(&code).replace(REDIRECT, "https://evil.example"),
                400,
                "invalid_grant",
            ),
            (
                "unknown refresh token",
                "portal",
                "grant_type=refresh_token&refresh_token=x".into(),
                400,
                "invalid_grant",
            ),
            ("no refresh token", "portal", "grant_type=refresh_token".into(), 400, "invalid_request"),
            ("a personal scope", "service", "grant_type=client_credentials&scope=openid".into(), 400, "invalid_scope"),
            (
                "another resource",
                "service",
                "grant_type=client_credentials&resource=https://x".into(),
                400,
                "invalid_target",
            ),
            ("unknown client", "stranger", redemption(&code), 401, "invalid_client"),
            ("two methods", "portal", format!("{}&client_secret=x", redemption(&code)), 400, "invalid_request"),
        ];
        for (case, client, form, status, error) in cases {
            let answer = clinic.token(client, form).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (*status, &json!(error)), "{case}");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{case}");
            assert_eq!(answer.header(header::WWW_AUTHENTICATE).is_empty(), *status != 401, "{case}");
        }
        let answer = clinic.token("portal", &redemption(&code)).await;
        assert_eq!(answer.status, StatusCode::OK, "none of them used up the code: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_authenticates_by_its_own_method_alone() {
    for clinic in Clinic::each().await {
        let (secret, wrong) = ("client_secret=a-secret-of-the-tests", "client_secret=wrong");
        for (case, header, form, status) in [
            ("basic", Some(basic("portal")), String::new(), 400),
            ("post for basic", None, format!("client_id=portal&{secret}"), 401),
            ("none for basic", None, "client_id=portal".into(), 401),
            ("post", None, format!("client_id=poster&{secret}"), 400),
            ("post, wrong", None, format!("client_id=poster&{wrong}"), 401),
            ("basic for post", Some(basic("poster")), String::new(), 401),
            ("public", None, "client_id=browser".into(), 400),
            ("public with a secret", None, format!("client_id=browser&{secret}"), 401),
            ("nobody", None, String::new(), 401),
            ("no basic", Some("Bearer x".into()), String::new(), 401),
        ] {
            let headers: Vec<(&str, &str)> =
                header.as_deref().map(|header| ("authorization", header)).into_iter().collect();
            let answer = clinic.post("/oauth2/token", &headers, &format!("{form}&grant_type=x")).await;
            assert_eq!(answer.status.as_u16(), status, "{case}: {}", answer.body);
        }
        let unknown = clinic.token("stranger", "grant_type=x").await;
        let known = clinic.post("/oauth2/token", &[("authorization", "Basic cG9ydGFsOndyb25n")], "grant_type=x").await;
        assert_eq!((unknown.status, unknown.body), (known.status, known.body));
        assert!(clinic.recorded("client-authentication").await >= 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_secrets_is_told_of_in_a_few_events_and_locks_nobody_out() {
    for clinic in Clinic::each().await {
        let wrong =
            |client: &str| format!("client_id={client}&client_secret=wrong&grant_type=client_credentials&token=x");
        for number in 0..100 {
            for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
                assert_eq!(clinic.post(path, &[], &wrong("service")).await.status, StatusCode::UNAUTHORIZED);
                let stranger = wrong(&format!("stranger-{number}"));
                assert_eq!(clinic.post(path, &[], &stranger).await.status, StatusCode::UNAUTHORIZED);
            }
        }
        let query = Query { action: Some("client-authentication".into()), limit: 1000, ..Query::default() };
        let events = clinic.app.storage.read().await.unwrap().audit().list(query).await.unwrap();
        let told = |client: &str, times: &str| {
            events.iter().any(|event| event.client_id.as_deref() == Some(client) && event.detail.contains(times))
        };
        assert!(told("service", "\"times\":1}") && told("service", "\"times\":256}"), "{events:?}");
        assert_eq!(events.len(), 2 * 11, "1 to 5, 8, 16, 32, 64, 128, 256, of the client and of unknown ones");
        let right = clinic.token("service", "grant_type=client_credentials").await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pkce_is_waived_for_one_client_that_sends_a_nonce() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let plain = format!("response_type=code&client_id=legacy&redirect_uri={REDIRECT}&scope=openid");
        let without = clinic.authorize(&browser, &plain).await;
        assert_eq!(without.parameter("error").as_deref(), Some("invalid_request"));
        let with = clinic.authorize(&browser, &format!("{plain}&nonce=n")).await;
        let code = with.parameter("code").unwrap();
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
        let downgraded = clinic.token("legacy", &format!("{form}&code_verifier={VERIFIER}")).await;
        assert_eq!(downgraded.json()["error"], "invalid_grant");
        assert_eq!(clinic.token("legacy", &form).await.status, StatusCode::OK);
    }
}
