//! A browser without a window: keeps cookies, follows redirects when asked, and fills in forms as they were sent.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use tower::ServiceExt;

/// A browser with a cookie jar of its own.
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// What it says it is.
    pub(crate) user_agent: &'static str,
    /// The languages it asks for.
    pub(crate) languages: &'static str,
    /// Its address; the server takes it for loopback where there is none.
    peer: Option<IpAddr>,
}

/// An answer, as the browser got it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The path and query that were asked for.
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Where it sends the browser.
    pub(crate) fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).map(|value| value.to_str().expect("ASCII"))
    }

    /// Where it leads by itself: by a redirect, or by a page that goes on at once.
    pub(crate) fn onward(&self) -> Option<String> {
        let page = || {
            let (_, rest) = self.body.split_once("http-equiv=\"refresh\" content=\"0; url=")?;
            Some(rest.split_once('"')?.0.replace("&#38;", "&").replace("&amp;", "&"))
        };
        self.location().map(str::to_owned).or_else(page)
    }

    /// Whether the page says `text`, as a person reads it.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// Fails unless the page says `text`.
    pub(crate) fn expect(&self, status: u16, text: &str) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.body);
        assert!(self.says(text), "{} does not say {text:?}: {}", self.path, self.body);
        self
    }

    /// The action and form token of the first form that posts to a path beginning with `path`.
    pub(crate) fn form(&self, path: &str) -> (String, String) {
        let quoted = |text: &str, before: &str| -> Option<String> {
            let rest = &text[text.find(before)? + before.len()..];
            Some(rest[..rest.find('"')?].replace("&#38;", "&"))
        };
        let forms = self.body.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap_or_default());
        let found = forms.filter_map(|form| {
            let action = quoted(form, "action=\"")?;
            Some((action, quoted(form, "name=\"csrf\" value=\"")?))
        });
        let mut found = found.filter(|(action, _)| action.starts_with(path));
        found.next().unwrap_or_else(|| panic!("{} has no form that posts to {path}: {}", self.path, self.body))
    }

    /// The first link whose address begins with `path`.
    pub(crate) fn link(&self, path: &str) -> String {
        let mut links = self.body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        let found = links.find(|link| link.starts_with(path));
        found.unwrap_or_else(|| panic!("{} has no link to {path}: {}", self.path, self.body)).replace("&#38;", "&")
    }
}

impl Browser {
    pub(super) fn new(router: Router) -> Self {
        let user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
        Self { router, cookies: BTreeMap::new(), user_agent, languages: "en", peer: None }
    }

    /// From now on it is at this address.
    pub(crate) fn comes_from(&mut self, peer: &str) {
        self.peer = Some(peer.parse().expect("an address"));
    }

    /// A browser with the same cookies, that says it is the same: what a thief makes of a stolen jar.
    pub(crate) fn copy(&self) -> Self {
        let (router, cookies) = (self.router.clone(), self.cookies.clone());
        Self { router, cookies, user_agent: self.user_agent, languages: self.languages, peer: self.peer }
    }

    /// From now on another node answers.
    pub(crate) fn goes_to(&mut self, node: &Router) {
        self.router = node.clone();
    }

    /// Opens a page, without following redirects.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(path, Request::get(path), Body::empty()).await
    }

    /// Opens a page and whatever it redirects to.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let first = self.get(path).await;
        self.follow(first).await
    }

    /// Sends the form of `page` that posts to `action` (or a path that begins with it), with the token of the page.
    pub(crate) async fn post_form(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let (action, token) = page.form(action);
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", token.as_str())]).collect();
        self.post(&action, &fields).await
    }

    /// Sends such a form and follows redirects.
    pub(crate) async fn submit(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post_form(page, action, fields).await;
        self.follow(answer).await
    }

    /// Sends fields to any path.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(path, request, Body::from(body)).await
    }

    /// Signs in; the page that this ends at.
    pub(crate) async fn sign_in(&mut self, user_name: &str, password: &str) -> Answer {
        let page = self.open("/login").await;
        self.submit(&page, "/login/password", &[("user_name", user_name), ("password", password)]).await
    }

    /// The name and value of a cookie whose name begins with `name`.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(key, _)| key.starts_with(name)).map(|(_, value)| value.as_str())
    }

    /// Loses the cookies whose name begins with `name`, as when it is closed.
    pub(crate) fn forget(&mut self, name: &str) {
        self.cookies.retain(|key, _| !key.starts_with(name));
    }

    /// Puts a cookie into the jar.
    pub(crate) fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            match answer.onward() {
                Some(next) if next.starts_with('/') => answer = self.get(&next).await,
                _ => return answer,
            }
        }
        panic!("redirects never end: {}", answer.path)
    }

    /// Sends any request.
    pub(crate) async fn send(&mut self, path: &str, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request
            .header(header::HOST, "localhost:8080")
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, self.languages)
            .header(header::USER_AGENT, self.user_agent);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(body).expect("a request");
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 1)));
        }
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        self.keep(&parts.headers);
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { path: path.to_owned(), status: parts.status, headers: parts.headers, body }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("ASCII");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
