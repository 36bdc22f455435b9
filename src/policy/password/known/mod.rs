//! Passwords that are known to whoever guesses: a list within the program, and one that the operator adds.
//!
//! `README.md` beside this file says where the list comes from, `build` makes it.

mod file;

use std::{io, path::Path, sync::Arc};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use self::file::HashFile;
use super::fold::fold;

pub use self::file::Fault;

/// Five bytes of the SHA-1 of each, sorted.
const COMMON: &[u8] = include_bytes!("common.bin");
const BYTES: usize = 5;

/// The passwords that are known; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Known(Option<Arc<HashFile>>);

impl Known {
    /// The list within the program, and the operator's file where there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what it has to be.
    pub fn open(file: Option<&Path>) -> Result<Self, Fault> {
        Ok(Self(file.map(HashFile::open).transpose()?.map(Arc::new)))
    }

    /// How many passwords the operator's file holds, roughly; `None` without one.
    #[must_use]
    pub fn about(&self) -> Option<u64> {
        self.0.as_ref().map(|file| file.about())
    }

    /// Whether a password is known, as it is, in small letters, or as it looks. Reads files: not for threads that answer
    /// requests.
    ///
    /// # Errors
    /// When the operator's file cannot be read any more.
    pub fn holds(&self, password: &str) -> io::Result<bool> {
        let folded = fold(password);
        if is_common(&folded) {
            return Ok(true);
        }
        let Some(file) = &self.0 else { return Ok(false) };
        let mut forms = vec![password.to_owned(), password.to_lowercase(), folded];
        forms.dedup();
        for form in forms {
            if file.holds(sha1(&form))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_common(folded: &str) -> bool {
    let wanted = &sha1(folded)[..BYTES];
    let (entries, _) = COMMON.as_chunks::<BYTES>();
    entries.binary_search_by(|entry| entry.as_slice().cmp(wanted)).is_ok()
}

/// Names a password in lists (not a protection of it).
fn sha1(text: &str) -> [u8; 20] {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().try_into().expect("SHA-1 has 20 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_large_sorted_and_hardly_ever_wrong() {
        let (entries, rest) = COMMON.as_chunks::<BYTES>();
        assert!(entries.len() >= 100_000 && rest.is_empty(), "{}", entries.len());
        assert!(entries.is_sorted_by(|a, b| a < b), "sorted, without repetitions");
        // A text that is not in the list has the hash of one that is with this probability.
        let mistaken = (1_u64 << 40) / entries.len() as u64;
        assert!(mistaken >= 1_000_000, "once in {mistaken}");
        let wrong = (0..500_000).filter(|number| is_common(&format!("nobody has {number}"))).count();
        assert!(wrong <= 1, "{wrong} of 500,000 that nobody has");
    }

    #[test]
    fn a_known_password_is_known_however_it_is_dressed() {
        let known = Known::default();
        for (password, expected) in [
            ("password123", true),
            ("PassWord123", true),
            ("pässword123", true),
            ("рassword123", true),
            ("ｐassword123", true),
            ("1q2w3e4r5t6y", true),
            ("four unrelated words", false),
            ("Lanyard-demo-2026!", false),
            ("", false),
        ] {
            assert_eq!(known.holds(password).unwrap(), expected, "{password}");
        }
    }
}
