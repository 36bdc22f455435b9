//! The endpoints of SCIM, asked by nobody, by strangers and by a system with a token.

use axum::{
    body::Body,
    http::{Request, header},
};
use proptest::prelude::*;

use super::watch::Watch;
use crate::harness::{Answer, Browser, TestApp};

/// What each endpoint may answer.
pub(super) const ANSWERS: [(&str, &[u16]); 16] = [
    ("/scim/v2", &[400, 404]),
    ("/scim/v2/ServiceProviderConfig", &[200, 400, 403, 405]),
    ("/scim/v2/Schemas", &[200, 400, 403, 405]),
    ("/scim/v2/Schemas/{id}", &[200, 400, 403, 404, 405]),
    ("/scim/v2/ResourceTypes", &[200, 400, 403, 405]),
    ("/scim/v2/ResourceTypes/{id}", &[200, 400, 403, 404, 405]),
    ("/scim/v2/Users", &[200, 201, 400, 401, 403, 405, 409, 413, 415, 429]),
    ("/scim/v2/Users/.search", &[200, 400, 401, 403, 404, 405, 413, 415, 429]),
    ("/scim/v2/Users/{id}", &[200, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 429]),
    ("/scim/v2/Groups", &[200, 201, 400, 401, 403, 405, 409, 413, 415, 429]),
    ("/scim/v2/Groups/.search", &[200, 400, 401, 403, 404, 405, 413, 415, 429]),
    ("/scim/v2/Groups/{id}", &[200, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 429]),
    ("/scim/v2/.search", &[200, 400, 401, 403, 405, 413, 415, 429]),
    ("/scim/v2/Bulk", &[200, 400, 401, 403, 405, 413, 415, 429]),
    ("/scim/v2/Me", &[400, 401, 403, 404, 405, 429]),
    ("/scim/v2/{*path}", &[400, 401, 403, 404, 405, 429]),
];

#[derive(Debug, Clone)]
struct Arbitrary {
    endpoint: usize,
    place: String,
    method: &'static str,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// What stands for `{…}` in an address.
const PLACES: &[&str] = &[
    "User",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "mem_0123456789abcdef0123456789abcdef",
    "%00",
    "%ff",
    "%2e%2e",
    "a%2fb",
    "x",
];

const QUERIES: &[&str] =
    &["", "filter=userName+eq+%22a%22", "count=-1&startIndex=x", "attributes=%00", "cursor=%ff", "a&&=b"];

const HEADERS: &[(&str, &str)] = &[
    ("authorization", "Bearer scim-demo-token"),
    ("authorization", "Bearer unknown"),
    ("authorization", "Bearer a.b.c"),
    ("authorization", "Bearer"),
    ("authorization", "DPoP scim-demo-token"),
    ("authorization", "Basic Og=="),
    ("dpop", "a.b.c"),
    ("content-type", "application/scim+json"),
    ("content-type", "text/plain"),
    ("if-match", "W/\"1\""),
    ("accept", "text/html"),
];

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let known = prop::sample::select(HEADERS).prop_map(|(name, value)| (name, value.to_owned()));
    let names = prop::sample::select(vec!["authorization", "accept", "content-type", "if-match"]);
    prop::collection::vec(prop_oneof![4 => known, 1 => (names, "[ -~]{0,40}")], 0..4)
}

fn arbitrary() -> impl Strategy<Value = Arbitrary> {
    let methods = prop::sample::select(vec!["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
    let place = prop_oneof![prop::sample::select(PLACES).prop_map(str::to_owned), "[a-zA-Z0-9._~:@-]{1,60}"];
    let query = prop_oneof![prop::sample::select(QUERIES).prop_map(str::to_owned), "[a-zA-Z0-9%+=&.-]{0,60}"];
    let body = prop_oneof![Just(b"{}".to_vec()), prop::collection::vec(any::<u8>(), 0..100)];
    (0..ANSWERS.len(), place, methods, query, headers(), body).prop_map(
        |(endpoint, place, method, query, headers, body)| Arbitrary { endpoint, place, method, query, headers, body },
    )
}

async fn ask(browser: &mut Browser, given: &Arbitrary) -> Option<Answer> {
    let path = ANSWERS[given.endpoint].0.replace("{id}", &given.place).replace("{*path}", &given.place);
    let uri = format!("{path}?{}", given.query);
    let request = || {
        let request = Request::builder().method(given.method).uri(&uri);
        given.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    };
    // What is no HTTP request never reaches an endpoint.
    request().body(()).ok()?;
    Some(browser.send(&uri, request(), Body::from(given.body.clone())).await)
}

#[test]
fn systems_get_documented_answers_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for app in runtime.block_on(TestApp::each()) {
        app.leaves_jobs();
        let watch = Watch::begin();
        proptest!(super::settings(), |(given in arbitrary())| {
            let mut browser = app.browser();
            let Some(answer) = super::in_time(&runtime, ask(&mut browser, &given))? else { return Ok(()) };
            let (path, documented) = ANSWERS[given.endpoint];
            prop_assert!(documented.contains(&answer.status.as_u16()), "{} {}: {}", path, answer.status, answer.body);
            // What no database can store is refused before an endpoint hears of it: in the same form.
            let has_body = given.method != "HEAD";
            if has_body {
                let kind = answer.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
                prop_assert_eq!(kind, Some("application/scim+json"), "{}", answer.body);
            }
            if answer.status.is_client_error() && has_body {
                let error: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
                prop_assert_eq!(&error["status"], answer.status.as_str(), "{}", answer.body);
            }
            watch.check()?;
        });
    }
}
