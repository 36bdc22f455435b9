//! Metadata, keys and calls from browser apps: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517, CORS.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;

use super::clinic::{Clinic, ISSUER};

#[tokio::test(flavor = "multi_thread")]
async fn both_addresses_serve_one_document() {
    for clinic in Clinic::each().await {
        let openid = clinic.get("/.well-known/openid-configuration", &[]).await;
        let oauth = clinic.get("/.well-known/oauth-authorization-server", &[]).await;
        assert_eq!(openid.body, oauth.body);
        let document = openid.json();
        assert_eq!((&document["issuer"], &document["response_types_supported"]), (&json!(ISSUER), &json!(["code"])));
        for (name, endpoint) in document.as_object().unwrap() {
            let Some(path) =
                name.ends_with("_endpoint").then(|| endpoint.as_str().unwrap().strip_prefix(ISSUER).unwrap())
            else {
                continue;
            };
            let answer = clinic.get(path, &[]).await;
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_cached_and_asked_for_again_by_their_tag() {
    for clinic in Clinic::each().await {
        let answer = clinic.get("/oauth2/jwks", &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header(header::CACHE_CONTROL).starts_with("public, max-age="));
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert!(answer.json()["keys"].as_array().unwrap().len() >= 2);
        let again = clinic.get("/oauth2/jwks", &[("if-none-match", answer.header(header::ETAG))]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_registered_browser_apps_may_call_across_origins() {
    for clinic in Clinic::each().await {
        for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false), ("null", false)] {
            for path in ["/oauth2/token", "/oauth2/par", "/oauth2/userinfo", "/oauth2/revoke"] {
                let preflight =
                    Request::options(path).header("origin", origin).header("access-control-request-method", "POST");
                let answer = clinic.send(preflight.body(Body::empty()).unwrap()).await;
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{origin} {path}");
                assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN) == origin, allowed, "{origin} {path}");
                let answer = clinic.post(path, &[("origin", origin)], "").await;
                assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN) == origin, allowed, "{origin} {path}");
                assert!(answer.headers.get("access-control-allow-credentials").is_none());
            }
        }
        let introspect = clinic.post("/oauth2/introspect", &[("origin", "https://app.example")], "").await;
        assert_eq!(introspect.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    }
}
