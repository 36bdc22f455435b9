//! `[outgoing]`: which private networks the server itself may call (logout, upstreams, webhooks), and whom it asks for
//! names.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{
    check::{Check, Wrong, authorities, wrong},
    network::networks,
};

/// Where the server itself may call.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Loopback, private and link-local addresses are refused unless they are in one of these.
    pub allowed_networks: Vec<IpNet>,
    /// Certificates of authorities that are trusted beside those of this machine, as PEM.
    pub ca_file: Option<PathBuf>,
    /// The DNS server that is asked for the proof of a domain; none: those of this machine.
    pub resolver: Option<SocketAddr>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    allowed_networks: Vec<String>,
    ca_file: String,
    resolver: String,
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Outgoing> {
        let allowed_networks = check.take("outgoing.allowed_networks", networks(&self.allowed_networks));
        let resolver = check.take("outgoing.resolver", resolver(self.resolver.trim()));
        let ca_file = check.take("outgoing.ca_file", authorities(&self.ca_file));
        Some(Outgoing { allowed_networks: allowed_networks?, ca_file: ca_file?, resolver: resolver? })
    }
}

/// An address, on the port of DNS (RFC 1035 §4.2) unless another is named.
fn resolver(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let bare = || text.parse::<IpAddr>().ok().map(|address| SocketAddr::from((address, 53)));
    let address = text.parse().ok().or_else(bare);
    let instead = "write for example `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:53`";
    address.map(Some).ok_or_else(|| wrong(format!("`{text}` is not the address of a DNS server"), instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_is_an_address_with_or_without_a_port() {
        for (text, expected) in [
            ("192.0.2.53", Some("192.0.2.53:53")),
            ("127.0.0.1:5353", Some("127.0.0.1:5353")),
            ("::1", Some("[::1]:53")),
            ("[::1]:5353", Some("[::1]:5353")),
            ("dns.example", None),
            ("192.0.2.53:99999", None),
        ] {
            let read = resolver(text).ok().flatten().map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
        assert_eq!(resolver("").ok(), Some(None));
    }
}
