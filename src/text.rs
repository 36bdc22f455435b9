//! Names and addresses, parsed once at the edge.
//!
//! A value of these types is trimmed, bounded, free of control characters and, where it is a key, already folded.

mod names;
pub mod network;
pub mod phone;
pub mod span;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub(crate) use names::names;

/// Why a text was refused; the message is fit for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More than the given number of bytes.
    #[error("must not be longer than {0} bytes")]
    TooLong(usize),
    /// A character that the kind of text does not allow.
    #[error("contains a character that is not allowed here")]
    Character,
    /// No short key.
    #[error("must be of lower-case letters, digits, `-` and `_`, and begin with a letter or a digit")]
    NotASlug,
    /// No e-mail address.
    #[error("is not an e-mail address like name@clinic.example")]
    NotAnAddress,
    /// No domain name.
    #[error("is not a domain name like clinic.example")]
    NotADomain,
}

/// Most characters that are repeated.
const LONGEST_ECHO: usize = 100;

/// What somebody sent, as a refusal may repeat it: at most 100 characters, none of them a control character.
#[must_use]
pub fn echo(text: &str) -> String {
    let mut characters = text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one });
    let mut shown: String = characters.by_ref().take(LONGEST_ECHO).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $parse:path;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A value read from the database, which holds none that does not parse.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                $parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// A short key that never changes: lower-case letters, digits, `-` and `_`, at most 64 bytes.
    Slug = slug;
    /// A name as people write it, at most 200 bytes.
    Name = name;
    /// Why something is done, in a line of at most 500 bytes.
    Reason = reason;
    /// An e-mail address (RFC 5321 §4.1.2, without quoted local parts), folded to lower case, at most 254 bytes.
    EmailAddress = email_address;
    /// What a person types to sign in: an e-mail address or a plain user name, folded to lower case.
    UserName = user_name;
    /// A domain name (RFC 1123 §2.1), folded to lower case, with at least one dot.
    DomainName = domain_name;
}

impl EmailAddress {
    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

fn slug(text: &str) -> Result<String, TextError> {
    let text = bounded(text, 64)?;
    let fits = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if fits && !text.starts_with(['-', '_']) { Ok(text) } else { Err(TextError::NotASlug) }
}

fn name(text: &str) -> Result<String, TextError> {
    bounded(text, 200)
}

fn reason(text: &str) -> Result<String, TextError> {
    bounded(text, 500)
}

fn email_address(text: &str) -> Result<String, TextError> {
    let text = bounded(text, 254)?.to_lowercase();
    let (local, domain) = text.rsplit_once('@').ok_or(TextError::NotAnAddress)?;
    let atoms = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom));
    if local.len() > 64 || !atoms || (!is_domain(domain) && domain != "localhost") {
        return Err(TextError::NotAnAddress);
    }
    Ok(text)
}

fn user_name(text: &str) -> Result<String, TextError> {
    if text.contains('@') {
        return email_address(text);
    }
    let text = bounded(text, 64)?.to_lowercase();
    if text.chars().all(|c| c.is_alphanumeric() || "._-+'".contains(c)) { Ok(text) } else { Err(TextError::Character) }
}

fn domain_name(text: &str) -> Result<String, TextError> {
    let text = bounded(text, 253)?.to_lowercase();
    if is_domain(&text) { Ok(text) } else { Err(TextError::NotADomain) }
}

fn bounded(text: &str, bytes: usize) -> Result<String, TextError> {
    let text = text.trim();
    match text {
        "" => Err(TextError::Empty),
        _ if text.len() > bytes => Err(TextError::TooLong(bytes)),
        _ if text.chars().any(|c| c.is_control() || is_invisible(c)) => Err(TextError::Character),
        _ => Ok(text.to_owned()),
    }
}

/// Characters that reorder or hide text, with which one name could pass for another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_checked() {
        for (text, expected) in [
            (" Olivia@Riverside.Example ", Ok("olivia@riverside.example")),
            ("o'neil+a@x.dk", Ok("o'neil+a@x.dk")),
            ("jørgen@klinik.dk", Ok("jørgen@klinik.dk")),
            ("", Err(TextError::Empty)),
            ("a@b", Err(TextError::NotAnAddress)),
            ("a@@b.dk", Err(TextError::NotAnAddress)),
            ("a..b@c.dk", Err(TextError::NotAnAddress)),
            ("a b@c.dk", Err(TextError::NotAnAddress)),
            ("a@-c.dk", Err(TextError::NotAnAddress)),
            ("a@c.dk\nBcc: x@y.dk", Err(TextError::Character)),
        ] {
            assert_eq!(text.parse::<EmailAddress>().map(String::from), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn slugs_are_plain() {
        for (text, fits) in
            [("main-street", true), ("front_desk", true), ("Main", false), ("-a", false), ("a b", false), ("", false)]
        {
            assert_eq!(text.parse::<Slug>().is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn names_hide_nothing() {
        assert!("Dr. Åse  O’Neil".parse::<Name>().is_ok());
        assert!("a\u{202e}b".parse::<Name>().is_err());
        assert!("a\0".parse::<Name>().is_err());
        assert_eq!("x".repeat(201).parse::<Name>(), Err(TextError::TooLong(200)));
    }
}
