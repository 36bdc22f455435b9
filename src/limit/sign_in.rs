//! The limit of sign-ins: by account, from wherever attempts come, and by network, at whatever account; one-time codes have a
//! rule of their own.

use super::{Network, Throttle, Verdict};
use crate::{
    clock::{Clock, Timestamp},
    config,
    random::Random,
    secret::TokenHash,
};

/// What an attempt at no account is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// All of a network together.
    Network(Network),
    /// A browser that is no stranger's: by itself, so that nobody of its network holds it up.
    Browser(TokenHash),
}

impl Origin {
    /// The bytes that stand for it as a key: the two differ in length.
    fn key(self) -> Vec<u8> {
        match self {
            Self::Network(network) => network.octets().to_vec(),
            Self::Browser(browser) => browser.to_vec(),
        }
    }
}

/// Limits sign-ins by account and by network.
#[derive(Debug)]
pub struct SignInLimit {
    accounts: Throttle,
    codes: Throttle,
    networks: Throttle,
}

impl SignInLimit {
    /// A limit that has seen nobody.
    #[must_use]
    pub fn new(config: &config::Throttle, clock: &Clock, random: &Random) -> Self {
        Self {
            accounts: Throttle::new(config.account, clock.clone(), random),
            codes: Throttle::new(config.code, clock.clone(), random),
            networks: Throttle::new(config.address, clock.clone(), random),
        }
    }

    /// Charges one attempt at `account`, a folded login name, whether it exists or not.
    pub fn attempt(&self, account: &str, from: Network) -> Verdict {
        self.attempt_at(account, Some(from))
    }

    /// Charges one attempt at what is counted as `door`; `from` is none for whoever is known there.
    pub fn attempt_at(&self, door: &str, from: Option<Network>) -> Verdict {
        self.charge(&self.accounts, door, from)
    }

    /// That attempt was right.
    pub fn succeeded_at(&self, door: &str, from: Option<Network>) {
        match from {
            Some(from) => self.succeeded(door, from),
            None => self.accounts.forgive(door),
        }
    }

    /// Attempts at `door` until `at` were forgiven, perhaps at another node.
    pub fn forgive_until(&self, door: &str, at: Timestamp) {
        self.accounts.forgive_until(door, at);
    }

    /// Charges an attempt that no account is known of.
    pub fn attempt_by_anybody(&self, from: Origin) -> Verdict {
        self.networks.attempt(from.key())
    }

    /// That attempt was right.
    pub fn succeeded_from(&self, from: Origin) {
        self.networks.refund(from.key());
    }

    /// Charges a one-time code of `person`, who has proved another factor before; `from` is none for whoever is known there.
    pub fn attempt_code(&self, person: &str, from: Option<Network>) -> Verdict {
        self.charge(&self.codes, person, from)
    }

    fn charge(&self, throttle: &Throttle, key: &str, from: Option<Network>) -> Verdict {
        let Some(from) = from else { return throttle.attempt(key) };
        let verdict = self.networks.attempt(from.octets());
        if verdict != Verdict::Allowed {
            return verdict;
        }
        let verdict = throttle.attempt(key);
        if verdict != Verdict::Allowed {
            self.networks.refund(from.octets());
        }
        verdict
    }

    /// The attempt was right: the account starts afresh; the network only gets this attempt back, so that nobody clears
    /// it by signing in as themselves between guesses at others.
    pub fn succeeded(&self, account: &str, from: Network) {
        self.accounts.forgive(account);
        self.networks.refund(from.octets());
    }

    /// The code was right.
    pub fn proved_code(&self, person: &str, from: Option<Network>) {
        self.codes.forgive(person);
        if let Some(from) = from {
            self.networks.refund(from.octets());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::Duration};

    use super::*;
    use crate::config::{Config, Sources};

    fn limit(account: u32, address: u32) -> SignInLimit {
        let sources = Sources::none()
            .with("throttle.account_attempts", account.to_string())
            .with("throttle.address_attempts", address.to_string());
        let config = Config::load(&sources).expect("right").throttle;
        SignInLimit::new(&config, &Clock::fixed(Timestamp(1_800_000_000_000)), &Random::seeded(1))
    }

    fn network(text: &str) -> Network {
        Network::from(text.parse::<IpAddr>().expect("an address"))
    }

    const WAIT: Verdict = Verdict::Wait(Duration::from_secs(1));

    #[test]
    fn an_attempt_at_no_account_is_counted_by_its_network_alone() {
        let (limit, from) = (limit(2, 4), Origin::Network(network("192.0.2.1")));
        assert_eq!([0; 4].map(|_| limit.attempt_by_anybody(from)), [Verdict::Allowed; 4]);
        assert_eq!(limit.attempt_by_anybody(from), WAIT);
        assert_eq!(limit.attempt_by_anybody(Origin::Network(network("192.0.2.2"))), Verdict::Allowed);
        let browser = |name| Origin::Browser(TokenHash::of(name));
        assert_eq!([0; 4].map(|_| limit.attempt_by_anybody(browser("one"))), [Verdict::Allowed; 4]);
        assert_eq!(limit.attempt_by_anybody(browser("one")), WAIT);
        assert_eq!(limit.attempt_by_anybody(browser("another")), Verdict::Allowed);
        limit.succeeded_from(from);
        assert_eq!(limit.attempt_by_anybody(from), Verdict::Allowed);
    }

    #[test]
    fn an_account_is_limited_from_everywhere_together() {
        let limit = limit(2, 100);
        for (from, expected) in [
            ("192.0.2.1", Verdict::Allowed),
            ("192.0.2.2", Verdict::Allowed),
            ("192.0.2.3", WAIT),
            ("2001:db8::1", WAIT),
        ] {
            assert_eq!(limit.attempt("max", network(from)), expected, "{from}");
        }
    }

    #[test]
    fn a_network_is_limited_at_all_accounts_together() {
        let limit = limit(5, 2);
        for (account, from, expected) in [
            ("max", "2001:db8::1", Verdict::Allowed),
            ("priya", "2001:db8::2", Verdict::Allowed),
            ("frank", "2001:db8::3", WAIT),
            ("frank", "2001:db8:0:1::3", Verdict::Allowed),
        ] {
            assert_eq!(limit.attempt(account, network(from)), expected, "{account} {from}");
        }
    }

    #[test]
    fn signing_in_clears_the_account_but_not_the_network() {
        let (limit, home) = (limit(2, 3), network("192.0.2.1"));
        for _ in 0..10 {
            assert_eq!(limit.attempt("mallory", home), Verdict::Allowed);
            limit.succeeded("mallory", home);
        }
        for account in ["max", "priya", "frank"] {
            assert_eq!(limit.attempt(account, home), Verdict::Allowed);
        }
        assert_eq!(limit.attempt("mallory", home), WAIT);
    }

    #[test]
    fn an_account_that_waits_does_not_charge_the_network() {
        let (limit, home) = (limit(1, 2), network("192.0.2.1"));
        assert_eq!(limit.attempt("max", home), Verdict::Allowed);
        for _ in 0..10 {
            assert_eq!(limit.attempt("max", home), WAIT);
        }
        assert_eq!(limit.attempt("priya", home), Verdict::Allowed);
    }
}
