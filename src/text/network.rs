//! Networks in CIDR notation (RFC 4632, RFC 4291 §2.3); a bare address is a network of one.

use std::net::IpAddr;

use ipnet::IpNet;

/// Reads a network; what lies below its mask is dropped.
#[must_use]
pub fn parse(text: &str) -> Option<IpNet> {
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    parsed.map(|network| network.trunc())
}

/// What is in both of two lists.
#[must_use]
pub fn intersection(one: &[IpNet], other: &[IpNet]) -> Vec<IpNet> {
    // Of two networks one lies in the other, or they have nothing in common.
    let common = |one: &IpNet, other: &IpNet| match (one.contains(other), other.contains(one)) {
        (true, _) => Some(*other),
        (_, true) => Some(*one),
        _ => None,
    };
    let all = one.iter().flat_map(|one| other.iter().filter_map(move |other| common(one, other)));
    IpNet::aggregate(&all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_to_two_lists_is_in_both() {
        let list = |text: &str| text.split_whitespace().map(|one| parse(one).unwrap()).collect::<Vec<_>>();
        for (one, other, expected) in [
            ("10.0.0.0/8", "10.1.0.0/16 192.0.2.0/24", "10.1.0.0/16"),
            ("10.0.0.0/8 192.0.2.7", "192.0.2.0/24 10.0.0.0/8", "10.0.0.0/8 192.0.2.7/32"),
            ("10.0.0.0/8", "192.0.2.0/24", ""),
            ("::/0", "2001:db8::/32 10.0.0.0/8", "2001:db8::/32"),
            ("10.0.0.0/9 10.128.0.0/9", "10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(intersection(&list(one), &list(other)), list(expected), "{one} and {other}");
        }
    }
}
