//! The brake: when many leave an app at once, something is wrong here more often than not.

use std::time::Duration;

/// So many may leave whatever share they are.
pub const AT_LEAST: u64 = 10;

/// Those who left within this time count together, so that a stream of small runs is one.
pub const WINDOW: Duration = Duration::from_hours(1);

/// Who is in an app and who is to leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// People who are active there.
    pub live: u64,
    /// Those of them who are to leave now.
    pub leaving: u64,
    /// People who left within [`WINDOW`].
    pub left: u64,
}

impl Crowd {
    /// How many may leave within the window, at this share in percent.
    #[must_use]
    pub fn most(self, percent: u8) -> u64 {
        ((self.live + self.left) * u64::from(percent) / 100).max(AT_LEAST)
    }

    /// Whether nobody may leave before somebody has said that it is meant.
    #[must_use]
    pub fn is_too_many(self, percent: u8) -> bool {
        self.leaving > 0 && self.leaving + self.left > self.most(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_share_waits_for_a_word() {
        for (case, live, leaving, left, percent, expected) in [
            ("nobody leaves", 1000, 0, 900, 20, false),
            ("one", 1, 1, 0, 20, false),
            ("ten of ten", 10, 10, 0, 20, false),
            ("eleven of eleven", 11, 11, 0, 20, true),
            ("a fifth", 100, 20, 0, 20, false),
            ("more than a fifth", 100, 21, 0, 20, true),
            ("little by little", 85, 6, 15, 20, true),
            ("not yet", 85, 5, 15, 20, false),
            ("half, as it was chosen", 100, 50, 0, 50, false),
            ("no brake", 100, 100, 0, 100, false),
            ("none at all, but for ten", 100, 11, 0, 0, true),
        ] {
            assert_eq!(Crowd { live, leaving, left }.is_too_many(percent), expected, "{case}");
        }
    }
}
