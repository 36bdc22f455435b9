//! Pushed authorization requests (RFC 9126): how a reference is written, and how long it is good for.
//!
//! A request has to reach a browser soon after it was pushed. From then on it is under way as long as any other: the
//! [`Progress`](super::Progress) of the browser says since when. It is answered with one code.

use std::time::Duration;

use crate::clock::Timestamp;

/// What every reference begins with (RFC 9126 §2.2); 256 random bits follow.
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How soon the browser has to come with it: `expires_in`.
pub const LIFE: Duration = Duration::from_secs(90);

/// How long a request that a browser has begun is kept: as long as a return path holds.
pub const KEPT: Duration = Duration::from_hours(1);

/// A request as it was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Who pushed it.
    pub client_id: String,
    /// Its parameters, form-encoded, without what proved the client.
    pub parameters: String,
    /// When.
    pub created_at: Timestamp,
}

impl PushedRequest {
    /// Whether a browser that began with it at `started_at` may go on `now`.
    #[must_use]
    pub fn is_open(&self, started_at: Timestamp, now: Timestamp) -> bool {
        started_at < self.created_at.plus(LIFE) && now < self.created_at.plus(KEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reaches_a_browser_soon_and_is_answered_within_the_hour() {
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let request = PushedRequest { client_id: "a".into(), parameters: String::new(), created_at: at(1000) };
        for (started_at, now, expected) in [
            (1000, 1000, true),
            (1089, 1089, true),
            (1090, 1090, false),
            (1089, 1090, true),
            (1089, 4599, true),
            (1089, 4600, false),
            (4000, 4000, false),
        ] {
            assert_eq!(request.is_open(at(started_at), at(now)), expected, "{started_at} {now}");
        }
    }
}
