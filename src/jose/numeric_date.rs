//! An instant in claims (RFC 7519 §2): seconds since 1970, possibly with a fraction.

use serde::Deserialize;

use crate::clock::Timestamp;

/// `exp`, `nbf`, `iat`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct NumericDate(f64);

impl NumericDate {
    /// To the millisecond; what no calendar knows is as far away as can be.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    pub fn at(self) -> Timestamp {
        Timestamp((self.0 * 1000.0) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_instants() {
        for (text, expected) in [
            ("7", Some(7000)),
            ("-7", Some(-7000)),
            ("7.5", Some(7500)),
            ("1e300", Some(i64::MAX)),
            ("-1e300", Some(i64::MIN)),
            ("\"7\"", None),
            ("[7]", None),
            ("null", None),
            ("true", None),
        ] {
            assert_eq!(serde_json::from_str::<NumericDate>(text).ok().map(|date| date.at().0), expected, "{text}");
        }
    }
}
