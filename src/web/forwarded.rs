//! Which address a request comes from when reverse proxies stand before this server.
//!
//! Anybody can send forwarding headers, so they count only from configured networks, only the one kind that the proxies
//! are known to write counts, and it is read from its end: each trusted hop vouches for the address before it, and the
//! first address that no trusted hop stands for is the client (RFC 7239 §5.2, §8.1).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::client_certificate::ClientCertificate;
use crate::config::ForwardedBy;

/// The networks of our reverse proxies.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    by: ForwardedBy,
    certificates_by: Option<HeaderName>,
}

/// The scheme a browser used, as the nearest proxy saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; IPv4 in IPv6 form is written as IPv4.
    pub address: IpAddr,
    /// The scheme at the outermost trusted proxy; `None` when no trusted proxy told.
    pub scheme: Option<Scheme>,
}

/// One hop as a proxy described it; `None` for what is unknown, hidden (RFC 7239 §6.3) or malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Hop {
    address: Option<IpAddr>,
    scheme: Option<Scheme>,
}

impl TrustedProxies {
    /// No proxies: forwarding headers never count.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new(), ForwardedBy::default())
    }

    /// Proxies in `networks` that write the header `by`.
    #[must_use]
    pub fn new(networks: Vec<IpNet>, by: ForwardedBy) -> Self {
        Self { networks, by, certificates_by: None }
    }

    /// The same, that pass the certificates of apps on in the header of this name.
    #[must_use]
    pub fn with_certificates_by(self, header: Option<&str>) -> Self {
        Self { certificates_by: header.and_then(|name| name.parse().ok()), ..self }
    }

    /// The certificate of the app behind a proxy, for a request with `headers` that arrived from `peer`.
    #[must_use]
    pub fn certificate(&self, peer: IpAddr, headers: &HeaderMap) -> Option<ClientCertificate> {
        let name = self.certificates_by.as_ref()?;
        if self.contains(peer.to_canonical()) { ClientCertificate::forwarded(name, headers) } else { None }
    }

    /// Whether `address` is one of our proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Where a request with `headers` that arrived from `peer` comes from.
    #[must_use]
    pub fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> Origin {
        let mut origin = Origin { address: peer.to_canonical(), scheme: None };
        if self.networks.is_empty() || !self.contains(origin.address) {
            return origin;
        }
        for hop in self.hops(headers).into_iter().rev() {
            origin.scheme = hop.scheme.or(origin.scheme);
            let Some(address) = hop.address else { break };
            origin.address = address;
            if !self.contains(address) {
                break;
            }
        }
        origin
    }

    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        match self.by {
            ForwardedBy::Forwarded => {
                elements(headers, &header::FORWARDED).iter().map(|text| forwarded(text)).collect()
            }
            ForwardedBy::XForwardedFor => x_forwarded(headers),
        }
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The comma-separated elements of a header that may come several times; the last line's elements come last.
fn elements(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    lines.flat_map(|line| line.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>()).collect()
}

fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops: Vec<Hop> = elements(headers, &X_FORWARDED_FOR)
        .iter()
        .map(|text| Hop { address: node_address(text), scheme: None })
        .collect();
    let schemes = elements(headers, &X_FORWARDED_PROTO);
    // Proxies append to both headers or replace the scheme: the last one belongs to the last hop either way.
    for (hop, scheme) in hops.iter_mut().rev().zip(schemes.iter().rev()) {
        hop.scheme = scheme_named(scheme);
    }
    hops
}

/// One `forwarded-element` (RFC 7239 §4): `for=…;proto=…`, values may be quoted.
fn forwarded(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = node_address(value),
            "proto" => hop.scheme = scheme_named(value),
            _ => {}
        }
    }
    hop
}

/// An address with or without a port; IPv6 in brackets or bare.
fn node_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

fn scheme_named(text: &str) -> Option<Scheme> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Some(Scheme::Https),
        "http" => Some(Scheme::Http),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("tests pass addresses")
    }

    fn proxies(by: ForwardedBy) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().expect("tests pass networks"));
        TrustedProxies::new(networks.to_vec(), by)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("visible"));
        }
        headers
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_is_the_client() {
        for (case, peer, sent, expected) in [
            ("no header", "10.0.0.1", "", "10.0.0.1"),
            ("one hop", "10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("a forged first entry", "10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("two proxies", "10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("all are proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("an untrusted peer", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
            ("a hop that is unknown", "10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
            ("rubbish", "10.0.0.1", "a b c", "10.0.0.1"),
            ("with a port", "10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("IPv6 with a port", "10.0.0.1", "[2001:db9::1]:443", "2001:db9::1"),
            ("IPv6 through an IPv6 proxy", "2001:db8::1", "2001:db9::1", "2001:db9::1"),
            ("IPv4 in IPv6 form", "::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ] {
            let headers = if sent.is_empty() { HeaderMap::new() } else { headers(&[("x-forwarded-for", sent)]) };
            let origin = proxies(ForwardedBy::XForwardedFor).origin(address(peer), &headers);
            assert_eq!(origin.address, address(expected), "{case}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_writes_it() {
        for (sent, expected, scheme) in [
            ("for=198.51.100.7;proto=https", "198.51.100.7", Some(Scheme::Https)),
            ("For=\"[2001:db9::17]:4711\"; Proto=HTTP", "2001:db9::17", Some(Scheme::Http)),
            ("for=203.0.113.9, for=198.51.100.7;by=10.0.0.1", "198.51.100.7", None),
            ("for=203.0.113.9;proto=http, for=10.0.0.2;proto=https", "203.0.113.9", Some(Scheme::Http)),
            ("for=_hidden;proto=https", "10.0.0.1", Some(Scheme::Https)),
            (";;=,,", "10.0.0.1", None),
        ] {
            let origin = proxies(ForwardedBy::Forwarded).origin(address("10.0.0.1"), &headers(&[("forwarded", sent)]));
            assert_eq!((origin.address, origin.scheme), (address(expected), scheme), "{sent}");
        }
    }

    #[test]
    fn a_certificate_counts_from_a_proxy_in_its_header_alone() {
        let sent = headers(&[("client-cert", ":MAA=:")]);
        let plain = proxies(ForwardedBy::XForwardedFor);
        let telling = plain.clone().with_certificates_by(Some("client-cert"));
        assert!(telling.certificate(address("10.0.0.1"), &sent).is_some());
        assert!(telling.certificate(address("::ffff:10.0.0.1"), &sent).is_some());
        assert!(telling.certificate(address("198.51.100.1"), &sent).is_none(), "anybody can send it");
        assert!(telling.certificate(address("10.0.0.1"), &headers(&[("x-client-cert", ":MAA=:")])).is_none());
        assert!(plain.certificate(address("10.0.0.1"), &sent).is_none(), "none is configured");
    }

    #[test]
    fn only_the_configured_header_counts() {
        let both = headers(&[("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "198.51.100.7")]);
        for (by, expected) in [(ForwardedBy::Forwarded, "203.0.113.9"), (ForwardedBy::XForwardedFor, "198.51.100.7")] {
            assert_eq!(proxies(by).origin(address("10.0.0.1"), &both).address, address(expected));
        }
    }

    #[test]
    fn the_last_scheme_belongs_to_the_last_hop() {
        for (schemes, expected) in [("https", Some(Scheme::Https)), ("http, https", Some(Scheme::Https)), ("ftp", None)]
        {
            let headers = headers(&[("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-proto", schemes)]);
            assert_eq!(proxies(ForwardedBy::XForwardedFor).origin(address("10.0.0.1"), &headers).scheme, expected);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_an_untrusted_peer_is_the_client(sent in "[ -~]{0,80}") {
            let peer = address("198.51.100.1");
            for (by, name) in [(ForwardedBy::Forwarded, "forwarded"), (ForwardedBy::XForwardedFor, "x-forwarded-for")] {
                let headers = headers(&[(name, sent.as_str())]);
                prop_assert_eq!(proxies(by).origin(peer, &headers).address, peer);
                let _ = proxies(by).origin(address("10.0.0.1"), &headers);
            }
        }
    }
}
