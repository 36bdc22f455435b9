//! Telephone numbers (ITU-T E.164): `+` and 8 to 15 digits, the first of which begins the code of a country.

use std::{fmt, str::FromStr};

use super::echo;

/// A number that can be called from everywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// Text that is no such number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no telephone number with the code of its country; write for example `+45 12 34 56 78`")]
pub struct NotAPhoneNumber(String);

impl PhoneNumber {
    /// As it is dialled: `+` and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As whoever knows it recognises it: its last two digits.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("•••• {}", &self.0[self.0.len() - 2..])
    }
}

impl FromStr for PhoneNumber {
    type Err = NotAPhoneNumber;

    fn from_str(text: &str) -> Result<Self, NotAPhoneNumber> {
        let wrong = || NotAPhoneNumber(echo(text));
        let dialled: String = text.trim().chars().filter(|c| !" -().\u{a0}".contains(*c)).take(20).collect();
        // What is dialled before the code of a country in most of them.
        let digits = dialled.strip_prefix('+').or_else(|| dialled.strip_prefix("00")).ok_or_else(wrong)?;
        let is_number = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && !digits.starts_with('0') { Ok(Self(format!("+{digits}"))) } else { Err(wrong()) }
    }
}

/// No log tells whose number it is.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_code_of_its_country_however_it_is_grouped() {
        for (text, expected) in [
            ("+45 12 34 56 78", Some("+4512345678")),
            (" 0045 12-34-56-78 ", Some("+4512345678")),
            ("+34 (600) 123.456", Some("+34600123456")),
            ("12 34 56 78", None),
            ("+0512345678", None),
            ("+45 1234", None),
            ("+4512345678901234", None),
            ("+45 12 34 56 7x", None),
            ("+45 ١٢ ٣٤ ٥٦ ٧٨", None),
            ("", None),
            ("+", None),
        ] {
            let found = text.parse::<PhoneNumber>().ok();
            assert_eq!(found.as_ref().map(PhoneNumber::as_str), expected, "{text}");
        }
    }

    #[test]
    fn no_more_of_it_is_shown_than_two_digits() {
        let number: PhoneNumber = "+4512345678".parse().expect("a number");
        assert_eq!((number.masked().as_str(), format!("{number:?}").as_str()), ("•••• 78", "PhoneNumber(•••• 78)"));
    }
}
