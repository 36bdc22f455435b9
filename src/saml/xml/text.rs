//! Writing: every value that goes into XML of ours goes through [`escaped`].

use crate::clock::Timestamp;

/// A text as it may stand between tags and in attributes; what XML cannot carry becomes `U+FFFD`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // In attributes they would be read as spaces.
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// An instant as SAML writes it (core §1.3.3): `2026-11-24T08:30:00Z`.
///
/// None where it is written otherwise.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // Without an offset it is in UTC.
    let has_offset = text.ends_with('Z') || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']));
    if text.len() < 19 {
        return None;
    }
    Timestamp::parse(&if has_offset { text.to_owned() } else { format!("{text}Z") }).ok()
}
