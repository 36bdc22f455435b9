//! A password as it was typed, ready to be hashed.

use unicode_normalization::UnicodeNormalization;

use crate::{
    config,
    secret::{ExposeSecret, SecretString},
};

/// A password of at most 1,024 bytes in Unicode normalization form C, so that it is the same from every keyboard
/// (NIST SP 800-63B-4 §3.1.1.2).
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// A password is longer than 1,024 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password is longer than {} bytes", config::Password::MAX_BYTES)]
pub struct TooLong;

impl Password {
    /// Takes what was typed; spaces and case count.
    ///
    /// # Errors
    /// [`TooLong`], before anything else is done with it.
    pub fn parse(typed: &str) -> Result<Self, TooLong> {
        if typed.len() > config::Password::MAX_BYTES {
            return Err(TooLong);
        }
        let normal: String = typed.nfc().collect();
        if normal.len() > config::Password::MAX_BYTES { Err(TooLong) } else { Ok(Self(normal.into())) }
    }

    /// How many characters it has, as people count them: code points.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    /// The normalized text, for rules about its content.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_characters_are_the_same_password() {
        for (typed, same) in [("e\u{301}tat", "état"), ("A\u{30a}", "Å"), ("plain", "plain"), (" a b ", " a b ")] {
            assert_eq!(Password::parse(typed).expect("short").expose(), same);
        }
        assert_ne!(Password::parse("ﬁ").expect("short").expose(), "fi", "compatibility forms stay apart");
    }

    #[test]
    fn more_than_1024_bytes_are_refused() {
        for (text, accepted) in [("a".repeat(1024), true), ("a".repeat(1025), false), ("é".repeat(513), false)] {
            assert_eq!(Password::parse(&text).is_ok(), accepted, "{}", text.len());
        }
    }

    #[test]
    fn a_text_that_grows_when_normalized_is_measured_afterwards() {
        // U+0958 becomes two code points of three bytes each, also in form C.
        assert_eq!(Password::parse(&"\u{958}".repeat(341)).err(), Some(TooLong));
    }
}
