//! Lengths of time as people write them: `500ms`, `30s`, `5m`, `24h`, `90d`.

use std::time::Duration;

use super::check::{Wrong, wrong};

/// Reads a length of time within bounds.
pub(super) fn span(text: &str, least: &str, most: &str) -> Result<Duration, Wrong> {
    let instead = || format!("write a number and a unit from {least} to {most}: ms, s, m, h or d");
    let duration = parse(text).ok_or_else(|| wrong(format!("`{text}` is not a length of time"), instead()))?;
    let bounds = parse(least).unwrap_or(Duration::ZERO)..=parse(most).unwrap_or(Duration::MAX);
    if bounds.contains(&duration) { Ok(duration) } else { Err(wrong(format!("`{text}` is out of bounds"), instead())) }
}

/// Reads a length of time.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let millis = match text[split..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_number_and_a_unit() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("5 m", Some(300_000)),
            ("24h", Some(86_400_000)),
            ("90d", Some(7_776_000_000)),
            ("90", None),
            ("", None),
            ("-5s", None),
            ("5 weeks", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(parse(text), expected.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        for (text, fits) in [("59s", false), ("60s", true), ("15m", true), ("901s", false)] {
            assert_eq!(span(text, "60s", "15m").is_ok(), fits, "{text}");
        }
    }
}
