//! The clock: tokens rest on it, and nodes have to agree about it.

use std::time::Duration;

use super::{Finding, unreadable};
use crate::{clock::Timestamp, storage::Storage};

const CHECK: &str = "clock";

/// Beyond this, tokens of one node begin in the future of another (the allowed skew is a minute).
const MOST: Duration = Duration::from_secs(30);
const NOTEWORTHY: Duration = Duration::from_secs(2);

pub(super) async fn look(storage: &Storage, before: Timestamp) -> Finding {
    let newest = match storage.read().await {
        Ok(mut tx) => tx.audit().newest().await,
        Err(error) => Err(error),
    };
    match (newest, storage.server_time().await) {
        (Ok(newest), Ok(server)) => {
            // Asking takes time: the other clock is compared with the moment of its answer.
            let now = crate::clock::Clock::System.now().max(before);
            judge(now, newest, server)
        }
        (Err(error), _) | (_, Err(error)) => unreadable(CHECK, error),
    }
}

fn judge(now: Timestamp, newest: Option<Timestamp>, server: Option<Timestamp>) -> Finding {
    let advice = "synchronise the clocks of all machines (systemd-timesyncd or chrony)";
    if let Some(newest) = newest
        && newest.since(now) > NOTEWORTHY
    {
        return Finding::fail(
            CHECK,
            format!("it is {now}, but the newest event is of {newest}: a clock went back"),
            advice,
        );
    }
    let Some(server) = server else { return Finding::ok(CHECK, format!("it is {now}")) };
    let apart = server.since(now).max(now.since(server));
    let found = format!("it is {now}, {} ms from the clock of the database", apart.as_millis());
    match apart {
        apart if apart > MOST => Finding::fail(CHECK, found, advice),
        apart if apart > NOTEWORTHY => Finding::warn(CHECK, found, advice),
        _ => Finding::ok(CHECK, found),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn clocks_agree_within_seconds_and_never_go_back() {
        let at = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        for (newest, server, expected) in [
            (None, None, State::Ok),
            (Some(-10), None, State::Ok),
            (Some(2), None, State::Ok),
            (Some(3), None, State::Fail),
            (None, Some(1), State::Ok),
            (None, Some(-3), State::Warn),
            (None, Some(3), State::Warn),
            (None, Some(31), State::Fail),
        ] {
            let found = judge(at(0), newest.map(at), server.map(at));
            assert_eq!(found.state, expected, "{newest:?} {server:?} {found:?}");
        }
    }
}
