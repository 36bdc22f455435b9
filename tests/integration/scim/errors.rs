//! What no endpoint of SCIM saw is told in the form of the protocol all the same (RFC 7644 §3.12).

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Request, header},
    response::Response,
};
use lanyard::storage::{self, Engine};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::push::{Push, USER};
use crate::harness::TestApp;

const TOKEN: &str = "Bearer scim-demo-token";

async fn send(app: &TestApp, request: Request<Body>) -> Response {
    app.router.clone().oneshot(request).await.unwrap()
}

/// The detail of a refusal of this status.
async fn refused(response: Response, status: u16, case: &str) -> String {
    assert_eq!(response.status(), status, "{case}");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/scim+json", "{case}");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{case}");
    assert!(response.headers().contains_key("x-request-id"), "{case}");
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let error: Value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{case}: {body:?}"));
    assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{case}");
    assert_eq!(error["status"], status.to_string(), "{case}");
    error["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_address_or_method_is_refused_in_the_form_of_the_protocol() {
    for app in TestApp::each().await {
        for (method, path, status, allow) in [
            ("GET", "/scim", 404, None),
            ("GET", "/scim/", 404, None),
            ("GET", "/scim/v2", 404, None),
            ("GET", "/scim/v2/", 404, None),
            ("GET", "/scim/v1/Users", 404, None),
            ("GET", "/scim/v2/Users/", 404, None),
            ("GET", "/scim/v2/Users/mem_1/emails", 404, None),
            ("GET", "/scim/v2/users", 404, None),
            ("GET", "/scim/v2/Users/%ff", 404, None),
            ("GET", "/scim/v2/Users/%00", 404, None),
            ("GET", "/scim/v2/%c3%28", 404, None),
            ("PUT", "/scim/v2/Users", 405, Some("GET,HEAD,POST")),
            ("DELETE", "/scim/v2/Groups", 405, Some("GET,HEAD,POST")),
            ("POST", "/scim/v2/Users/mem_1", 405, Some("GET,HEAD,PUT,PATCH,DELETE")),
            ("OPTIONS", "/scim/v2/Users", 405, Some("GET,HEAD,POST")),
            ("GET", "/scim/v2/Bulk", 405, Some("POST")),
            ("GET", "/scim/v2/.search", 405, Some("POST")),
            ("PUT", "/scim/v2/Groups/.search", 405, Some("POST")),
            ("TRACE", "/scim/v2/Groups/grp_1", 405, Some("GET,HEAD,PUT,PATCH,DELETE")),
        ] {
            // What a browser says that it wants to see changes nothing.
            let request = Request::builder().method(method).uri(path).header("authorization", TOKEN);
            let request = request.header("accept", "text/html").body(Body::empty()).unwrap();
            let response = send(&app, request).await;
            let told = response.headers().get(header::ALLOW).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(told.as_deref(), allow, "{method} {path}");
            assert!(!refused(response, status, path).await.is_empty(), "{method} {path}");
        }
        let page =
            send(&app, Request::get("/scimitar").header("accept", "text/html").body(Body::empty()).unwrap()).await;
        assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "no address of SCIM");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_refused_in_the_form_of_the_protocol() {
    for app in TestApp::each_with(|sources| sources.with("server.request_timeout", "100ms")).await {
        let post = |media_type: &str, body: Body| {
            let request = Request::post("/scim/v2/Users").header("authorization", TOKEN);
            request.header("content-type", media_type).body(body).unwrap()
        };
        for (case, request, status, begins) in [
            (
                "a form",
                post("application/x-www-form-urlencoded", Body::from("a=b")),
                415,
                "the body must be application/",
            ),
            ("text", post("text/plain", Body::from("{}")), 415, "the body must be application/"),
            ("XML", post("application/xml", Body::from("<a/>")), 415, "the body must be application/"),
            (
                "nothing",
                post("application/scim+json", Body::empty()),
                400,
                "The body is not an unambiguous JSON object",
            ),
            ("a list", post("application/json; charset=utf-8", Body::from("[]")), 400, "The body is not an"),
            ("no UTF-8", post("application/scim+json", Body::from(vec![b'{', 0xff, b'}'])), 400, "The body is not an"),
            (
                "a body that never comes",
                {
                    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
                    post("application/scim+json", Body::from_stream(never))
                },
                408,
                "the body did not arrive in time",
            ),
        ] {
            let detail = refused(send(&app, request).await, status, case).await;
            assert!(detail.starts_with(begins), "{case}: {detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_nothing_for_now_is_no_fault() {
    for push in Push::each().await {
        let storage = &push.door.clinic.app.storage;
        if storage.engine() != Engine::Sqlite {
            // There a session is read-only, and the next one is not: see the tests of the storage.
            continue;
        }
        push.person("jo").await;
        let set = async |statement: &'static str| -> storage::Result<()> {
            storage.write(move |tx| Box::pin(async move { tx.run(statement).await })).await
        };
        set("PRAGMA query_only = ON").await.unwrap();
        let body = json!({"schemas": [USER], "userName": "ann"});
        let answer = push.ask("POST", "/Users", &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (503, &json!("503")), "{}", answer.body);
        assert_eq!(answer.header(header::RETRY_AFTER), "5");
        push.told("GET", "/Users", &Value::Null, 200).await;
        let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": body}]});
        let done = push.told("POST", "/Bulk", &bulk, 200).await;
        assert_eq!(done["Operations"][0]["status"], "503", "{done}");
    }
}
