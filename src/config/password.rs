//! `[password]`: what is asked of every new password, and what hashing one costs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Check, Wrong, wrong};

/// Rules and cost of passwords.
#[derive(Debug, Clone)]
pub struct Password {
    /// The fewest characters of a new password.
    pub min_length: usize,
    /// The lowest score of an estimate of its strength, 0 to 4.
    pub strength: u8,
    /// A list of known passwords, beside the one in the program.
    pub known_passwords: Option<PathBuf>,
    /// What hashing costs.
    pub hashing: Hashing,
}

impl Password {
    /// The most bytes of a password; longer ones are refused before they are hashed.
    pub const MAX_BYTES: usize = 1024;
}

/// What hashing costs: Argon2id (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// Memory of one hash, in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Threads that hash; each holds the memory of one hash while it is busy.
    pub threads: usize,
    /// Requests that may wait for a thread.
    pub queue: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    min_length: u64,
    strength: u64,
    known_passwords: String,
    memory: u64,
    iterations: u64,
    parallelism: u64,
    threads: u64,
    queue: u64,
}

impl Default for Raw {
    /// The first choice of the OWASP Password Storage Cheat Sheet; the length that NIST SP 800-63B-4 §3.1.1.2 asks where a
    /// password may be all that somebody signs in with.
    fn default() -> Self {
        Self {
            min_length: 15,
            strength: 3,
            known_passwords: String::new(),
            memory: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: 2,
            queue: 64,
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Password> {
        let min_length = check.take("password.min_length", within(self.min_length, 8, 128));
        let strength = check.take("password.strength", within(self.strength, 0, 4));
        let known_passwords = (!self.known_passwords.is_empty()).then(|| PathBuf::from(self.known_passwords));
        let memory = check.take("password.memory", within(self.memory, 7168, 262_144));
        let iterations = check.take("password.iterations", within(self.iterations, 1, 16));
        let parallelism = check.take("password.parallelism", within(self.parallelism, 1, 4));
        let threads = check.take("password.threads", within(self.threads, 1, 64));
        let queue = check.take("password.queue", within(self.queue, 1, 4096));
        check.take("password.memory", strong_enough(self.memory, self.iterations))?;
        Some(Password {
            min_length: min_length? as usize,
            strength: u8::try_from(strength?).unwrap_or(4),
            known_passwords,
            hashing: Hashing {
                memory: memory?,
                iterations: iterations?,
                parallelism: parallelism?,
                threads: threads? as usize,
                queue: queue? as usize,
            },
        })
    }
}

fn within(number: u64, least: u32, most: u32) -> Result<u32, Wrong> {
    match u32::try_from(number) {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{number} is out of bounds"), format!("write {least} to {most}"))),
    }
}

/// All choices of the OWASP Password Storage Cheat Sheet (46 MiB × 1, 19 × 2, 12 × 3, 9 × 4, 7 × 5) touch at least
/// 35 MiB.
fn strong_enough(memory: u64, iterations: u64) -> Result<(), Wrong> {
    if memory.saturating_mul(iterations) >= 35_840 {
        return Ok(());
    }
    let what = format!("{memory} KiB with {iterations} passes is too little work for whoever guesses");
    Err(wrong(what, "write for example 19456 with 2 iterations, or 47104 with 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_hashing_is_refused() {
        for (memory, iterations, accepted) in [
            (19_456, 2, true),
            (47_104, 1, true),
            (12_288, 3, true),
            (7168, 5, true),
            (19_456, 1, false),
            (7168, 4, false),
        ] {
            assert_eq!(strong_enough(memory, iterations).is_ok(), accepted, "{memory} × {iterations}");
        }
    }
}
