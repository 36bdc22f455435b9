//! Servers that took the whole time limit a moment ago: who calls them again at once gets the same answer without waiting,
//! so that they hold up nobody else.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use url::Url;

use crate::clock::{Clock, Timestamp};

/// How long nobody tries again.
const PAUSE: Duration = Duration::from_secs(10);

/// Servers that are remembered.
const MOST: usize = 256;

/// Silent servers by their origin.
#[derive(Debug)]
pub(super) struct Silent {
    clock: Clock,
    until: Mutex<HashMap<String, Timestamp>>,
}

impl Silent {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, until: Mutex::default() }
    }

    pub(super) fn is_known(&self, url: &Url) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        !until.is_empty() && until.get(&origin(url)).is_some_and(|until| self.clock.now() < *until)
    }

    pub(super) fn remember(&self, url: &Url) {
        let now = self.clock.now();
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            until.retain(|_, until| now < *until);
        }
        if until.len() < MOST {
            until.insert(origin(url), now.plus(PAUSE));
        }
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_left_alone_for_a_while() {
        let clock = Clock::fixed(Timestamp(0));
        let silent = Silent::new(clock.clone());
        let [one, same, other] =
            ["https://a.example/x", "https://a.example/y", "https://b.example/"].map(|url| Url::parse(url).unwrap());
        silent.remember(&one);
        assert_eq!([silent.is_known(&one), silent.is_known(&same), silent.is_known(&other)], [true, true, false]);
        clock.advance(PAUSE);
        assert!(!silent.is_known(&one));
    }
}
