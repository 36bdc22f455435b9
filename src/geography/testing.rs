//! Small files in the format of `MaxMind` DB (version 2.0), for tests: the format is public, and a real file is not ours to
//! ship.

use std::net::IpAddr;

use ipnet::IpNet;

/// Where a node leads to.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// A file that knows these networks, each with the code of its country, and behind it, if need be, latitude and longitude
/// in degrees; of two the later counts where both hold.
///
/// # Panics
/// When a network cannot be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a wrong table is a wrong test")]
pub fn file(networks: &[(&str, &str)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Record::Nothing; 2]], vec![]);
    for (network, country) in networks {
        let network: IpNet = network.parse().expect("a network");
        let at = data.len();
        data.extend(record(country));
        insert(&mut nodes, network, Record::Data(at));
    }
    let count = nodes.len();
    let mut file = vec![];
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Nothing => count,
            Record::Node(node) => *node,
            Record::Data(at) => count + 16 + at,
        };
        file.extend(&u32::try_from(value).expect("a small file").to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("node_count", number(6, u32::try_from(count).expect("a small file"))),
        ("record_size", number(5, 24)),
        ("ip_version", number(5, 6)),
        ("database_type", text("Test-Country")),
        ("languages", vec![0, 4]),
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", vec![1, 2, 1]),
        ("description", map(&[])),
    ]));
    file
}

fn record(place: &str) -> Vec<u8> {
    let mut words = place.split(' ');
    let country = ("country", map(&[("iso_code", text(words.next().unwrap_or_default()))]));
    let Some((latitude, longitude)) = words.next().zip(words.next()) else { return map(&[country]) };
    let location = map(&[("latitude", double(latitude)), ("longitude", double(longitude))]);
    map(&[country, ("location", location)])
}

/// Kind 3, eight bytes.
#[expect(clippy::expect_used, reason = "a wrong table is a wrong test")]
fn double(degrees: &str) -> Vec<u8> {
    let degrees: f64 = degrees.parse().expect("degrees");
    std::iter::once(3 << 5 | 8).chain(degrees.to_be_bytes()).collect()
}

fn insert(nodes: &mut Vec<[Record; 2]>, network: IpNet, value: Record) {
    // Addresses of IPv4 lie at ::/96.
    let (bits, length) = match network.addr() {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), usize::from(network.prefix_len()) + 96),
        IpAddr::V6(v6) => (u128::from(v6), usize::from(network.prefix_len())),
    };
    let mut node = 0;
    for depth in 0..length {
        let side = usize::from(bits >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[node][side] = value;
            return;
        }
        node = match nodes[node][side] {
            Record::Node(next) => next,
            above => {
                nodes.push([above; 2]);
                nodes[node][side] = Record::Node(nodes.len() - 1);
                nodes.len() - 1
            }
        };
    }
}

fn text(text: &str) -> Vec<u8> {
    std::iter::once(2 << 5 | byte(text.len())).chain(text.bytes()).collect()
}

/// Of kind 5 (two bytes) or 6 (four).
fn number(kind: u8, value: u32) -> Vec<u8> {
    let bytes: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    std::iter::once(kind << 5 | byte(bytes.len())).chain(bytes).collect()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let inside = members.iter().flat_map(|(name, value)| text(name).into_iter().chain(value.clone()));
    std::iter::once(7 << 5 | byte(members.len())).chain(inside).collect()
}

/// Lengths of less than 29 are written in five bits.
fn byte(length: usize) -> u8 {
    u8::try_from(length).ok().filter(|length| *length < 29).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_conformance_scripts_is_written_here() {
        let written = file(&[("203.0.113.0/24", "DK 55.7 12.6"), ("198.51.100.0/24", "SE 59.3 18.1")]);
        assert_eq!(written, include_bytes!("../../conformance/countries.mmdb"));
    }
}
