//! A stored hash as a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`.

use std::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Params, Version, password_hash::phc::PasswordHash};
use data_encoding::BASE64_NOPAD;

use super::{Arena, Password};
use crate::config::Hashing;

/// Bytes of a digest.
const DIGEST: usize = 32;

/// Bounds of what is accepted from the database, so that no imported hash takes all memory or minutes.
const MOST: Hashing = Hashing { memory: 262_144, iterations: 16, parallelism: 16, threads: 0, queue: 0 };

/// Parameters, salt and digest of one hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    memory: u32,
    iterations: u32,
    parallelism: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

/// A stored text is no hash that can be computed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAHash {
    /// It is not a PHC string with a salt and a digest.
    #[error("not a PHC string with a salt and a digest")]
    Malformed,
    /// It is of another algorithm or version than Argon2id, version 19.
    #[error("not Argon2id in version 19")]
    Algorithm,
    /// Its parameters are beyond what is computed here.
    #[error("parameters out of bounds")]
    TooExpensive,
}

impl Stored {
    /// A hash to be computed at today's cost.
    pub(super) fn fresh(cost: &Hashing, salt: [u8; 16]) -> Self {
        Self {
            memory: cost.memory,
            iterations: cost.iterations,
            parallelism: cost.parallelism,
            salt: salt.to_vec(),
            digest: vec![0; DIGEST],
        }
    }

    /// The digest of `password` with these parameters and this salt.
    pub(super) fn compute(&self, password: &Password, arena: &mut Arena) -> Result<Vec<u8>, argon2::Error> {
        let params = Params::new(self.memory, self.iterations, self.parallelism, Some(self.digest.len()))?;
        let blocks = arena.blocks(params.block_count());
        let mut digest = vec![0; self.digest.len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.expose().as_bytes(), &self.salt, &mut digest, blocks)?;
        Ok(digest)
    }

    pub(super) fn with_digest(self, digest: Vec<u8>) -> Self {
        Self { digest, ..self }
    }

    pub(super) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Whether it was made at another cost than today's.
    pub(super) fn is_outdated(&self, cost: &Hashing) -> bool {
        (self.memory, self.iterations, self.parallelism) != (cost.memory, cost.iterations, cost.parallelism)
            || self.digest.len() != DIGEST
            || self.salt.len() < 16
    }
}

impl FromStr for Stored {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let parsed = PasswordHash::new(text).map_err(|_| NotAHash::Malformed)?;
        if parsed.algorithm.as_str() != "argon2id" || parsed.version != Some(Version::V0x13.into()) {
            return Err(NotAHash::Algorithm);
        }
        let params = Params::try_from(&parsed).map_err(|_| NotAHash::Malformed)?;
        let (Some(salt), Some(digest)) = (parsed.salt, parsed.hash) else { return Err(NotAHash::Malformed) };
        let (memory, iterations, parallelism) = (params.m_cost(), params.t_cost(), params.p_cost());
        if memory > MOST.memory || iterations > MOST.iterations || parallelism > MOST.parallelism {
            return Err(NotAHash::TooExpensive);
        }
        // A digest of a few bytes would match by chance.
        if digest.as_bytes().len() < 16 {
            return Err(NotAHash::Malformed);
        }
        let (salt, digest) = (salt.as_ref().to_vec(), digest.as_bytes().to_vec());
        Ok(Self { memory, iterations, parallelism, salt, digest })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, iterations, parallelism, salt, digest } = self;
        let (salt, digest) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(digest));
        write!(f, "$argon2id$v=19$m={memory},t={iterations},p={parallelism}${salt}${digest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Hashing = Hashing { memory: 19_456, iterations: 2, parallelism: 1, threads: 2, queue: 8 };

    fn compute(memory: u32, iterations: u32, salt: &[u8], password: &str) -> String {
        let stored = Stored { memory, iterations, parallelism: 1, salt: salt.to_vec(), digest: vec![0; DIGEST] };
        let password = Password::parse(password).expect("short");
        let digest = stored.compute(&password, &mut Arena::default()).expect("computed");
        stored.with_digest(digest).to_string()
    }

    /// From the test of the reference implementation, `phc-winner-argon2/src/test.c`.
    #[test]
    fn digests_are_those_of_the_reference_implementation() {
        for (memory, iterations, password, salt, expected) in [
            (
                65_536,
                2,
                "password",
                "somesalt",
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            ),
            (
                256,
                2,
                "password",
                "somesalt",
                "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            ),
            (
                65_536,
                1,
                "password",
                "somesalt",
                "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
            ),
            (
                65_536,
                2,
                "differentpassword",
                "somesalt",
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94",
            ),
        ] {
            assert_eq!(compute(memory, iterations, salt.as_bytes(), password), expected);
        }
    }

    #[test]
    fn digests_in_used_memory_are_those_of_the_crate() {
        let mut arena = Arena::default();
        for (memory, password) in [(19_456, "Lanyard-demo-2026!"), (512, "short"), (7168, "état")] {
            let stored = Stored::fresh(&Hashing { memory, ..COST }, *b"0123456789abcdef");
            let password = Password::parse(password).expect("short");
            let ours = stored.compute(&password, &mut arena).expect("computed");
            let params = Params::new(memory, 2, 1, Some(DIGEST)).expect("params");
            let mut theirs = vec![0; DIGEST];
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(password.expose().as_bytes(), b"0123456789abcdef", &mut theirs)
                .expect("computed");
            assert_eq!(ours, theirs, "{memory}");
        }
    }

    #[test]
    fn a_hash_reads_back_as_it_was_written() {
        let stored = Stored::fresh(&COST, [7; 16]).with_digest(vec![9; 32]);
        assert_eq!(stored.to_string().parse(), Ok(stored));
    }

    #[test]
    fn foreign_and_expensive_hashes_are_refused() {
        let digest = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for (text, expected) in [
            (format!("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ${digest}"), None),
            (format!("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ${digest}"), Some(NotAHash::Algorithm)),
            (format!("$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ${digest}"), Some(NotAHash::Algorithm)),
            (format!("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ${digest}"), Some(NotAHash::TooExpensive)),
            (format!("$argon2id$v=19$m=65536,t=1000,p=1$c29tZXNhbHQ${digest}"), Some(NotAHash::TooExpensive)),
            ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ".to_owned(), Some(NotAHash::Malformed)),
            ("$2b$10$abcdefghijklmnopqrstuv".to_owned(), Some(NotAHash::Malformed)),
            (String::new(), Some(NotAHash::Malformed)),
        ] {
            assert_eq!(text.parse::<Stored>().err(), expected, "{text}");
        }
    }

    #[test]
    fn another_cost_than_todays_is_outdated() {
        for (memory, iterations, outdated) in [(19_456, 2, false), (12_288, 3, true), (47_104, 1, true)] {
            let stored = Stored::fresh(&Hashing { memory, iterations, ..COST }, [0; 16]);
            assert_eq!(stored.is_outdated(&COST), outdated, "{memory} × {iterations}");
        }
    }
}
