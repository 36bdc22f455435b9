//! Recovery codes: ten to print or keep in a safe, each good once, for whoever has lost every other factor.

use std::fmt;

use crate::{
    id::UserId,
    random::Random,
    secret::{SecretString, TokenHash},
};

/// How many somebody gets.
pub const COUNT: usize = 10;
/// Characters of a code: 80 bits, beyond guessing even by whoever reads the hashes.
const LENGTH: usize = 16;
/// Without letters that look like digits (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What somebody typed, or was given, as a recovery code: what it is is not known yet.
#[derive(Clone)]
pub struct RecoveryCode(String);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

impl RecoveryCode {
    /// Ten new ones.
    #[must_use]
    pub fn fresh(random: &Random) -> Vec<Self> {
        (0..COUNT)
            .map(|_| {
                let letters = random.bytes::<LENGTH>().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
                Self(letters.iter().collect())
            })
            .collect()
    }

    /// What was typed, however it was grouped and spelled; none where it cannot be one.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let mut folded = String::with_capacity(LENGTH);
        for letter in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let letter = match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let is_known = u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !is_known || folded.len() == LENGTH {
                return None;
            }
            folded.push(letter);
        }
        (folded.len() == LENGTH).then_some(Self(folded))
    }

    /// For people: in groups of four.
    #[must_use]
    pub fn shown(&self) -> SecretString {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).map(|from| &self.0[from..from + 4]).collect();
        groups.join("-").into()
    }

    /// What is kept of it: good for this person alone.
    #[must_use]
    pub fn hash(&self, user: &UserId) -> TokenHash {
        TokenHash::of(&format!("{user}\0{}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::secret::ExposeSecret;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let user = UserId::from_stored("usr_1".into());
        let code = |text: &str| RecoveryCode::typed(text).map(|code| code.hash(&user));
        let known = code("0123-4567-89ab-cdef");
        assert!(known.is_some());
        for same in [
            "0123456789abcdef",
            "0123 4567 89AB CDEF",
            " O123-4567-89ab-cdef ",
            "oI23 4567 89ab cdef",
            "0l23456789abcdef",
        ] {
            assert_eq!(code(same), known, "{same}");
        }
        assert_ne!(code("0123-4567-89ab-cdeg"), known);
        for wrong in [
            "",
            "0123",
            "0123-4567-89ab-cde",
            "0123-4567-89ab-cdef0",
            "0123-4567-89ab-cdeu",
            "0123-4567-89ab-cdeé",
            "123456",
        ] {
            assert_eq!(code(wrong), None, "{wrong}");
        }
        let other = UserId::from_stored("usr_2".into());
        assert_ne!(RecoveryCode::typed("0123456789abcdef").map(|code| code.hash(&other)), known, "another person's");
    }

    #[test]
    fn ten_different_ones_are_given_and_read_back() {
        let user = UserId::from_stored("usr_1".into());
        let codes = RecoveryCode::fresh(&Random::seeded(1));
        assert_eq!(codes.iter().map(|code| code.hash(&user)).collect::<HashSet<_>>().len(), COUNT);
        for code in codes {
            let shown = code.shown();
            let read = RecoveryCode::typed(shown.expose_secret()).expect("what was shown");
            assert_eq!(read.hash(&user), code.hash(&user));
            assert_eq!(shown.expose_secret().len(), 19);
        }
    }
}
