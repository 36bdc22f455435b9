//! `[session]`: how long a browser stays signed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    check::{Check, wrong},
    span::span,
};

/// How long a browser stays signed in; policies may only shorten it.
#[derive(Debug, Clone)]
pub struct Session {
    /// A session that is not used ends after this time.
    pub idle: Duration,
    /// A session ends after this time, however much it is used.
    pub absolute: Duration,
    /// Who changes what they sign in with has proved who they are within this time.
    pub fresh: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    idle: String,
    absolute: String,
    fresh: String,
}

impl Default for Raw {
    /// A shift of work: nobody signs in twice in one, nobody finds last night's session.
    fn default() -> Self {
        Self { idle: "2h".to_owned(), absolute: "12h".to_owned(), fresh: "10m".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Session> {
        let idle = check.take("session.idle", span(&self.idle, "1m", "90d"));
        let absolute = check.take("session.absolute", span(&self.absolute, "1m", "365d"));
        let fresh = check.take("session.fresh", span(&self.fresh, "1m", "12h"));
        let session = Session { idle: idle?, absolute: absolute?, fresh: fresh? };
        if session.idle > session.absolute {
            let problem = wrong("is longer than `session.absolute`", "write a shorter one");
            return check.take("session.idle", Err(problem));
        }
        Some(session)
    }
}
