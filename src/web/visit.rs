//! One request as a page sees it: its id, where it comes from, which browser, which language.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};
use data_encoding::BASE64URL_NOPAD;
use tracing::Instrument;

use super::{
    client_certificate::ClientCertificate,
    cookie::Cookie,
    csrf,
    error::{self, Refusal},
    forwarded::Scheme,
    headers,
    language::{Language, strings::Strings},
    parameters::{self, Parameters},
    return_to::{self, LocalPath, ReturnTo, ReturnToError},
    site::Site,
};
use crate::{
    id::RequestId,
    random::Random,
    secret::{ExposeSecret, SecretString},
    telemetry::RequestSpan,
};

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 200;

/// The header that tells a client the id of its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request of a browser or an app; cheap to clone. An extractor for every handler under [`super::wrap`].
#[derive(Clone)]
pub struct Visit(Arc<Inner>);

struct Inner {
    site: Site,
    id: RequestId,
    address: IpAddr,
    scheme: Option<Scheme>,
    certificate: Option<ClientCertificate>,
    user_agent: Option<HeaderValue>,
    language: Language,
    /// Whether somebody asked for that language in so many words, or the browser's settings decided.
    language_is_chosen: bool,
    session: Option<SecretString>,
    /// What the cookie of the session holds from the answer on.
    next_session: OnceLock<SecretString>,
    /// The browser that brought its cookie back, or a new one once a page needs it.
    browser: OnceLock<Browser>,
    browser_is_new: bool,
    /// Path and query as they were asked for.
    target: Option<PathAndQuery>,
    wants_html: bool,
}

/// The random number in the browser cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser(String);

impl Browser {
    /// A browser that was not seen before.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        Self(BASE64URL_NOPAD.encode(&random.bytes::<32>()))
    }

    /// The value of the cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        is_token(text).then(|| Self(text.to_owned()))
    }
}

/// Whether `text` is 256 bits as [`Random::token`] writes them.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Visit {
    /// Reads what is known of `request` before anything else happens to it.
    #[must_use]
    pub fn begin(site: &Site, request: &Request) -> Self {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |connection| connection.0.ip());
        let origin = site.proxies().origin(peer, headers);
        let browser = Cookie::Browser.read(site, headers).and_then(Browser::parse);
        let query = request.uri().query().unwrap_or_default();
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        // Whoever changes the language on the way to the app is not overruled by what the app asked for before.
        let chosen =
            Language::chosen(ui_locales(query).as_deref(), Cookie::Language.read(site, headers)).or_else(|| {
                let before = ui_locales_of_return(query, site, browser.as_ref()?)?;
                Language::chosen(Some(&before), None)
            });
        Self(Arc::new(Inner {
            id: RequestId::fresh(site.clock().now(), site.random()),
            address: origin.address,
            scheme: origin.scheme,
            certificate: certificate(site, peer, request),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            language: chosen.unwrap_or_else(|| Language::negotiate(None, None, accepted)),
            language_is_chosen: chosen.is_some(),
            session: Cookie::Session.read(site, headers).filter(|text| is_token(text)).map(Into::into),
            next_session: OnceLock::new(),
            browser_is_new: browser.is_none(),
            browser: browser.map_or_else(OnceLock::new, OnceLock::from),
            target: request.uri().path_and_query().cloned(),
            wants_html: wants_html(headers),
            site: site.clone(),
        }))
    }

    /// The site that is visited.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The id of this request, in logs and on error pages; never taken from outside.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.0.id
    }

    /// The client's address, behind trusted proxies.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// The scheme that the outermost trusted proxy saw.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.0.scheme
    }

    /// The TLS certificate that the app holds the key of.
    #[must_use]
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        self.0.certificate.as_ref()
    }

    /// The user agent: at most 200 characters, without control characters.
    #[must_use]
    pub fn user_agent(&self) -> String {
        let sent = self.0.user_agent.as_ref().map(|value| String::from_utf8_lossy(value.as_bytes()));
        sent.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
    }

    /// The language to answer in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.language
    }

    /// The language for a person whose profile names `locale`: it counts more than the browser's settings, and less than
    /// what was chosen in this browser.
    #[must_use]
    pub fn language_for(&self, locale: Option<&str>) -> Language {
        let preferred = locale.and_then(Language::of_range).filter(|_| !self.0.language_is_chosen);
        preferred.unwrap_or(self.0.language)
    }

    /// The texts of that language.
    #[must_use]
    pub fn texts(&self) -> &'static Strings {
        self.0.language.strings()
    }

    /// The session token, if the browser sent one that is well-formed.
    #[must_use]
    pub fn session_token(&self) -> Option<&SecretString> {
        self.0.session.as_ref()
    }

    /// Path and query as they were asked for.
    #[must_use]
    pub fn target(&self) -> &str {
        self.0.target.as_ref().map_or("/", PathAndQuery::as_str)
    }

    /// The path as it was asked for.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.target.as_ref().map_or("/", PathAndQuery::path)
    }

    /// Whether the client is a browser that shows pages.
    #[must_use]
    pub fn wants_html(&self) -> bool {
        self.0.wants_html
    }

    /// The browser. The first use in a browser without a cookie sets the cookie with the answer.
    #[must_use]
    pub fn browser(&self) -> &Browser {
        self.0.browser.get_or_init(|| Browser::fresh(self.site().random()))
    }

    /// The browser, if it brought its cookie back.
    #[must_use]
    pub fn known_browser(&self) -> Option<&Browser> {
        self.0.browser.get().filter(|_| !self.0.browser_is_new)
    }

    /// A form token for the form that posts to `action`.
    #[must_use]
    pub fn csrf_token(&self, action: &str) -> String {
        csrf::token(self.site(), self.browser(), action)
    }

    /// `path`, signed for this browser: the value of the parameter [`super::return_to::PARAMETER`].
    #[must_use]
    pub fn seal_return(&self, path: LocalPath) -> String {
        ReturnTo::new(path, self.site()).seal(self.site(), self.browser())
    }

    /// The return path that this browser brings back.
    pub fn open_return(&self, text: &str) -> Result<ReturnTo, ReturnToError> {
        ReturnTo::open(text, self.site(), self.known_browser().ok_or(ReturnToError::Forged)?)
    }

    /// From the answer on the cookie of the session holds another secret, unless the answer sets one itself.
    pub fn change_session(&self, token: SecretString) {
        // The first one counts: two of one request would be two answers.
        drop(self.0.next_session.set(token));
    }

    fn next_session_cookie(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let token = self.0.next_session.get()?;
        let name = format!("{}=", Cookie::Session.name(&self.0.site));
        let mut set = headers.get_all(header::SET_COOKIE).iter();
        let is_set = set.any(|cookie| cookie.as_bytes().starts_with(name.as_bytes()));
        (!is_set).then(|| Cookie::Session.set(&self.0.site, token.expose_secret()).into_header())
    }

    fn new_browser_cookie(&self) -> Option<HeaderValue> {
        let inner = &self.0;
        let new = inner.browser.get().filter(|_| inner.browser_is_new)?;
        Some(Cookie::Browser.set(&inner.site, new.as_str()).into_header())
    }
}

/// That of the connection, where certificates are asked for; elsewhere that of a trusted proxy.
fn certificate(site: &Site, peer: IpAddr, request: &Request) -> Option<ClientCertificate> {
    match request.extensions().get::<Option<ClientCertificate>>() {
        Some(of_connection) => of_connection.clone(),
        None => site.proxies().certificate(peer, request.headers()),
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The middleware around every request: gives it a [`Visit`], its answer the error page and the headers.
pub async fn accompany(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let visit = Visit::begin(&site, &request);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // The path itself may hold a token: logs get the route.
    let span = RequestSpan::open(visit.request_id(), request.method().as_str(), route);
    request.extensions_mut().insert(visit.clone());
    let is_text = parameters::decode(request.uri().path().as_bytes()).is_ok();
    async {
        // Nothing of ours is named by what no database can store.
        let response = if is_text { next.run(request).await } else { Refusal::NotFound.into_response() };
        let mut response = error::render(response, &visit);
        let cookies = [visit.new_browser_cookie(), visit.next_session_cookie(response.headers())];
        for cookie in cookies.into_iter().flatten() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        span.answered(response.status().as_u16());
        headers::harden(&mut response, &visit);
        if let Ok(id) = HeaderValue::from_str(visit.request_id().as_str()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span.span().clone())
    .await
}

/// OpenID Connect Core §3.1.2.1: the languages that an app asks for.
fn ui_locales(query: &str) -> Option<String> {
    if !query.contains("ui_locales=") {
        return None;
    }
    Parameters::parse(query.as_bytes()).ok()?.value("ui_locales").map(str::to_owned)
}

/// The same, of the request to which the browser goes back from the page it asks for.
fn ui_locales_of_return(query: &str, site: &Site, browser: &Browser) -> Option<String> {
    let sent = Parameters::parse(query.as_bytes()).ok()?;
    let back = ReturnTo::open(sent.value(return_to::PARAMETER)?, site, browser).ok()?;
    ui_locales(back.path.as_str().split_once('?')?.1)
}

fn wants_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}

#[cfg(test)]
pub(crate) mod tests {
    use axum::body::Body;

    use super::*;
    use crate::web::site::tests::site;

    pub(crate) fn visit(uri: &str, headers: &[(&str, &str)]) -> Visit {
        let builder = headers.iter().fold(Request::builder().uri(uri), |b, (name, value)| b.header(*name, *value));
        Visit::begin(&site("http://localhost:8080"), &builder.body(Body::empty()).expect("well-formed"))
    }

    #[test]
    fn a_user_agent_is_cut_to_200_characters() {
        let long = "ä".repeat(300);
        let mut request = Request::new(Body::empty());
        request
            .headers_mut()
            .insert(header::USER_AGENT, HeaderValue::from_bytes(long.as_bytes()).expect("opaque bytes"));
        let visit = Visit::begin(&site("http://localhost:8080"), &request);
        assert_eq!(visit.user_agent().chars().count(), MAX_USER_AGENT);
    }

    #[test]
    fn a_request_id_from_outside_is_not_taken() {
        let sent = "req_0123456789abcdef0123456789abcdef";
        assert_ne!(visit("/", &[("x-request-id", sent)]).request_id().as_str(), sent);
    }

    #[test]
    fn a_browser_gets_a_cookie_only_when_a_page_needs_it() {
        let untouched = visit("/oauth2/jwks", &[]);
        assert!(untouched.new_browser_cookie().is_none());
        let used = visit("/login", &[]);
        let _ = used.csrf_token("/login");
        assert!(used.new_browser_cookie().is_some());
        let known = format!("lanyard-browser-8080={}", "a".repeat(43));
        let back = visit("/login", &[("cookie", &known)]);
        assert_eq!(back.browser().as_str(), "a".repeat(43));
        assert!(back.new_browser_cookie().is_none());
    }

    #[test]
    fn the_profile_decides_the_language_unless_one_was_chosen_in_this_browser() {
        for (uri, headers, locale, expected) in [
            ("/", vec![("accept-language", "es")], Some("da-DK"), Language::Danish),
            ("/", vec![("accept-language", "es")], Some("fr"), Language::Spanish),
            ("/", vec![("accept-language", "es")], None, Language::Spanish),
            ("/", vec![("cookie", "lanyard-language-8080=en")], Some("da"), Language::English),
            ("/?ui_locales=es", vec![], Some("da"), Language::Spanish),
        ] {
            assert_eq!(visit(uri, &headers).language_for(locale), expected, "{uri} {headers:?} {locale:?}");
        }
    }

    #[test]
    fn a_malformed_session_cookie_counts_as_none() {
        for (value, expected) in [("a".repeat(43), true), ("a".repeat(42), false), ("a b".into(), false)] {
            let visit = visit("/", &[("cookie", &format!("lanyard-session-8080={value}"))]);
            assert_eq!(visit.session_token().is_some(), expected, "{value}");
        }
    }
}
