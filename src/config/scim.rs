//! `[scim]`: how much outside systems may push.

use serde::{Deserialize, Serialize};

use super::check::{Check, Wrong, wrong};

/// How much outside systems may push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scim {
    /// Whether `/scim/v2` answers at all.
    pub is_on: bool,
    /// Requests of one system, lastingly.
    pub requests_per_second: u32,
    /// Requests of one system that may come at once.
    pub burst: u32,
    /// Operations of one bulk request; its size is that of any body (`server.body_limit`).
    pub bulk_operations: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    access: String,
    requests_per_second: u64,
    burst: u64,
    bulk_operations: u64,
}

impl Default for Raw {
    fn default() -> Self {
        Self { access: "on".to_owned(), requests_per_second: 100, burst: 500, bulk_operations: 1000 }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Scim> {
        let is_on = check.take("scim.access", is_on(self.access.trim()));
        let requests_per_second =
            check.take("scim.requests_per_second", within(self.requests_per_second, "requests", 1_000_000));
        let burst = check.take("scim.burst", within(self.burst, "requests", 1_000_000));
        let bulk_operations = check.take("scim.bulk_operations", within(self.bulk_operations, "operations", 10_000));
        Some(Scim {
            is_on: is_on?,
            requests_per_second: requests_per_second?,
            burst: burst?,
            bulk_operations: bulk_operations?,
        })
    }
}

fn is_on(text: &str) -> Result<bool, Wrong> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(wrong(format!("`{other}` is neither `on` nor `off`"), "write `on` or `off`")),
    }
}

fn within(number: u64, what: &str, most: u32) -> Result<u32, Wrong> {
    match u32::try_from(number) {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{number} {what} are out of bounds"), format!("write 1 to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_bounds() {
        for (number, accepted) in [(0, false), (1, true), (10_000, true), (10_001, false), (u64::MAX, false)] {
            assert_eq!(within(number, "requests", 10_000).is_ok(), accepted, "{number}");
        }
        assert_eq!((is_on("on"), is_on("off")), (Ok(true), Ok(false)));
        assert!(is_on("yes").is_err());
    }
}
