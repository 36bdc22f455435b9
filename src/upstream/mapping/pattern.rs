//! What a value has to look like for a rule to hold.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

/// A pattern. Small and capital letters are the same, as in directories.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// This text.
    Equals(String),
    /// What begins so; what follows is `{rest}`.
    Prefix(String),
    /// What this regular expression matches, whole; its named groups can be written as `{name}`.
    Matches(Regex),
}

/// Bytes that a compiled expression may take.
const LARGEST: usize = 256 * 1024;

/// The expression is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a regular expression: {1}")]
pub struct NoPattern(String, String);

/// Parts of a value that a pattern names.
pub type Captures = BTreeMap<String, String>;

impl Pattern {
    /// The pattern of a regular expression.
    ///
    /// # Errors
    /// [`NoPattern`], also for one that is too large.
    pub fn matching(expression: &str) -> Result<Self, NoPattern> {
        let whole =
            RegexBuilder::new(&format!("^(?:{expression})$")).case_insensitive(true).size_limit(LARGEST).build();
        let last_line = |error: regex::Error| error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        whole.map(Self::Matches).map_err(|error| NoPattern(expression.to_owned(), last_line(error)))
    }

    /// The parts that it names of a value that it fits.
    #[must_use]
    pub fn find(&self, value: &str) -> Option<Captures> {
        match self {
            Self::Equals(text) => (value.to_lowercase() == text.to_lowercase()).then(Captures::new),
            Self::Prefix(text) => {
                let rest = value.get(..text.len()).filter(|start| start.to_lowercase() == text.to_lowercase());
                rest.map(|start| [("rest".to_owned(), value[start.len()..].to_owned())].into())
            }
            Self::Matches(expression) => {
                let found = expression.captures(value)?;
                let named = expression.capture_names().flatten();
                Some(named.filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned()))).collect())
            }
        }
    }

    /// The names of the parts that it finds.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Equals(_) => vec![],
            Self::Prefix(_) => vec!["rest"],
            Self::Matches(expression) => expression.capture_names().flatten().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_a_pattern_whole() {
        let matching = |text: &str| Pattern::matching(text).expect("an expression");
        let role = matching("app-(?<place>[a-z-]+)-(?<role>gp|nurse)");
        for (case, pattern, value, expected) in [
            ("equal", &Pattern::Equals("Doctors".to_owned()), "doctors", Some(vec![])),
            ("longer", &Pattern::Equals("Doctors".to_owned()), "doctors-2", None),
            ("beginning", &Pattern::Prefix("APP-".to_owned()), "app-Nurses", Some(vec![("rest", "Nurses")])),
            ("other beginning", &Pattern::Prefix("APP-".to_owned()), "ap", None),
            ("inside a letter", &Pattern::Prefix("ab".to_owned()), "aé", None),
            ("parts", &role, "App-Main-Street-GP", Some(vec![("place", "Main-Street"), ("role", "GP")])),
            ("not whole", &role, "app-main-street-gp-x", None),
            ("either, whole", &matching("a|b"), "bc", None),
        ] {
            let expected = expected.map(|parts| {
                parts.into_iter().map(|(name, part)| (name.to_owned(), part.to_owned())).collect::<Captures>()
            });
            assert_eq!(pattern.find(value), expected, "{case}");
        }
        assert_eq!(role.names(), ["place", "role"]);
    }

    #[test]
    fn an_expression_that_is_none_or_too_large_is_refused() {
        for text in ["(", "[z-a]", "a{1000}{1000}", "(?<x>a)(?<x>b)"] {
            assert!(Pattern::matching(text).is_err(), "{text}");
        }
    }
}
