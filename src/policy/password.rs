//! What is asked of a new password (NIST SP 800-63B-4 §3.1.1.2): length and context, no composition rules, no expiry.

use std::fmt;

use crate::config;

/// Why a password was refused; a page says it in the person's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Fewer characters than this.
    TooShort(usize),
    /// More bytes than this.
    TooLong(usize),
    /// It is little more than the person's name, address or clinic.
    Context,
    /// One character or a short piece over and over, or a row of the keyboard.
    Trivial,
    /// It is the one before.
    Same,
}

impl fmt::Display for Problem {
    /// For the command line; pages have their own texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort(least) => write!(f, "the password needs at least {least} characters"),
            Self::TooLong(most) => write!(f, "the password may have at most {most} bytes"),
            Self::Context => f.write_str("the password is too close to the name, the address or the clinic"),
            Self::Trivial => f.write_str("the password is too easy to guess"),
            Self::Same => f.write_str("the password is the present one"),
        }
    }
}

/// Words that a password must not rest on: names, addresses, the clinic.
pub type Context<'a> = &'a [&'a str];

/// Checks a new password.
///
/// # Errors
/// The first [`Problem`].
pub fn check(password: &str, rules: &config::Password, context: Context<'_>) -> Result<(), Problem> {
    if password.len() > config::Password::MAX_BYTES {
        return Err(Problem::TooLong(config::Password::MAX_BYTES));
    }
    if password.chars().count() < rules.min_length {
        return Err(Problem::TooShort(rules.min_length));
    }
    let folded = password.to_lowercase();
    if is_trivial(&folded) {
        return Err(Problem::Trivial);
    }
    if rests_on(&folded, context, rules.min_length) {
        return Err(Problem::Context);
    }
    Ok(())
}

/// Whether too little is left of the password when the context's words are taken out.
fn rests_on(folded: &str, context: Context<'_>, least: usize) -> bool {
    let words = context.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let mut rest = folded.to_owned();
    for word in words.map(str::to_lowercase).filter(|word| word.chars().count() >= 4) {
        rest = rest.replace(&word, "");
    }
    rest.len() < folded.len() && rest.chars().filter(|c| c.is_alphanumeric()).count() * 2 < least
}

/// A short piece over and over, or runs along the alphabet, the digits or the keyboard.
fn is_trivial(folded: &str) -> bool {
    const ROWS: [&str; 6] =
        ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "passwordpassword"];
    let letters: Vec<char> = folded.chars().collect();
    let repeats = (1..=4).any(|piece| letters.iter().skip(piece).zip(&letters).all(|(a, b)| a == b));
    let mut rest = folded.to_owned();
    for row in ROWS {
        let backwards: String = row.chars().rev().collect();
        for length in (4..=row.len()).rev() {
            for start in 0..=row.len() - length {
                rest = rest.replace(&row[start..start + length], "").replace(&backwards[start..start + length], "");
            }
        }
    }
    repeats || rest.chars().count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    #[test]
    fn passwords_are_judged_by_length_and_context() {
        let rules = Config::load(&Sources::none()).unwrap().password;
        let context = ["Olivia Riverside", "olivia@riverside.example", "Riverside Clinic"];
        let least = rules.min_length;
        for (password, expected) in [
            ("Lanyard-demo-2026!", Ok(())),
            ("correct horse battery", Ok(())),
            ("blåbærgrød med fløde", Ok(())),
            ("short", Err(Problem::TooShort(least))),
            ("aaaaaaaaaaaaaaaaaaaa", Err(Problem::Trivial)),
            ("abababababababababab", Err(Problem::Trivial)),
            ("qwertyuiop1234567890", Err(Problem::Trivial)),
            ("passwordpassword123", Err(Problem::Trivial)),
            ("OliviaRiverside2026", Err(Problem::Context)),
        ] {
            assert_eq!(check(password, &rules, &context), expected, "{password}");
        }
        assert_eq!(check(&"x1y2z3".repeat(200), &rules, &[]), Err(Problem::TooLong(1024)));
    }
}
