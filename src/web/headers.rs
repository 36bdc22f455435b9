//! Security headers of every answer.
//!
//! Pages get a content security policy without `unsafe-*`: nothing inline runs, nothing foreign loads, nobody frames us, and
//! forms post only to us (plus, where a flow ends in a redirect to an app, that app's verified origin, because Chromium
//! applies `form-action` to redirects too).

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponseParts, Response, ResponseParts},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{forwarded::Scheme, visit::Visit};

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                           base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/// The policy of answers that are no pages.
pub const OTHER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
                           midi=(), payment=(), usb=(), publickey-credentials-create=(self), publickey-credentials-get=(self)";

const OF_ALL: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    // Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];
const OF_PAGES: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// The origin of a redirect URI, fit to stand in a content security policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectOrigin(String);

impl RedirectOrigin {
    /// The origin of a **verified** redirect URI; for a private-use scheme (RFC 8252 §7.1) the scheme. `None` for a host
    /// with characters that would end the source expression.
    #[must_use]
    pub fn of(verified: &Url) -> Option<Self> {
        let is_web = verified.origin().is_tuple();
        let text = if is_web { verified.origin().ascii_serialization() } else { format!("{}:", verified.scheme()) };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-[]+_".contains(&byte);
        text.bytes().all(is_plain).then_some(Self(text))
    }

    /// The source expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Put it into the tuple of a response whose form ends in a redirect to an app.
#[derive(Debug, Clone)]
pub struct RedirectsTo(pub Option<RedirectOrigin>);

impl IntoResponseParts for RedirectsTo {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// Put it into the tuple of a page that shows frames of apps: nothing else may be framed.
#[derive(Debug, Clone)]
pub struct Frames(pub Vec<RedirectOrigin>);

impl IntoResponseParts for Frames {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// Adds the headers to an answer; what a handler has set stays.
pub fn harden(response: &mut Response, visit: &Visit) {
    let is_page = is_page(response);
    let policy = if is_page { policy(response) } else { HeaderValue::from_static(OTHER_POLICY) };
    let headers = response.headers_mut();
    put(headers, header::CONTENT_SECURITY_POLICY, policy);
    let of_pages: &[_] = if is_page { &OF_PAGES } else { &[] };
    for (name, value) in OF_ALL.iter().chain(of_pages) {
        put(headers, name.clone(), HeaderValue::from_static(value));
    }
    if visit.site().is_secure() && visit.scheme() != Some(Scheme::Http) {
        put(headers, header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|sent| sent.as_bytes().starts_with(b"text/html"))
}

fn policy(response: &Response) -> HeaderValue {
    let mut policy = PAGE_POLICY.to_owned();
    if let Some(RedirectsTo(Some(origin))) = response.extensions().get() {
        policy.push(' ');
        policy.push_str(origin.as_str());
    }
    if let Some(Frames(origins)) = response.extensions().get()
        && !origins.is_empty()
    {
        policy.push_str("; frame-src");
        for origin in origins {
            policy.push(' ');
            policy.push_str(origin.as_str());
        }
    }
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
}

#[cfg(test)]
mod tests {
    use axum::{http::StatusCode, response::IntoResponse};

    use super::*;
    use crate::web::visit::tests::visit;

    fn header_of(mut response: Response, name: HeaderName) -> Option<String> {
        harden(&mut response, &visit("/", &[]));
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    #[test]
    fn a_redirect_origin_is_one_source_expression() {
        for (uri, expected) in [
            ("https://app.example/callback?x=1", "https://app.example"),
            ("http://127.0.0.1:8081/callback", "http://127.0.0.1:8081"),
            ("https://app.example:443/", "https://app.example"),
            ("https://a;b/", ""),
            ("com.example.app:/callback", "com.example.app:"),
        ] {
            let found = RedirectOrigin::of(&uri.parse().expect("well-formed")).map(|origin| origin.0);
            assert_eq!(found.unwrap_or_default(), expected, "{uri}");
        }
    }

    #[test]
    fn a_page_names_the_origin_that_its_flow_ends_at() {
        let app = RedirectOrigin::of(&"https://app.example/cb".parse().expect("well-formed")).expect("plain");
        let page = || axum::response::Html("");
        let framed = Frames(vec![app.clone(), RedirectOrigin("http://127.0.0.1:1".into())]);
        for (case, response, ending) in [
            ("no frame", (Frames(vec![]), page()).into_response(), "form-action 'self'"),
            ("frames", (framed, page()).into_response(), "; frame-src https://app.example http://127.0.0.1:1"),
            ("no app", page().into_response(), "form-action 'self'"),
            ("an app", (RedirectsTo(Some(app)), page()).into_response(), "form-action 'self' https://app.example"),
        ] {
            let policy = header_of(response, header::CONTENT_SECURITY_POLICY).expect("always set");
            assert!(policy.ends_with(ending), "{case}: {policy}");
            assert!(!policy.contains("unsafe"));
        }
    }

    #[test]
    fn what_a_handler_sets_stays() {
        let response = (StatusCode::OK, [(header::CACHE_CONTROL, "max-age=60")]).into_response();
        assert_eq!(header_of(response, header::CACHE_CONTROL).as_deref(), Some("max-age=60"));
        assert_eq!(header_of(StatusCode::OK.into_response(), header::CACHE_CONTROL).as_deref(), Some("no-store"));
    }

    #[test]
    fn plain_http_promises_no_transport_security() {
        assert_eq!(header_of(StatusCode::OK.into_response(), header::STRICT_TRANSPORT_SECURITY), None);
    }
}
