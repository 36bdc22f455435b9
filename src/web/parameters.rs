//! Parameters of a query or a form, in the order they were sent.
//!
//! RFC 6749 §3.1: a parameter without a value counts as not sent, and none may be sent twice. Unlike a lenient parser this
//! one also refuses what is no UTF-8, a broken `%` sequence, a NUL (which PostgreSQL cannot store), and sizes nobody needs.

use std::fmt;

use crate::secret::SecretString;

/// The largest number of parameters.
pub const MAX_COUNT: usize = 100;
/// The longest name, in bytes.
pub const MAX_NAME: usize = 128;
/// The longest value, in bytes.
pub const MAX_VALUE: usize = 32 * 1024;

/// Parameters in order; each name once, unless it was declared repeatable.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Why parameters were refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ParameterError {
    /// A name was sent twice (RFC 6749 §3.1).
    #[error("the parameter {} is sent more than once", shown(.0))]
    Repeated(String),
    /// A `%` that two hexadecimal digits do not follow, bytes that are no UTF-8, or a NUL.
    #[error("the parameters are not encoded as application/x-www-form-urlencoded in UTF-8")]
    Malformed,
    /// More than [`MAX_COUNT`].
    #[error("there are more than {MAX_COUNT} parameters")]
    TooMany,
    /// A name beyond [`MAX_NAME`] or a value beyond [`MAX_VALUE`].
    #[error("the parameter {} is too long", shown(.0))]
    TooLong(String),
    /// A parameter that must be there is not.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
}

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` bytes; every name at most once.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParameterError> {
        Self::parse_repeatable(encoded, &[])
    }

    /// Parses as [`Parameters::parse`] does, but lets the names in `repeatable` come more than once (`resource` of RFC
    /// 8707 §2, check boxes of a form).
    pub fn parse_repeatable(encoded: &[u8], repeatable: &[&str]) -> Result<Self, ParameterError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_COUNT {
                return Err(ParameterError::TooMany);
            }
            let (name, value) = decode_pair(pair)?;
            if !repeatable.contains(&name.as_str()) && pairs.iter().any(|(known, _)| *known == name) {
                return Err(ParameterError::Repeated(name));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of `name`; `None` when it was not sent or is empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// The value of `name`, or an error that names it.
    pub fn required(&self, name: &'static str) -> Result<&str, ParameterError> {
        self.value(name).ok_or(ParameterError::Missing(name))
    }

    /// The value of `name` without white space around it; empty when it was not sent.
    #[must_use]
    pub fn trimmed(&self, name: &str) -> &str {
        self.value(name).unwrap_or_default().trim()
    }

    /// The value of `name`, byte by byte as it was typed; empty when it was not sent.
    #[must_use]
    pub fn secret(&self, name: &str) -> SecretString {
        self.value(name).unwrap_or_default().into()
    }

    /// Every value of a repeatable `name` that is not empty, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every pair in order, also those without a value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same parameters without `name`.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(key, _)| key != name);
        self
    }

    /// The same parameters with `name` at the end, in place of what it was.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut changed = self.without(name);
        changed.0.push((name.to_owned(), value.to_owned()));
        changed
    }

    /// The parameters as a query or form body.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Parameters {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl fmt::Debug for Parameters {
    /// Names alone: values may be passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

fn decode_pair(pair: &[u8]) -> Result<(String, String), ParameterError> {
    let border = pair.iter().position(|byte| *byte == b'=');
    let (name, value) = border.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
    let name = decode(name)?;
    if name.len() > MAX_NAME {
        return Err(ParameterError::TooLong(name));
    }
    // Each byte is encoded in at most three.
    if value.len() > 3 * MAX_VALUE {
        return Err(ParameterError::TooLong(name));
    }
    let value = decode(value)?;
    if value.len() > MAX_VALUE { Err(ParameterError::TooLong(name)) } else { Ok((name, value)) }
}

pub(super) fn decode(encoded: &[u8]) -> Result<String, ParameterError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hexadecimal), rest.next().and_then(hexadecimal)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(ParameterError::Malformed),
            },
            other => other,
        });
    }
    if bytes.contains(&0) {
        return Err(ParameterError::Malformed);
    }
    String::from_utf8(bytes).map_err(|_| ParameterError::Malformed)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A name that a client chose, fit for a message: its first letters, without anything that is not printable ASCII.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_read_strictly() {
        use ParameterError::{Malformed, Repeated};
        let pairs = |list: &[(&str, &str)]| {
            Ok(Parameters(list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()))
        };
        for (case, given, expected) in [
            ("nothing", "", pairs(&[])),
            ("separators alone", "&&", pairs(&[])),
            ("order is kept", "b=1&a=2", pairs(&[("b", "1"), ("a", "2")])),
            ("plus and percent", "a=x+y%2Bz%C3%A6", pairs(&[("a", "x y+zæ")])),
            ("an equals sign in a value", "a=b=c", pairs(&[("a", "b=c")])),
            ("no value", "a&b=", pairs(&[("a", ""), ("b", "")])),
            ("repeated", "a=1&b=2&a=1", Err(Repeated("a".into()))),
            ("repeated behind an encoding", "a=1&%61=2", Err(Repeated("a".into()))),
            ("repeated without a value", "a=1&a", Err(Repeated("a".into()))),
            ("half an escape", "a=%4", Err(Malformed)),
            ("no hexadecimal", "a=%zz", Err(Malformed)),
            ("a sign in an escape", "a=%+1", Err(Malformed)),
            ("no UTF-8", "a=%ff", Err(Malformed)),
            ("an overlong slash", "a=%c0%af", Err(Malformed)),
            ("NUL", "a=%00", Err(Malformed)),
        ] {
            assert_eq!(Parameters::parse(given.as_bytes()), expected, "{case}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let many = (0..=MAX_COUNT).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(Parameters::parse(many.as_bytes()), Err(ParameterError::TooMany));
        let name = "n".repeat(MAX_NAME + 1);
        assert_eq!(Parameters::parse(name.as_bytes()), Err(ParameterError::TooLong(name.clone())));
        let value = format!("v={}", "x".repeat(MAX_VALUE + 1));
        assert_eq!(Parameters::parse(value.as_bytes()), Err(ParameterError::TooLong("v".into())));
        let longest = format!("v={}", "%78".repeat(MAX_VALUE));
        assert!(Parameters::parse(longest.as_bytes()).is_ok());
    }

    #[test]
    fn an_empty_value_counts_as_not_sent() {
        let parameters = Parameters::parse(b"a=&b=2").expect("well-formed");
        assert_eq!((parameters.value("a"), parameters.value("b")), (None, Some("2")));
        assert_eq!(parameters.required("a"), Err(ParameterError::Missing("a")));
    }

    #[test]
    fn only_declared_names_may_repeat() {
        let parameters = Parameters::parse_repeatable(b"resource=a&x=1&resource=b", &["resource"]).expect("declared");
        assert_eq!(parameters.values("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert!(Parameters::parse_repeatable(b"x=1&x=2", &["resource"]).is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", Parameters::from([("password", "hunter2")])), r#"["password"]"#);
    }

    #[test]
    fn a_message_never_repeats_what_is_not_printable() {
        let error = ParameterError::Repeated("a\"\\\r\n\u{202e}b".into());
        assert_eq!(error.to_string(), "the parameter ab is sent more than once");
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(parameters) = Parameters::parse(&bytes) {
                let again = Parameters::parse(parameters.encode().as_bytes());
                prop_assert_eq!(again, Ok(parameters));
            }
        }

        #[test]
        fn what_is_encoded_is_read_back(pairs in prop::collection::btree_map("[^\0]{1,20}", "[^\0]{0,50}", 0..20)) {
            let parameters = Parameters(pairs.into_iter().collect());
            prop_assert_eq!(Parameters::parse(parameters.encode().as_bytes()), Ok(parameters));
        }
    }
}
