//! Pushed authorization requests (RFC 9126).

use std::time::Duration;

use axum::http::{StatusCode, header};

use super::{
    authorization::way_back,
    clinic::{Answer, Clinic, REDIRECT, SECRET, basic, redemption, request},
};

fn reference(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

fn by(client: &str, reference: &str) -> String {
    format!("client_id={client}&request_uri={reference}")
}

/// A page of ours, and nothing for the app.
fn is_page(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST && answer.location().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_is_answered_with_one_code() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let pushed = clinic.push("portal", &request("portal", "resource=https://api.example")).await;
        assert_eq!(pushed.json()["expires_in"], 90);
        assert_eq!(pushed.header(header::CACHE_CONTROL), "no-store");
        let reference = reference(&pushed);
        assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:") && reference.len() == 34 + 43);
        // RFC 9101 §5: what else the browser brings does not count.
        let more = "&state=other&redirect_uri=https://evil.example/&scope=admin&prompt=login&x=1&resource=https://x";
        let answer = clinic.authorize(&browser, &format!("{}{more}", by("portal", &reference))).await;
        assert!(answer.location().starts_with(&format!("{REDIRECT}?code=")), "{} {}", answer.location(), answer.body);
        assert_eq!(answer.parameter("state").as_deref(), Some("s"));
        let tokens = clinic.token("portal", &redemption(&answer.parameter("code").unwrap())).await;
        assert_eq!(super::clinic::claims(&tokens.json()["access_token"])["aud"], "https://api.example");
        assert!(is_page(&clinic.authorize(&browser, &by("portal", &reference)).await), "the second time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_browsers_at_once_one_gets_the_code() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let reference = reference(&clinic.push("portal", &request("portal", "")).await);
        let query = by("portal", &reference);
        let all = (0..8).map(|_| clinic.authorize(&browser, &query));
        let answers = futures_util::future::join_all(all).await;
        assert_eq!(answers.iter().filter(|answer| answer.parameter("code").is_some()).count(), 1);
        assert_eq!(answers.iter().filter(|answer| is_page(answer)).count(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_good_for_its_client_and_its_time() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let own = reference(&clinic.push("portal", &request("portal", "")).await);
        for (case, query) in [
            ("another client", by("opaque", &own)),
            ("no such client", by("stranger", &own)),
            ("no client", format!("request_uri={own}")),
            ("two clients", format!("{}&client_id=portal", by("portal", &own))),
            ("two references", format!("{}&request_uri={own}", by("portal", &own))),
            ("unknown", by("portal", &format!("{}x", &own[..own.len() - 1]))),
            ("empty", by("portal", "urn:ietf:params:oauth:request_uri:")),
            ("a NUL", by("portal", &format!("{own}%00"))),
            ("longer", by("portal", &format!("{own}x"))),
        ] {
            assert!(is_page(&clinic.authorize(&browser, &query).await), "{case}");
        }
        clinic.app.clock.advance(Duration::from_secs(89));
        assert!(clinic.authorize(&browser, &by("portal", &own)).await.parameter("code").is_some());
        let late = reference(&clinic.push("portal", &request("portal", "")).await);
        clinic.app.clock.advance(Duration::from_secs(90));
        assert!(is_page(&clinic.authorize(&browser, &by("portal", &late)).await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_may_take_its_time() {
    for clinic in Clinic::each().await {
        let own = reference(&clinic.push("portal", &request("portal", "prompt=login")).await);
        let old = clinic.browser_since("priya", Duration::from_mins(5)).await;
        let away = clinic.authorize(&old, &by("portal", &own)).await;
        let back = way_back(&clinic, &away);
        assert!(back.len() < 600 && !back.contains("redirect_uri"), "{back}");
        clinic.app.clock.advance(Duration::from_mins(20));
        let fresh = clinic.browser("priya").await;
        assert!(is_page(&clinic.authorize(&fresh, &by("portal", &own)).await), "nobody begins with it so late");
        let done = clinic.get(&back, &[("cookie", &fresh)]).await;
        assert!(done.parameter("code").is_some(), "{} {}", done.status, done.location());
        assert!(is_page(&clinic.get(&back, &[("cookie", &fresh)]).await), "it was answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_for_cannot_be_pushed() {
    for clinic in Clinic::each().await {
        let good = request("portal", "");
        for (case, form, expected) in [
            ("scope", request("portal", "scope=openid+admin"), "invalid_scope"),
            ("no response type", good.replace("response_type", "x"), "invalid_request"),
            ("response type", good.replace("response_type=code", "response_type=token"), "unsupported_response_type"),
            ("another address", good.replace(REDIRECT, "https://evil.example/cb"), "invalid_request"),
            ("no address", good.replace("redirect_uri", "x"), "invalid_request"),
            ("plain", good.replace("S256", "plain"), "invalid_request"),
            ("a reference", format!("{good}&request_uri=urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
            ("resource", format!("{good}&resource=https://x.example"), "invalid_target"),
            ("state twice", format!("{good}&state=x"), "invalid_request"),
            ("not encoded", format!("{good}&x=%zz"), "invalid_request"),
            ("another client", request("opaque", ""), "invalid_request"),
            ("too long", format!("{good}&login_hint={}", "x".repeat(17_000)), "invalid_request"),
            ("nothing", String::new(), "invalid_request"),
        ] {
            let answer = clinic.push("portal", &form).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}");
            assert_eq!(answer.json()["error"], expected, "{case}");
        }
        for (case, client) in [("unknown", "stranger"), ("by another method", "poster"), ("public", "browser")] {
            let answer = clinic.push(client, &request(client, "")).await;
            assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::UNAUTHORIZED, &"invalid_client".into()));
            assert!(!answer.body.contains("request_uri"), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_kept_and_public_apps_push_without() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for (client, more) in [("poster", format!("&client_secret={SECRET}")), ("browser", String::new())] {
            let pushed = clinic.post("/oauth2/par", &[], &format!("{}{more}", request(client, ""))).await;
            let answer = clinic.authorize(&browser, &by(client, &reference(&pushed))).await;
            assert!(answer.parameter("code").is_some(), "{client}");
        }
        let posted = clinic.push("portal", &request("portal", "")).await;
        let back = clinic.post("/oauth2/authorize", &[], &by("portal", &reference(&posted))).await;
        assert_eq!((back.status, clinic.kept_requests().await), (StatusCode::SEE_OTHER, 0));
        let answer = clinic.get(back.location(), &[("cookie", &browser)]).await;
        assert!(answer.parameter("code").is_some());
        let wrong = clinic.post("/oauth2/par", &[("authorization", "Bearer x")], &request("portal", "")).await;
        assert_eq!(wrong.json()["error"], "invalid_client");
        assert!(!basic("portal").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_have_to_push() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        clinic.set("portal", serde_json::json!({"require_pushed_authorization_requests": true})).await;
        let refused = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(refused.parameter("error").as_deref(), Some("invalid_request"));
        assert!(clinic.authorize(&browser, &request("own", "")).await.parameter("code").is_some());
        let own = reference(&clinic.push("portal", &request("portal", "")).await);
        assert!(clinic.authorize(&browser, &by("portal", &own)).await.parameter("code").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_may_take_pushed_requests_alone() {
    for database in lanyard::storage::testing::databases().await {
        let clinic = Clinic::configured(database, &[("oauth.pushed_requests", "required")]).await;
        let browser = clinic.browser("priya").await;
        let refused = clinic.authorize(&browser, &request("portal", "")).await;
        assert_eq!(refused.parameter("error").as_deref(), Some("invalid_request"));
        let own = reference(&clinic.push("portal", &request("portal", "")).await);
        assert!(clinic.authorize(&browser, &by("portal", &own)).await.parameter("code").is_some());
        let document = clinic.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(document["require_pushed_authorization_requests"], true);
    }
}
