//! The brake: when a directory suddenly knows many people no more, something is wrong there more often than not.

use std::time::Duration;

/// So many may be shut out whatever share they are.
pub const AT_LEAST: u64 = 5;

/// Those who were shut out within this time count together, so that a stream of small runs is one.
pub const WINDOW: Duration = Duration::from_hours(1);

/// Who is let in by an upstream, and who is to be shut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// People whom it lets in.
    pub live: u64,
    /// Those of them who are to be shut out now.
    pub leaving: u64,
    /// People who were shut out within [`WINDOW`].
    pub left: u64,
}

impl Crowd {
    /// Whether nobody is shut out before somebody has said that it is meant, at this share in percent.
    #[must_use]
    pub fn is_too_many(self, percent: u8) -> bool {
        let most = ((self.live + self.left) * u64::from(percent) / 100).max(AT_LEAST);
        // Whoever knows nobody any more is broken, however few there were.
        let is_everybody = self.leaving == self.live && self.live > 1;
        self.leaving > 0 && (is_everybody || self.leaving + self.left > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_share_waits_for_a_word() {
        for (case, live, leaving, left, percent, expected) in [
            ("nobody leaves", 1000, 0, 900, 10, false),
            ("one", 1, 1, 0, 10, false),
            ("five of six", 6, 5, 0, 10, false),
            ("the only one", 1, 1, 0, 10, false),
            ("all five", 5, 5, 0, 10, true),
            ("six of six: the directory is empty", 6, 6, 0, 10, true),
            ("a tenth", 100, 10, 0, 10, false),
            ("more than a tenth", 100, 11, 0, 10, true),
            ("little by little", 92, 3, 8, 10, true),
            ("not yet", 92, 2, 8, 10, false),
            ("no brake", 100, 99, 0, 100, false),
            ("none at all, but for five", 100, 6, 0, 0, true),
        ] {
            assert_eq!(Crowd { live, leaving, left }.is_too_many(percent), expected, "{case}");
        }
    }
}
