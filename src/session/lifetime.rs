//! How long a session lives: pure.

use std::time::Duration;

use super::Session;
use crate::clock::Timestamp;

/// The limits of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Ends this long after the last use.
    pub idle: Duration,
    /// Ends this long after sign-in, used or not.
    pub absolute: Duration,
    /// At a shared workstation it ends so long after the last use.
    pub at_station: Duration,
}

/// Whether a session still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Live,
    /// It was ended.
    Ended,
    /// It was idle for too long.
    Idle,
    /// It is too old.
    Expired,
}

/// A use is written down at most this often, so that reading a page writes nothing.
const GRAIN: Duration = Duration::from_secs(60);

/// No clock of ours is so far ahead of another, or of itself a moment ago.
pub const AHEAD: Duration = Duration::from_mins(5);

impl Session {
    /// Whether the session counts at `now`, under the limits of today: a stricter limit acts on running sessions.
    /// One that began or was proved when the clock was ahead is over: it must not live until the clock has caught up.
    #[must_use]
    pub fn liveness(&self, now: Timestamp, lifetime: Lifetime) -> Liveness {
        if self.ended_at.is_some() {
            Liveness::Ended
        } else if now >= self.expires_at.min(self.created_at.plus(lifetime.absolute))
            || self.created_at.max(self.auth_time) > now.plus(AHEAD)
        {
            Liveness::Expired
        } else if now.since(self.last_seen_at) >= self.idle_within(lifetime) {
            Liveness::Idle
        } else {
            Liveness::Live
        }
    }

    /// How long it may stay unused.
    #[must_use]
    pub fn idle_within(&self, lifetime: Lifetime) -> Duration {
        if self.station.is_some() { lifetime.idle.min(lifetime.at_station) } else { lifetime.idle }
    }

    /// Whether this use should be written down.
    #[must_use]
    pub fn is_use_worth_writing(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= GRAIN || self.last_seen_at > now.plus(AHEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SessionId, StationId, UserId};

    #[test]
    fn a_session_ends_by_whatever_comes_first() {
        let (idle, absolute) = (Duration::from_secs(600), Duration::from_secs(3600));
        let limits = Lifetime { idle, absolute, at_station: Duration::from_secs(60) };
        for (case, last_seen, expires, ended, now, expected) in [
            ("fresh", 0, 3600, None, 10, Liveness::Live),
            ("idle", 0, 3600, None, 600, Liveness::Idle),
            ("used", 599, 3600, None, 600, Liveness::Live),
            ("old", 3599, 3600, None, 3600, Liveness::Expired),
            ("limit shortened since", 3599, 99_999, None, 3600, Liveness::Expired),
            ("ended", 0, 3600, Some(5), 10, Liveness::Ended),
        ] {
            let mut session = Session {
                id: SessionId::from_stored("ses_1".into()),
                user: UserId::from_stored("usr_1".into()),
                auth_time: Timestamp(0),
                acr: "1".into(),
                amr: vec![],
                created_at: Timestamp(0),
                last_seen_at: Timestamp::from_seconds(last_seen),
                expires_at: Timestamp::from_seconds(expires),
                user_agent: String::new(),
                address: String::new(),
                station: None,
                via: None,
                completed_at: None,
                unexpected: crate::session::Unexpected::default(),
                ended_at: ended.map(Timestamp::from_seconds),
            };
            assert_eq!(session.liveness(Timestamp::from_seconds(now), limits), expected, "{case}");
            let before = session.created_at.minus(AHEAD);
            let back = if ended.is_some() { Liveness::Ended } else { Liveness::Expired };
            assert_eq!(session.liveness(before.minus(Duration::from_millis(1)), limits), back, "{case}");
            session.station = Some(StationId::from_stored("sta_1".into()));
            let quiet = session.last_seen_at.plus(Duration::from_secs(60));
            assert_ne!(session.liveness(quiet, limits), Liveness::Live, "{case}, at a station");
        }
    }
}
