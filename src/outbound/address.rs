//! Which addresses the server may call: those of the internet, and private ones that the operator named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Whether `address` may be called; over plain http only inside the allowed networks.
pub(super) fn is_open(address: IpAddr, allowed: &[IpNet], plain: bool) -> bool {
    let address = address.to_canonical();
    allowed.iter().any(|network| network.contains(&address)) || (!plain && is_of_the_internet(address))
}

/// The special-purpose registries of RFC 6890 taken out.
fn is_of_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_v4_of_the_internet(address),
        IpAddr::V6(address) => is_v6_of_the_internet(address),
    }
}

fn is_v4_of_the_internet(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Global unicast is `2000::/3`; inside of it lie tunnels that lead to any IPv4 address, and examples.
fn is_v6_of_the_internet(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let tunnel = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    let example = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    first & 0xe000 == 0x2000 && !tunnel && !example
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_closed_unless_named() {
        let named: Vec<IpNet> = vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()];
        for (address, https, http) in [
            ("93.184.215.14", true, false),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true, false),
            ("10.1.2.3", true, true),
            ("::ffff:10.1.2.3", true, true),
            ("10.2.2.3", false, false),
            ("::1", true, true),
            ("127.0.0.1", false, false),
            ("::ffff:127.0.0.1", false, false),
            ("0.0.0.0", false, false),
            ("169.254.169.254", false, false),
            ("172.31.0.1", false, false),
            ("192.168.1.1", false, false),
            ("100.64.0.1", false, false),
            ("198.18.0.1", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("::", false, false),
            ("fe80::1", false, false),
            ("fc00::1", false, false),
            ("64:ff9b::7f00:1", false, false),
            ("2002:7f00:1::", false, false),
            ("2001:0:7f00:1::", false, false),
            ("ff02::1", false, false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!((is_open(parsed, &named, false), is_open(parsed, &named, true)), (https, http), "{address}");
        }
    }
}
