//! The address this server answers under, with what pages need to keep promises about it: a key, a clock, randomness.

use std::sync::Arc;

use aws_lc_rs::hmac;
use url::Url;

use super::{error::Dialect, forwarded::TrustedProxies};
use crate::{
    clock::Clock,
    random::Random,
    secret::{ExposeSecret, SecretSlice},
};

/// One server as browsers see it; cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    issuer: Url,
    origin: String,
    proxies: TrustedProxies,
    dialect: Option<Dialect>,
    mac_key: hmac::Key,
    clock: Clock,
    random: Random,
}

impl Site {
    /// A site at `issuer` whose form tokens and return paths are signed with `secret` (32 bytes or more, the same on
    /// every node).
    #[must_use]
    pub fn new(issuer: Url, secret: &SecretSlice<u8>, clock: Clock, random: Random) -> Self {
        let mac_key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret());
        let origin = issuer.origin().ascii_serialization();
        Self(Arc::new(Inner { issuer, origin, proxies: TrustedProxies::none(), dialect: None, mac_key, clock, random }))
    }

    /// The same site behind reverse proxies.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self(Arc::new(Inner { proxies, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same site, where some addresses have errors in a form of their own.
    #[must_use]
    pub fn speaking(self, dialect: Dialect) -> Self {
        Self(Arc::new(Inner { dialect: Some(dialect), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// How errors look at this path, if not like a page.
    pub(super) fn dialect(&self, path: &str) -> Option<Dialect> {
        self.0.dialect.filter(|dialect| dialect.is_spoken_at(path))
    }

    /// The issuer as it was configured.
    #[must_use]
    pub fn issuer(&self) -> &Url {
        &self.0.issuer
    }

    /// Scheme, host and port, as a browser writes them in `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Whether browsers reach this site by https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.issuer.scheme() == "https"
    }

    /// The port browsers connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.issuer.port_or_known_default().unwrap_or(0)
    }

    /// The absolute address of a path of this site, as mails need it.
    #[must_use]
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Whose forwarding headers count.
    #[must_use]
    pub fn proxies(&self) -> &TrustedProxies {
        &self.0.proxies
    }

    /// The clock of this site.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The randomness of this site.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// A MAC over `parts` that is good for `purpose` alone; the borders between parts are part of what is signed.
    #[must_use]
    pub fn mac(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0.mac_key);
        for part in std::iter::once(&purpose).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Timestamp;

    pub(crate) fn site(issuer: &str) -> Site {
        let secret = SecretSlice::from(vec![7; 32]);
        let clock = Clock::fixed(Timestamp(1_795_320_000_000));
        Site::new(issuer.parse().expect("tests pass a URL"), &secret, clock, Random::seeded(1))
    }

    #[test]
    fn a_mac_is_good_for_one_purpose_and_one_division_into_parts() {
        let site = site("https://id.example");
        let mac = site.mac("a", &["bc", "d"]);
        assert_eq!(mac, site.mac("a", &["bc", "d"]));
        for other in [site.mac("x", &["bc", "d"]), site.mac("a", &["b", "cd"]), site.mac("ab", &["c", "d"])] {
            assert_ne!(mac, other);
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (issuer, origin, secure, port) in [
            ("https://id.example", "https://id.example", true, 443),
            ("https://id.example:8443/", "https://id.example:8443", true, 8443),
            ("http://localhost:8080", "http://localhost:8080", false, 8080),
        ] {
            let site = site(issuer);
            assert_eq!((site.origin(), site.is_secure(), site.port()), (origin, secure, port), "{issuer}");
        }
    }
}
