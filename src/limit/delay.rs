//! The rule of delays: a leaky bucket whose overflow waits twice as long each time. Pure.

use std::time::Duration;

use crate::{clock::Timestamp, config::Rule};

/// The delay of the first attempt that is not free.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// What is remembered of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    /// When all its attempts will be forgotten; the further away, the more there were.
    pub(super) clear_at: Timestamp,
    /// Its last attempt.
    pub(super) last: Timestamp,
    /// What `clear_at` was when the key took the place of another: never forgiven, as it may be the other's.
    pub(super) inherited: Timestamp,
}

impl Tally {
    /// No attempts.
    pub(super) const NONE: Self =
        Self { clear_at: Timestamp(i64::MIN), last: Timestamp(i64::MIN), inherited: Timestamp(i64::MIN) };

    /// The same where the clock was set back meanwhile: what is left of it begins to fade now, and holds nobody up until the
    /// clock has caught up.
    fn rebased(self, rule: Rule, now: Timestamp) -> Self {
        if self.last <= now.plus(rule.longest_wait) {
            return self;
        }
        let ahead = |at: Timestamp| now.plus(at.since(self.last));
        Self { clear_at: ahead(self.clear_at), last: Timestamp(i64::MIN), inherited: ahead(self.inherited) }
    }

    /// The tally without the key's own attempts.
    pub(super) const fn forgiven(self) -> Self {
        Self { clear_at: self.inherited, ..self }
    }
}

/// How long a key has to wait whose attempts are counted in the database: `clear_at` is when all of them will be forgotten,
/// `last` the last one.
#[must_use]
pub fn wait_of(rule: Rule, (clear_at, last): (Timestamp, Timestamp), now: Timestamp) -> Duration {
    Delay::of(rule).wait(Tally { clear_at, last, inherited: Timestamp(i64::MIN) }, now)
}

/// How long attempts wait.
#[derive(Debug)]
pub(super) struct Delay {
    rule: Rule,
}

impl Delay {
    pub(super) const fn of(rule: Rule) -> Self {
        Self { rule }
    }

    /// How long a key has to wait before its next attempt.
    pub(super) fn wait(&self, tally: Tally, now: Timestamp) -> Duration {
        let tally = tally.rebased(self.rule, now);
        let remembered = tally.clear_at.since(now).as_millis().div_ceil(self.recovery());
        let Some(beyond) = remembered.checked_sub(u128::from(self.rule.attempts)) else { return Duration::ZERO };
        let doubled = u32::try_from(beyond).ok().and_then(|beyond| 2_u32.checked_pow(beyond)).unwrap_or(u32::MAX);
        let wait = FIRST_WAIT.saturating_mul(doubled).min(self.rule.longest_wait);
        // A clock that was set back a little must not lock anybody out for the difference.
        tally.last.plus(wait).since(now).min(self.rule.longest_wait)
    }

    /// The tally with one more attempt.
    pub(super) fn charged(&self, tally: Tally, now: Timestamp) -> Tally {
        let tally = tally.rebased(self.rule, now);
        Tally { clear_at: tally.clear_at.max(now).plus(self.rule.recovery), last: now, ..tally }
    }

    /// The tally with one attempt less.
    pub(super) fn refunded(&self, tally: Tally) -> Tally {
        Tally { clear_at: tally.clear_at.minus(self.rule.recovery).max(tally.inherited), ..tally }
    }

    fn recovery(&self) -> u128 {
        self.rule.recovery.as_millis().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let delay =
            Delay::of(Rule { attempts: 5, recovery: Duration::from_mins(5), longest_wait: Duration::from_mins(15) });
        let now = Timestamp(1_800_000_000_000);
        for (attempts, seconds) in
            [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (16, 900), (1000, 900)]
        {
            let tally = (0..attempts).fold(Tally::NONE, |tally, _| delay.charged(tally, now));
            assert_eq!(delay.wait(tally, now).as_secs(), seconds, "{attempts} attempts");
        }
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let delay =
            Delay::of(Rule { attempts: 1, recovery: Duration::from_secs(10), longest_wait: Duration::from_secs(20) });
        let now = Timestamp(1_800_000_000_000);
        let tally = (0..3).fold(Tally::NONE, |tally, _| delay.charged(tally, now));
        for (case, at, expected) in [
            ("as it is", now, 4),
            ("later", now.plus(Duration::from_secs(4)), 0),
            ("back a little", now.minus(Duration::from_secs(10)), 18),
            ("back by the longest wait", now.minus(Duration::from_secs(20)), 20),
            ("back further", now.minus(Duration::from_secs(21)), 0),
            ("back by a day", now.minus(Duration::from_hours(24)), 0),
        ] {
            assert_eq!(delay.wait(tally, at).as_secs(), expected, "{case}");
        }
        // From then on it counts by the clock as it is, with what there was before.
        let yesterday = now.minus(Duration::from_hours(24));
        let charged = delay.charged(tally, yesterday);
        assert_eq!(delay.wait(charged, yesterday).as_secs(), 8);
        assert_eq!(delay.wait(charged, yesterday.plus(Duration::from_secs(40))).as_secs(), 0);
        assert_eq!(charged.clear_at, yesterday.plus(Duration::from_secs(40)));
    }
}
