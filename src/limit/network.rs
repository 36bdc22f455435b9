//! The network that a request comes from: one IPv4 address, or the /64 that one IPv6 host can choose addresses in.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// A network that counts as one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(Ipv6Addr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped()),
            IpAddr::V6(address) => Self(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        }
    }
}

impl Network {
    /// The bytes that stand for it as a key.
    #[must_use]
    pub const fn octets(self) -> [u8; 16] {
        self.0.octets()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_ipv4_mapped() {
            Some(address) => write!(f, "{address}"),
            None => write!(f, "{}/64", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_host_is_its_64_bit_network() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let network = Network::from(address.parse::<IpAddr>().expect("an address"));
            assert_eq!(network.to_string(), expected, "{address}");
        }
    }
}
