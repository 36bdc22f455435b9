//! Cookies of this site: their names, how they are set and how they are read.
//!
//! On https a name begins with `__Host-` (RFC 6265bis §4.1.3.2), so that no neighbouring host can plant one. On plain http
//! it ends with the port, because browsers share cookies between the ports of a host.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponseParts, ResponseParts},
};

use super::site::Site;

/// Chromium keeps no cookie longer than 400 days.
const LONGEST: Duration = Duration::from_hours(400 * 24);

/// A cookie of ours by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The session token; ends with the browser's session.
    Session,
    /// A random number that tells this browser from others: binds form tokens and return paths to it.
    Browser,
    /// The language that the person chose.
    Language,
}

impl Cookie {
    /// The name on `site`.
    #[must_use]
    pub fn name(self, site: &Site) -> String {
        let word = match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Language => "language",
        };
        if site.is_secure() { format!("__Host-lanyard-{word}") } else { format!("lanyard-{word}-{}", site.port()) }
    }

    /// The value that the browser sent, if it sent one.
    #[must_use]
    pub fn read<'h>(self, site: &Site, headers: &'h HeaderMap) -> Option<&'h str> {
        let sent = headers.get_all(header::COOKIE);
        // Most requests are those of apps, which send none.
        let name = sent.iter().next().map(|_| self.name(site))?;
        sent.iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim_ascii().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Sets this cookie to `value`, which is a token or a language tag.
    #[must_use]
    pub fn set(self, site: &Site, value: &str) -> SetCookie {
        let life = match self {
            Self::Session => None,
            Self::Browser | Self::Language => Some(LONGEST),
        };
        SetCookie::write(&self.name(site), value, life, site)
    }

    /// Sets this cookie to `value` and keeps it for `life`, also when the browser is closed.
    #[must_use]
    pub fn set_for(self, site: &Site, value: &str, life: Duration) -> SetCookie {
        SetCookie::write(&self.name(site), value, Some(life.min(LONGEST)), site)
    }

    /// Removes this cookie.
    #[must_use]
    pub fn clear(self, site: &Site) -> SetCookie {
        SetCookie::write(&self.name(site), "", Some(Duration::ZERO), site)
    }
}

/// One `Set-Cookie` header; put it into the tuple of a response.
#[derive(Clone)]
pub struct SetCookie(HeaderValue);

impl SetCookie {
    fn write(name: &str, value: &str, life: Option<Duration>, site: &Site) -> Self {
        let life = life.map(|life| format!("; Max-Age={}", life.as_secs())).unwrap_or_default();
        let secure = if site.is_secure() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{life}");
        let mut header = HeaderValue::try_from(text).expect("cookie values are tokens of letters, digits, `-` and `_`");
        header.set_sensitive(true);
        Self(header)
    }

    /// The header value.
    #[must_use]
    pub fn into_header(self) -> HeaderValue {
        self.0
    }
}

impl IntoResponseParts for SetCookie {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.headers_mut().append(header::SET_COOKIE, self.0);
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::site::tests::site;

    #[test]
    fn cookies_are_bound_to_the_host_on_https_and_to_the_port_on_http() {
        for (issuer, expected) in [
            ("https://id.example", "__Host-lanyard-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"),
            ("http://localhost:8080", "lanyard-session-8080=abc; Path=/; HttpOnly; SameSite=Lax"),
        ] {
            assert_eq!(Cookie::Session.set(&site(issuer), "abc").into_header(), expected);
        }
    }

    #[test]
    fn a_cleared_cookie_ends_at_once() {
        let header = Cookie::Session.clear(&site("http://localhost:1")).into_header();
        assert_eq!(header, "lanyard-session-1=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    #[test]
    fn the_cookie_of_this_site_is_found_among_others() {
        let site = site("http://localhost:8080");
        for (sent, expected) in [
            ("lanyard-session-8080=abc", Some("abc")),
            ("a=b; lanyard-session-8080=abc ;c=d", Some("abc")),
            ("lanyard-session-8080=first; lanyard-session-8080=second", Some("first")),
            ("lanyard-session-8081=abc", None),
            ("xlanyard-session-8080=abc", None),
            ("; ;=;lanyard-session-8080", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(sent))]);
            assert_eq!(Cookie::Session.read(&site, &headers), expected, "{sent}");
        }
    }
}
