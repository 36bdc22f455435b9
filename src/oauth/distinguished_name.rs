//! Distinguished names as text (RFC 4514), compared with those of certificates: part by part, in their order.

use x509_parser::x509::X509Name;

/// One part: its type as an object identifier, and its value.
type Part = (String, String);

/// The types that have a name (RFC 4514 §3, RFC 4519), and two that certificates use beside them.
const TYPES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
];

/// Whether `text` can be read at all.
#[must_use]
pub(super) fn is_readable(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether `text` names what the certificate names; the text has the last part first.
#[must_use]
pub(super) fn matches(text: &str, name: &X509Name<'_>) -> bool {
    let of_certificate = || {
        let mut sets = vec![];
        for set in name.iter() {
            let mut parts: Vec<Part> = vec![];
            for attribute in set.iter() {
                parts.push((attribute.attr_type().to_id_string(), attribute.as_str().ok()?.to_owned()));
            }
            parts.sort();
            sets.push(parts);
        }
        sets.reverse();
        Some(sets)
    };
    parse(text).is_some_and(|parsed| of_certificate() == Some(parsed))
}

/// The sets of parts, the parts of each in a fixed order.
fn parse(text: &str) -> Option<Vec<Vec<Part>>> {
    split(text, ',')?
        .into_iter()
        .map(|set| {
            let mut parts = split(set, '+')?.into_iter().map(part).collect::<Option<Vec<_>>>()?;
            parts.sort();
            Some(parts)
        })
        .collect()
}

/// Splits at each `border` that is not escaped; nothing between two of them is wrong.
fn split(text: &str, border: char) -> Option<Vec<&str>> {
    let (mut pieces, mut begin, mut is_escaped) = (vec![], 0, false);
    for (at, character) in text.char_indices() {
        if character == border && !is_escaped {
            pieces.push(&text[begin..at]);
            begin = at + 1;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    pieces.push(&text[begin..]);
    pieces.iter().all(|piece| !piece.trim().is_empty()).then_some(pieces)
}

fn part(text: &str) -> Option<Part> {
    let (kind, value) = text.split_once('=')?;
    let kind = kind.trim();
    let named = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, id)| (*id).to_owned());
    let is_id = kind.contains('.') && kind.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let kind = named.or_else(|| is_id.then(|| kind.to_owned()))?;
    Some((kind, value_of(value)?))
}

/// RFC 4514 §2.4: `\` before a special character or two hexadecimal digits; white space around it is not part of it.
fn value_of(text: &str) -> Option<String> {
    let text = text.trim_start();
    let kept = text.trim_end();
    // The white space after a last `\` belongs to it.
    let text = if kept.ends_with('\\') && text.len() > kept.len() { &text[..=kept.len()] } else { kept };
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let (mut bytes, mut rest) = (vec![], text.bytes());
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.next()? {
                escaped @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\') => bytes.push(escaped),
                high => bytes.push(u8::from_str_radix(std::str::from_utf8(&[high, rest.next()?]).ok()?, 16).ok()?),
            },
            b'"' | b';' | b'<' | b'>' => return None,
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_its_rfc_writes_it() {
        let id = |kind: &str| TYPES.iter().find(|(name, _)| *name == kind).unwrap().1.to_owned();
        let one = |kind: &str, value: &str| vec![(id(kind), value.to_owned())];
        for (text, expected) in [
            ("CN=roster", Some(vec![one("CN", "roster")])),
            ("UID=jsmith,DC=example,DC=net", Some(vec![one("UID", "jsmith"), one("DC", "example"), one("DC", "net")])),
            ("cn = a , o = b", Some(vec![one("CN", "a"), one("O", "b")])),
            ("2.5.4.3=a", Some(vec![one("CN", "a")])),
            ("CN=James \\\"Jim\\\" Smith\\, III", Some(vec![one("CN", "James \"Jim\" Smith, III")])),
            ("CN=Lu\\C4\\8Di\\C4\\87", Some(vec![one("CN", "Lučić")])),
            ("CN=Before\\0dAfter", Some(vec![one("CN", "Before\rAfter")])),
            ("CN=a\\ ", Some(vec![one("CN", "a ")])),
            ("CN=a=b", Some(vec![one("CN", "a=b")])),
            ("OU=Sales+CN=J.", Some(vec![vec![(id("OU"), "Sales".into()), (id("CN"), "J.".into())]])),
            ("", None),
            ("CN", None),
            ("CN=", None),
            ("CN=a,", None),
            ("CN=a,,O=b", None),
            ("XY=a", None),
            ("CN=#04024869", None),
            ("CN=\"a\"", None),
            ("CN=a\\", None),
            ("CN=a\\zz", None),
            ("CN=\\ff", None),
        ] {
            let sorted = |mut parts: Vec<Part>| {
                parts.sort();
                parts
            };
            let expected = expected.map(|sets| sets.into_iter().map(sorted).collect::<Vec<_>>());
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
