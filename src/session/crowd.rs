//! In how many browsers and devices somebody is signed in at a time: pure.

use super::Session;

/// How many sessions there may be, and what happens when one more begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// The most at a time.
    pub most: usize,
    /// What happens then.
    pub when_full: WhenFull,
}

/// What happens when one more session would be too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Those that were not used for longest end.
    EndOldest,
    /// It does not begin.
    Refuse,
}

impl Crowd {
    /// What has to end before one more session begins beside those that are `live`; `None` when it may not begin.
    #[must_use]
    pub fn make_room(self, mut live: Vec<Session>) -> Option<Vec<Session>> {
        let too_many = (live.len() + 1).saturating_sub(self.most);
        match self.when_full {
            WhenFull::Refuse if too_many > 0 => None,
            _ => {
                live.sort_by_key(|session| (session.last_seen_at, session.created_at));
                live.truncate(too_many);
                Some(live)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        id::{SessionId, UserId},
    };

    fn session(id: &str, last_seen: i64) -> Session {
        Session {
            id: SessionId::from_stored(id.into()),
            user: UserId::from_stored("usr_1".into()),
            auth_time: Timestamp(0),
            acr: "1".into(),
            amr: vec![],
            created_at: Timestamp(0),
            last_seen_at: Timestamp(last_seen),
            expires_at: Timestamp(i64::MAX),
            user_agent: String::new(),
            address: String::new(),
            station: None,
            via: None,
            completed_at: Some(Timestamp(0)),
            unexpected: crate::session::Unexpected::default(),
            ended_at: None,
        }
    }

    #[test]
    fn the_oldest_make_room_or_nobody_comes_in() {
        let live = || vec![session("b", 20), session("a", 10), session("c", 30)];
        for (most, when_full, expected) in [
            (4, WhenFull::EndOldest, Some(vec![])),
            (3, WhenFull::EndOldest, Some(vec!["a"])),
            (1, WhenFull::EndOldest, Some(vec!["a", "b", "c"])),
            (4, WhenFull::Refuse, Some(vec![])),
            (3, WhenFull::Refuse, None),
        ] {
            let ending = Crowd { most, when_full }.make_room(live());
            let ending = ending.as_ref().map(|all| all.iter().map(|session| session.id.as_str()).collect::<Vec<_>>());
            assert_eq!(ending, expected, "{most} {when_full:?}");
        }
    }
}
