//! Lengths of time within bounds.

use std::time::Duration;

use super::check::{Wrong, wrong};
pub use crate::text::span::parse;

/// Reads a length of time within bounds.
pub(super) fn span(text: &str, least: &str, most: &str) -> Result<Duration, Wrong> {
    let instead = || format!("write a number and a unit from {least} to {most}: ms, s, m, h or d");
    let duration = parse(text).ok_or_else(|| wrong(format!("`{text}` is not a length of time"), instead()))?;
    let bounds = parse(least).unwrap_or(Duration::ZERO)..=parse(most).unwrap_or(Duration::MAX);
    if bounds.contains(&duration) { Ok(duration) } else { Err(wrong(format!("`{text}` is out of bounds"), instead())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive() {
        for (text, fits) in [("59s", false), ("60s", true), ("15m", true), ("901s", false)] {
            assert_eq!(span(text, "60s", "15m").is_ok(), fits, "{text}");
        }
    }
}
