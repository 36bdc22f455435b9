//! Lengths of time as people write them: `500ms`, `30s`, `5m`, `24h`, `90d`.

use std::time::Duration;

/// Units in milliseconds, the longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a length of time.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let (_, millis) = UNITS.into_iter().find(|(unit, _)| *unit == text[split..].trim())?;
    number.checked_mul(millis).map(Duration::from_millis)
}

/// Writes it in the longest unit that fits.
#[must_use]
pub fn print(span: Duration) -> String {
    let millis = span.as_millis();
    let fitting = UNITS.into_iter().find(|(_, unit)| millis != 0 && millis.is_multiple_of(u128::from(*unit)));
    let (unit, length) = fitting.unwrap_or(("s", 1_000));
    format!("{}{unit}", millis / u128::from(length))
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
    fn they_are_written_as_they_are_read() {
        for (millis, expected) in
            [(0, "0s"), (500, "500ms"), (90_000, "90s"), (5_400_000, "90m"), (86_400_000, "1d"), (129_600_000, "36h")]
        {
            let span = Duration::from_millis(millis);
            assert_eq!(print(span), expected);
            assert_eq!(parse(expected), Some(span));
        }
    }
}
