//! Lists of networks.

use ipnet::IpNet;

use super::check::{Wrong, wrong};
pub use crate::text::network::parse;

/// Reads a list of networks.
pub(super) fn networks(texts: &[String]) -> Result<Vec<IpNet>, Wrong> {
    texts.iter().map(|text| network(text.trim())).collect()
}

fn network(text: &str) -> Result<IpNet, Wrong> {
    parse(text).ok_or_else(|| {
        wrong(format!("`{text}` is not a network"), "write for example `10.0.0.0/8`, `::1` or `192.0.2.7`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cidr_blocks_or_single_addresses() {
        for (text, expected) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("::1", Some("::1/128")),
            ("10.0.0.0/33", None),
            ("proxy.example", None),
        ] {
            assert_eq!(network(text).ok().map(|n| n.to_string()).as_deref(), expected, "{text}");
        }
    }
}
