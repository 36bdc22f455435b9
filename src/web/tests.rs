//! Whole exchanges with a small application inside [`super::wrap`].

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use proptest::prelude::*;
use tower::ServiceExt;

use super::*;
use crate::web::site::tests::site;

async fn fault() -> Result<(), Error> {
    Err("nonsense".parse::<u8>().expect_err("not a number").into())
}

async fn panicking() {
    panic!("a secret cause");
}

async fn saved(CsrfForm(form): CsrfForm) -> String {
    form.encode()
}

fn app() -> Router {
    let router = Router::new()
        .route("/token", get(async |visit: Visit| visit.csrf_token("/save")))
        .route("/save", post(saved))
        .route("/fault", get(fault))
        .route("/panic", get(panicking))
        .route("/throttled", get(async || Refusal::TooManyAttempts(std::time::Duration::from_secs(90))))
        .route("/app", get(async || Refusal::App("invalid_request", "<script>".into())));
    wrap(router, site("http://localhost:8080"))
}

fn ask(uri: &str) -> axum::http::request::Builder {
    Request::builder().uri(uri).header(header::ACCEPT, "text/html")
}

async fn send(request: Request<Body>) -> Response {
    app().oneshot(request).await.expect("the router never fails")
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("in memory");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn what_goes_wrong_is_told_on_a_page_with_a_request_id() {
    for (uri, status, words) in [
        ("/nowhere", StatusCode::NOT_FOUND, "We can’t find that page"),
        ("/save", StatusCode::METHOD_NOT_ALLOWED, "doesn’t work that way"),
        ("/fault", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
        ("/panic", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
        ("/throttled", StatusCode::TOO_MANY_REQUESTS, "Too many attempts"),
        ("/app", StatusCode::BAD_REQUEST, "invalid_request: &#60;script&#62;"),
        ("/language/xx", StatusCode::NOT_FOUND, "We can’t find that page"),
        ("/language/da?to=//evil.example", StatusCode::BAD_REQUEST, "not a path of this site"),
        ("/language/da?to=/&to=/", StatusCode::BAD_REQUEST, "sent more than once"),
        ("/language/%ff", StatusCode::NOT_FOUND, "We can’t find that page"),
        ("/save%00", StatusCode::NOT_FOUND, "We can’t find that page"),
    ] {
        let response = send(ask(uri).body(Body::empty()).expect("well-formed")).await;
        assert_eq!(response.status(), status, "{uri}");
        let id = header_of(&response, header::HeaderName::from_static("x-request-id")).to_owned();
        let page = text(response).await;
        assert!(page.contains(words), "{uri}: {page}");
        assert!(words.is_empty() || page.contains(&id), "{uri}");
        assert!(!page.contains("secret cause") && !page.contains("invalid digit"), "{uri}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_headers_that_belong_to_it() {
    let response = send(ask("/save").body(Body::empty()).expect("well-formed")).await;
    assert_eq!(header_of(&response, header::ALLOW), "POST");
    let response = send(ask("/throttled").body(Body::empty()).expect("well-formed")).await;
    assert_eq!(header_of(&response, header::RETRY_AFTER), "90");
}

#[tokio::test]
async fn a_program_gets_a_line_of_text() {
    let response = send(Request::get("/nowhere").body(Body::empty()).expect("well-formed")).await;
    assert!(header_of(&response, header::CONTENT_TYPE).starts_with("text/plain"));
    assert!(text(response).await.starts_with("We can’t find that page\nreq_"));
}

#[tokio::test]
async fn pages_speak_the_language_of_their_reader() {
    for (name, value, words) in [
        ("accept-language", "da", "Vi kan ikke finde siden"),
        ("cookie", "lanyard-language-8080=es", "No encontramos esa página"),
    ] {
        let response = send(ask("/nowhere").header(name, value).body(Body::empty()).expect("well-formed")).await;
        assert!(text(response).await.contains(words));
    }
}

#[tokio::test]
async fn switching_the_language_sets_a_cookie_and_comes_back() {
    let response = send(ask("/language/da?to=/login?a=1").body(Body::empty()).expect("well-formed")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&response, header::LOCATION), "/login?a=1");
    assert!(header_of(&response, header::SET_COOKIE).starts_with("lanyard-language-8080=da;"));
}

#[tokio::test]
async fn assets_are_kept_for_good_under_their_hash_alone() {
    let accent = "0b6e6e".parse().expect("a colour");
    for (uri, status) in [
        (assets::address("lanyard.css"), StatusCode::OK),
        (assets::accent_address(accent), StatusCode::OK),
        (assets::address("nothing.css"), StatusCode::NOT_FOUND),
        ("/static/old/lanyard.css".into(), StatusCode::NOT_FOUND),
        (assets::accent_address(accent).replace("0b6e6e", "red"), StatusCode::NOT_FOUND),
    ] {
        let response = send(ask(&uri).body(Body::empty()).expect("well-formed")).await;
        assert_eq!(response.status(), status, "{uri}");
        let kept = header_of(&response, header::CACHE_CONTROL).contains("immutable");
        assert_eq!(kept, status == StatusCode::OK, "{uri}");
    }
}

/// The cookie and the token that a browser holds after it has opened a page with a form.
async fn opened() -> (String, String) {
    let response = send(ask("/token").body(Body::empty()).expect("well-formed")).await;
    let cookie = header_of(&response, header::SET_COOKIE).split(';').next().unwrap_or_default().to_owned();
    (cookie, text(response).await)
}

#[tokio::test]
async fn only_a_form_of_ours_is_accepted() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (cookie, token) = opened().await;
    let body = format!("name=Ada&csrf={token}");
    let huge = format!("{body}&x={}", "y".repeat(form::MAX_BODY));
    for (case, cookie, content_type, body, status) in [
        ("ours", cookie.as_str(), FORM, body.as_str(), StatusCode::OK),
        ("with a charset", &cookie, "application/x-www-form-urlencoded; charset=UTF-8", &body, StatusCode::OK),
        ("no cookie", "", FORM, &body, StatusCode::FORBIDDEN),
        ("no token", &cookie, FORM, "name=Ada", StatusCode::FORBIDDEN),
        ("repeated", &cookie, FORM, &format!("{body}&name=Bea"), StatusCode::BAD_REQUEST),
        ("malformed", &cookie, FORM, "name=%zz", StatusCode::BAD_REQUEST),
        ("JSON", &cookie, "application/json", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("huge", &cookie, FORM, &huge, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = ask("/save").method("POST").header(header::COOKIE, cookie);
        let request = request.header(header::CONTENT_TYPE, content_type).body(Body::from(body.to_owned()));
        assert_eq!(send(request.expect("well-formed")).await.status(), status, "{case}");
    }
}

#[tokio::test]
async fn another_site_cannot_post_even_with_a_token() {
    let (cookie, token) = opened().await;
    for (origin, status) in
        [("http://localhost:8080", StatusCode::OK), ("http://localhost:8081", StatusCode::FORBIDDEN)]
    {
        let request = ask("/save").method("POST").header(header::COOKIE, &cookie).header(header::ORIGIN, origin);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(format!("csrf={token}"))).expect("well-formed");
        assert_eq!(send(request).await.status(), status, "{origin}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_form_makes_a_fault(
        body in prop::collection::vec(any::<u8>(), 0..200),
        content_type in "application/x-www-form-urlencoded|[ -~]{0,40}",
        cookie in "lanyard-browser-8080=[A-Za-z0-9]{43}|[ -~]{0,60}",
    ) {
        let request = ask("/save").method("POST").header(header::COOKIE, cookie);
        let request = request.header(header::CONTENT_TYPE, content_type).body(Body::from(body)).expect("printable");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let status = runtime.block_on(send(request)).status();
        prop_assert!([400, 403, 413, 415].contains(&status.as_u16()), "{status}");
    }
}
