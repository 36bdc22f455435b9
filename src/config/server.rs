//! `[server]`: the address people and apps know, the addresses listened on, and limits around every request.

use std::{fmt, net::SocketAddr, time::Duration};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    check::{Check, Wrong, wrong},
    network::networks,
    span::span,
};

/// How the server is reached and what a request may cost.
#[derive(Debug, Clone)]
pub struct Server {
    /// The issuer identifier of every token (OpenID Connect Discovery 1.0 §3).
    pub issuer: Issuer,
    /// The addresses to listen on.
    pub listen: Vec<Listen>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header that those proxies write.
    pub forwarded_by: ForwardedBy,
    /// The time after which a request is answered with 503, or with 408 when its body has not arrived by then.
    pub request_timeout: Duration,
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
    /// How long running requests may take to finish when the server stops.
    pub stop_timeout: Duration,
}

/// The issuer: `https://host`, exactly as configured, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    url: Url,
}

/// The header that the proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedBy {
    /// `X-Forwarded-For` with `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// `localhost:PORT`: 127.0.0.1, and `::1` where there is one.
    Loopback(u16),
    /// One address.
    Address(SocketAddr),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    issuer: String,
    listen: Vec<String>,
    trusted_proxies: Vec<String>,
    forwarded_by: String,
    request_timeout: String,
    body_limit: u64,
    stop_timeout: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".to_owned(),
            listen: vec!["localhost:8080".to_owned()],
            trusted_proxies: Vec::new(),
            forwarded_by: "x-forwarded-for".to_owned(),
            request_timeout: "30s".to_owned(),
            body_limit: 1 << 20,
            stop_timeout: "20s".to_owned(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Server> {
        let issuer = check.take("server.issuer", Issuer::parse(&self.issuer));
        let listen = check.take("server.listen", listen(&self.listen));
        let trusted_proxies = check.take("server.trusted_proxies", networks(&self.trusted_proxies));
        let forwarded_by = check.take("server.forwarded_by", forwarded_by(&self.forwarded_by));
        let request_timeout = check.take("server.request_timeout", span(&self.request_timeout, "100ms", "10m"));
        let body_limit = check.take("server.body_limit", body_limit(self.body_limit));
        let stop_timeout = check.take("server.stop_timeout", span(&self.stop_timeout, "0s", "10m"));
        Some(Server {
            issuer: issuer?,
            listen: listen?,
            trusted_proxies: trusted_proxies?,
            forwarded_by: forwarded_by?,
            request_timeout: request_timeout?,
            body_limit: body_limit?,
            stop_timeout: stop_timeout?,
        })
    }
}

impl Issuer {
    /// Reads `https://host` or `https://host:port`; `http` for localhost and loopback addresses alone.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let example = || "write for example `https://id.clinic.example`";
        let url = Url::parse(text).map_err(|_| wrong(format!("`{text}` is not an address"), example()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong(format!("`{text}` is not a web address"), example()));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            let mut secure = url.clone();
            let _ = secure.set_scheme("https");
            let secure = secure.origin().ascii_serialization();
            return Err(wrong("must be https unless its host is localhost", format!("write `{secure}`")));
        }
        // Apps compare issuers character by character, so that one spelling alone is allowed.
        let canonical = url.origin().ascii_serialization();
        if canonical != text {
            return Err(wrong(
                format!("`{text}` is not a bare origin in its canonical form"),
                format!("write `{canonical}`, without path, query, user, final slash, capitals or default port"),
            ));
        }
        Ok(Self { text: canonical, url })
    }

    /// The identifier exactly as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address as a URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The address of `path`, which begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Whether people reach the server over TLS, here or at a proxy.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host name without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port, also when it is the scheme's default.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(port) => write!(f, "localhost:{port}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn listen(texts: &[String]) -> Result<Vec<Listen>, Wrong> {
    if texts.is_empty() {
        return Err(wrong("no address to listen on", "write for example `localhost:8080` or `0.0.0.0:443`"));
    }
    texts.iter().map(|text| listen_address(text.trim())).collect()
}

pub(super) fn listen_address(text: &str) -> Result<Listen, Wrong> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(Listen::Loopback(port));
    }
    text.parse().map(Listen::Address).map_err(|_| {
        let instead = "write an IP address and a port, for example `0.0.0.0:443`, `[::]:443` or `localhost:8080`";
        wrong(format!("`{text}` is not an address to listen on"), instead)
    })
}

fn forwarded_by(text: &str) -> Result<ForwardedBy, Wrong> {
    match text {
        "x-forwarded-for" => Ok(ForwardedBy::XForwardedFor),
        "forwarded" => Ok(ForwardedBy::Forwarded),
        other => Err(wrong(format!("`{other}` is no header of proxies"), "write `x-forwarded-for` or `forwarded`")),
    }
}

fn body_limit(bytes: u64) -> Result<usize, Wrong> {
    match usize::try_from(bytes) {
        Ok(bytes) if (16 << 10..=64 << 20).contains(&bytes) => Ok(bytes),
        _ => Err(wrong(format!("{bytes} bytes are out of bounds"), "write 16384 to 67108864")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_canonical_origin_over_https_or_on_loopback() {
        for (text, accepted) in [
            ("https://id.clinic.example", true),
            ("https://id.clinic.example:8443", true),
            ("http://localhost:8080", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://demo.localhost:8080", true),
            ("http://id.clinic.example", false),
            ("http://localhost.clinic.example", false),
            ("http://10.0.0.5:8080", false),
            ("https://id.clinic.example/", false),
            ("https://id.clinic.example/sso", false),
            ("https://id.clinic.example?x", false),
            ("https://ID.clinic.example", false),
            ("https://id.clinic.example:443", false),
            ("https://user@id.clinic.example", false),
            ("ftp://id.clinic.example", false),
            ("id.clinic.example", false),
            ("", false),
        ] {
            assert_eq!(Issuer::parse(text).is_ok(), accepted, "{text}");
        }
    }

    #[test]
    fn a_refused_issuer_comes_with_the_one_to_write() {
        for (text, instead) in [
            ("http://id.clinic.example/", "write `https://id.clinic.example`"),
            ("https://ID.clinic.example/", "write `https://id.clinic.example`, without"),
        ] {
            let wrong = Issuer::parse(text).expect_err("refused");
            assert!(wrong.instead.starts_with(instead), "{}", wrong.instead);
        }
    }

    #[test]
    fn addresses_of_an_issuer_begin_with_it() {
        let issuer = Issuer::parse("https://id.clinic.example").expect("an issuer");
        assert_eq!(issuer.at("/oauth2/token"), "https://id.clinic.example/oauth2/token");
        assert_eq!((issuer.host(), issuer.port(), issuer.is_https()), ("id.clinic.example", 443, true));
    }

    #[test]
    fn listen_addresses_are_numbers_or_localhost() {
        for (text, expected) in [
            ("localhost:8080", Some("localhost:8080")),
            ("0.0.0.0:443", Some("0.0.0.0:443")),
            ("[::]:443", Some("[::]:443")),
            (":443", None),
            ("8080", None),
            ("localhost", None),
            ("id.clinic.example:443", None),
        ] {
            assert_eq!(listen_address(text).ok().map(|l| l.to_string()).as_deref(), expected, "{text}");
        }
    }
}
