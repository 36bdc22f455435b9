//! When a job that failed is tried again: pure.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long one node may work on a job before another takes over.
pub const LEASE: Duration = Duration::from_secs(120);

/// How long one try may take: its outcome is written down while the lease still holds.
pub const LONGEST_TRY: Duration = Duration::from_secs(100);

/// What becomes of a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is tried again at that instant.
    Again(Timestamp),
    /// It was tried often enough.
    GiveUp,
}

/// Pauses of 5 s, 10 s, 20 s, … up to an hour; after 16 tries (about eight hours) a job is given up.
#[must_use]
pub fn after(attempts: i64, now: Timestamp) -> Next {
    if attempts >= 16 {
        return Next::GiveUp;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    let pause = Duration::from_secs(5).saturating_mul(1 << doublings).min(Duration::from_secs(3600));
    Next::Again(now.plus(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let now = Timestamp(0);
        for (attempts, expected) in [
            (1, Next::Again(Timestamp(5_000))),
            (2, Next::Again(Timestamp(10_000))),
            (10, Next::Again(Timestamp(2_560_000))),
            (15, Next::Again(Timestamp(3_600_000))),
            (16, Next::GiveUp),
        ] {
            assert_eq!(after(attempts, now), expected, "{attempts}");
        }
    }
}
