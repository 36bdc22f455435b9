//! What two passwords have in common that only look different: case, width, accents, and letters of other scripts that look
//! like Latin ones (UTS #39 §4).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

/// The form in which passwords and words are compared. ASCII stays as it is, but for its case; what has no ASCII look-alike
/// stays too.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    plain.flat_map(look_alike).collect::<String>().to_lowercase()
}

/// The ASCII that a letter looks like, or the letter.
fn look_alike(letter: char) -> Vec<char> {
    if letter.is_ascii() {
        return vec![letter];
    }
    let text = letter.to_string();
    let seen: Vec<char> = skeleton(&text).filter(|c| !is_combining_mark(*c)).collect();
    if !seen.is_empty() && seen.iter().all(char::is_ascii) { seen } else { vec![letter] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_alike() {
        for (text, expected) in [
            ("Password", "password"),
            ("m1I0O rn", "m1i0o rn"),
            ("ｐａｓｓｗｏｒｄ", "password"),
            ("раѕѕwоrd", "password"),
            ("pässwörd", "password"),
            ("ﬁnance", "finance"),
            ("p\u{430}\u{301}ss", "pass"),
            ("blåbærgrød", "blabaergrod"),
            ("密码", "密码"),
            ("", ""),
        ] {
            assert_eq!(fold(text), expected, "{text}");
        }
    }
}
