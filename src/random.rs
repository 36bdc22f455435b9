//! The only source of randomness: tokens, codes, nonces and salts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::BASE64URL_NOPAD;

use crate::secret::{SecretString, TokenHash, sha256};

/// Where random bytes come from.
#[derive(Debug, Clone)]
pub enum Random {
    /// The operating system.
    System(SystemRandom),
    /// A sequence that a test can repeat.
    Seeded(Arc<AtomicU64>),
}

impl Random {
    /// The operating system's generator.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one reader of system randomness")]
    pub fn system() -> Self {
        Self::System(SystemRandom::new())
    }

    /// A repeatable generator for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed << 32)))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done then.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match self {
            Self::System(system) => system.fill(&mut out).expect("the operating system provides randomness"),
            Self::Seeded(next) => {
                for chunk in out.chunks_mut(32) {
                    let block = sha256(&next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
        out
    }

    /// A new token of 256 bits, with the hash that is stored of it.
    #[must_use]
    pub fn token(&self) -> (SecretString, TokenHash) {
        let text = BASE64URL_NOPAD.encode(&self.bytes::<32>());
        let hash = TokenHash::of(&text);
        (text.into(), hash)
    }

    /// A password that a person can read aloud and type: four groups of five letters and digits without look-alikes
    /// (about 97 bits).
    #[must_use]
    pub fn readable_password(&self) -> SecretString {
        const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
        let letters = ALPHABET.len() - 1;
        let mut text = String::with_capacity(23);
        while text.len() < 23 {
            if text.len() % 6 == 5 {
                text.push('-');
                continue;
            }
            let [byte] = self.bytes::<1>();
            // 248 is the largest multiple of 31 in a byte: larger values would favour the first letters.
            if byte < 248 {
                text.push(char::from(ALPHABET[usize::from(byte) % letters]));
            }
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret;

    #[test]
    fn tokens_differ_and_carry_256_bits() {
        let random = Random::system();
        let (a, b) = (random.token(), random.token());
        assert_eq!(a.0.expose_secret().len(), 43);
        assert_ne!(a.1, b.1);
    }

    #[test]
    fn a_seed_repeats_its_sequence() {
        assert_eq!(Random::seeded(7).bytes::<40>(), Random::seeded(7).bytes::<40>());
        assert_ne!(Random::seeded(7).bytes::<40>(), Random::seeded(8).bytes::<40>());
    }

    #[test]
    fn readable_passwords_are_four_groups_of_five() {
        let password = Random::system().readable_password();
        let groups: Vec<_> = password.expose_secret().split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5, 5]);
    }
}
