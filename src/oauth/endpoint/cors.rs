//! Calls from scripts of other origins (Fetch standard, CORS): from registered browser apps to what they need with a token,
//! from everybody to what is public. Never with cookies.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::oauth::{Provider, error::Error};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, dpop");
const EXPOSED: HeaderValue = HeaderValue::from_static("dpop-nonce, www-authenticate, x-request-id");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Origins of registered browser apps.
pub(super) async fn for_browser_apps(State(provider): State<Provider>, request: Request, next: Next) -> Response {
    let allowed = match origin(&request) {
        None => None,
        Some(origin) => match is_allowed(&provider, &origin).await {
            Ok(true) => Some(origin),
            Ok(false) => None,
            Err(fault) => return fault.into_response(),
        },
    };
    let mut response = next.run(request).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        allow(response.headers_mut(), origin);
    }
    response
}

/// The question that a browser asks before it fetches what is public.
pub(super) async fn for_everybody() -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    allow(&mut headers, HeaderValue::from_static("*"));
    (StatusCode::NO_CONTENT, headers)
}

/// The question that a browser asks before the call itself; the layer above answers it.
pub(super) async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn is_allowed(provider: &Provider, origin: &HeaderValue) -> Result<bool, Error> {
    let Ok(text) = origin.to_str() else { return Ok(false) };
    Ok(provider.allows_origin(text).await?)
}

fn origin(request: &Request) -> Option<HeaderValue> {
    request.headers().get(header::ORIGIN).cloned()
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
}
