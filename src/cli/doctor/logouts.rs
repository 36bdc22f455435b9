//! Apps that were not told in time that somebody is out.

use super::{Finding, unreadable};
use crate::{clock::Timestamp, oauth::store::Late, storage::Storage};

const CHECK: &str = "sign-outs";

/// Apps that are named.
const MOST: u32 = 20;

pub(super) async fn look(storage: &Storage, now: Timestamp) -> Finding {
    let asked = async { storage.read().await?.logouts().late(now, MOST).await };
    match asked.await {
        Ok(late) => judge(&late),
        Err(error) => unreadable(CHECK, error),
    }
}

fn judge(late: &[Late]) -> Finding {
    if late.is_empty() {
        return Finding::ok(CHECK, "every app was told within five minutes, or waits no longer than that");
    }
    let one = |late: &Late| format!("{} ({}, since {})", late.client_id, late.logouts, late.since);
    Finding::warn(
        CHECK,
        format!("not told that sessions have ended: {}", late.iter().map(one).collect::<Vec<_>>().join(", ")),
        "whoever left may still be signed in there: see `lanyard client logouts APP` and make its back-channel logout \
         address answer; it is tried for eight hours",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn an_app_that_was_not_told_is_named() {
        assert_eq!(judge(&[]).state, State::Ok);
        let late =
            |client: &str, logouts| Late { client_id: client.into(), logouts, since: Timestamp(1_795_334_400_000) };
        let found = judge(&[late("calendar", 3), late("roster", 1)]);
        assert_eq!(found.state, State::Warn);
        assert_eq!(
            found.found,
            "not told that sessions have ended: calendar (3, since 2026-11-22T08:00:00Z), \
             roster (1, since 2026-11-22T08:00:00Z)"
        );
    }
}
