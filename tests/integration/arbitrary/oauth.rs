//! The endpoints of OAuth, asked by clients and by browsers in which somebody is signed in.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use proptest::prelude::*;

use super::watch::Watch;
use crate::oauth::clinic::{Answer, Clinic, REDIRECT, basic, redemption, request};

/// What each endpoint may answer.
pub(super) const ANSWERS: [(&str, &[u16]); 16] = [
    ("/oauth2/authorize", &[200, 303, 400, 403, 405, 413, 415]),
    ("/oauth2/par", &[201, 204, 400, 401, 403, 405, 429]),
    ("/oauth2/token", &[200, 204, 400, 401, 405, 429]),
    ("/oauth2/backchannel-authentication", &[200, 400, 401, 405]),
    ("/oauth2/device_authorization", &[200, 204, 400, 401, 405, 429]),
    ("/oauth2/introspect", &[200, 400, 401, 405]),
    ("/oauth2/revoke", &[200, 204, 400, 401, 405]),
    ("/oauth2/userinfo", &[200, 204, 400, 401, 403, 405]),
    ("/oauth2/register", &[400, 401, 405, 429]),
    ("/oauth2/jwks", &[200, 204, 304, 405]),
    ("/oauth2/logout", &[200, 303, 400, 405, 413, 415]),
    ("/oauth2/organization", &[303, 400, 403, 405, 413, 415]),
    ("/oauth2/consent", &[303, 400, 403, 405, 413, 415]),
    ("/oauth2/logout/confirm", &[200, 303, 400, 403, 405, 413, 415]),
    ("/.well-known/openid-configuration", &[200, 204, 405]),
    ("/.well-known/oauth-authorization-server", &[200, 204, 405]),
];

/// Those that answer programs alone: in JSON, with a registered code.
const FOR_CLIENTS: [&str; 8] = [
    "/oauth2/par",
    "/oauth2/token",
    "/oauth2/backchannel-authentication",
    "/oauth2/device_authorization",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/userinfo",
    "/oauth2/register",
];

#[derive(Debug, Clone)]
struct Arbitrary {
    endpoint: usize,
    method: &'static str,
    query: Vec<u8>,
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

const NAMES: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "organization",
    "response_mode",
    "resource",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "token",
    "access_token",
    "post_logout_redirect_uri",
    "stored",
    "device_code",
    "auth_req_id",
    "binding_message",
    "requested_expiry",
    "login_hint",
    "assertion",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "audience",
    "user_code",
    "progress",
    "return",
    "decision",
    "csrf",
    "request",
    "request_uri",
    "claims",
    "ui_locales",
];

const VALUES: &[&str] = &[
    "code",
    "portal",
    "browser",
    "poster",
    "service",
    REDIRECT,
    "openid",
    "none",
    "login",
    "S256",
    "0",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:openid:params:grant-type:ciba",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:token-type:access_token",
    "riverside",
    "form_post",
    "urn:ietf:params:oauth:request_uri:x",
    "a-secret-of-the-tests",
    "eyJhbGciOiJub25lIn0.e30.",
    "%00",
    "%",
    "%ff",
    "-1",
    "99999999999999999999",
];

/// Parameters that mean something, with values that do, and some that do not.
fn parameter() -> impl Strategy<Value = String> {
    let names = prop::sample::select(NAMES);
    let values = prop_oneof![prop::sample::select(VALUES).prop_map(str::to_owned), "[ -~]{0,40}", "\\PC{0,20}",];
    (names, values).prop_map(|(name, value)| format!("{name}={}", value.replace([' ', '&', '#'], "+")))
}

fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let valid = prop::sample::select(vec![
        request("portal", ""),
        request("guest", "prompt=consent"),
        redemption("unknown"),
        "grant_type=client_credentials".to_owned(),
        "grant_type=refresh_token&refresh_token=x".to_owned(),
        "token=x".to_owned(),
        String::new(),
    ]);
    let mutated = (valid, any::<prop::sample::Index>(), any::<u8>(), prop::collection::vec(parameter(), 0..4));
    prop_oneof![
        8 => mutated.prop_map(|(valid, at, byte, more)| {
            let mut bytes = format!("{valid}&{}", more.join("&")).into_bytes();
            let at = at.index(bytes.len());
            if byte > 96 {
                bytes[at] = byte;
            }
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names = prop::sample::select(vec![
        "authorization",
        "content-type",
        "origin",
        "accept",
        "if-none-match",
        "access-control-request-method",
    ]);
    let values = prop_oneof![
        prop::sample::select(vec![
            basic("portal"),
            basic("service"),
            basic("api"),
            basic("stranger"),
            "Basic x".into(),
            "Basic Og==".into(),
            "Bearer x".into(),
            "Bearer a.b.c".into(),
            "application/json".into(),
            "text/html".into(),
            "https://app.example".into(),
            "*".into(),
        ]),
        "[ -~]{0,30}",
    ];
    prop::collection::vec((names, values), 0..4)
}

fn arbitrary() -> impl Strategy<Value = Arbitrary> {
    let methods = prop::sample::select(vec!["GET", "POST", "POST", "OPTIONS", "PUT", "HEAD"]);
    (0..ANSWERS.len(), methods, encoded(), encoded(), headers())
        .prop_map(|(endpoint, method, query, body, headers)| Arbitrary { endpoint, method, query, body, headers })
}

async fn ask(clinic: &Clinic, cookies: &str, given: &Arbitrary) -> Option<Answer> {
    let query: String =
        given.query.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '+' }).collect();
    let query = query.replace(['"', '<', '>', '#', '\\', '^', '`', '{', '|', '}'], "");
    let uri = format!("{}?{query}", ANSWERS[given.endpoint].0);
    let mut request = Request::builder().method(given.method).uri(uri).header(header::COOKIE, cookies);
    if !given.headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in &given.headers {
        request = request.header(*name, value);
    }
    // What is no HTTP request never reaches an endpoint.
    let request = request.body(Body::from(given.body.clone())).ok()?;
    Some(clinic.send(request).await)
}

#[test]
fn clients_get_documented_answers_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for clinic in runtime.block_on(Clinic::each()) {
        let cookies = runtime.block_on(clinic.browser("priya"));
        let watch = Watch::begin();
        proptest!(super::settings(), |(given in arbitrary())| {
            let Some(answer) = super::in_time(&runtime, ask(&clinic, &cookies, &given))? else { return Ok(()) };
            let (path, documented) = ANSWERS[given.endpoint];
            prop_assert!(documented.contains(&answer.status.as_u16()), "{} {}: {}", path, answer.status, answer.body);
            check(&answer, path)?;
            watch.check()?;
        });
    }
}

fn check(answer: &Answer, path: &str) -> Result<(), TestCaseError> {
    let is_json = answer.header(header::CONTENT_TYPE).starts_with("application/json");
    if FOR_CLIENTS.contains(&path)
        && answer.status.is_client_error()
        && answer.status != StatusCode::METHOD_NOT_ALLOWED
        && !answer.body.is_empty()
    {
        prop_assert!(is_json, "{}", answer.body);
        let error = answer.json();
        let known = lanyard::oauth::error::Code::ALL.iter().any(|code| error["error"] == code.name());
        prop_assert!(known, "{}", error);
        let hint = error["error_description"].as_str().unwrap_or_default();
        prop_assert!(hint.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{}", hint);
        prop_assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    }
    let location = answer.location();
    let is_safe = location.is_empty() || location.starts_with('/') || location.starts_with(&format!("{REDIRECT}?"));
    prop_assert!(is_safe && !location.starts_with("//"), "{}", location);
    Ok(())
}
