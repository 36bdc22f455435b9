//! Versions of resources: weak entity tags (RFC 7644 §3.14, RFC 9110 §8.8.3).

use data_encoding::BASE64URL_NOPAD;

use crate::secret::sha256;

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The version of what has this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(format!("W/\"{}\"", BASE64URL_NOPAD.encode(&sha256(text.as_bytes())[..12])))
    }

    /// As in `ETag` and `meta.version`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What `If-Match` or `If-None-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// Any: `*`.
    Any,
    /// One of these, without marks of weakness.
    These(Vec<String>),
}

impl Versions {
    /// Reads the lines of the header; `None` when there is none. One that names no version matches none.
    #[must_use]
    pub fn parse<'h>(lines: impl Iterator<Item = &'h str>) -> Option<Self> {
        let mut lines = lines.peekable();
        lines.peek()?;
        let tags = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().trim_start_matches("W/").to_owned());
        let all: Vec<String> = tags.filter(|tag| !tag.is_empty()).collect();
        Some(if all.iter().any(|tag| tag == "*") { Self::Any } else { Self::These(all) })
    }

    /// Whether the version is among them, weakly compared: SCIM's tags are weak (RFC 7644 §3.14).
    #[must_use]
    pub fn have(&self, version: &Version) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag == version.0.trim_start_matches("W/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let version = Version::of("a");
        let strong = version.as_str().trim_start_matches("W/").to_owned();
        assert!(version.as_str().starts_with("W/\"") && version.as_str().ends_with('"'));
        for (lines, expected) in [
            (vec![], None),
            (vec![" , "], Some(false)),
            (vec![""], Some(false)),
            (vec!["*"], Some(true)),
            (vec![version.as_str()], Some(true)),
            (vec![strong.as_str()], Some(true)),
            (vec!["\"x\"", version.as_str()], Some(true)),
            (vec!["\"x\", W/\"y\""], Some(false)),
            (vec!["x"], Some(false)),
        ] {
            let found = Versions::parse(lines.iter().copied()).map(|versions| versions.have(&version));
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
