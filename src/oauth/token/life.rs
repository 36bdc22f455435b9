//! How long tokens live: as configured, but never beyond the end of what they rest on.

use std::time::Duration;

use super::claims::earliest;
use crate::{clock::Timestamp, config::Tokens, oauth::client::Client};

/// When an access token of `client` that is issued now expires. `ends_at` are the ends of what it rests on: an
/// assignment, a membership, a session.
#[must_use]
pub fn access_token_end(client: &Client, tokens: &Tokens, now: Timestamp, ends_at: &[Option<Timestamp>]) -> Timestamp {
    let end = now.plus(client.access_token_life.unwrap_or(tokens.access_token));
    ends_at.iter().fold(end, |end, other| earliest(end, *other))
}

/// When a refresh token that is issued now expires: after its idle time, with its family, or with its session.
#[must_use]
pub fn refresh_token_end(
    idle: Duration,
    now: Timestamp,
    family_end: Timestamp,
    session_end: Option<Timestamp>,
) -> Timestamp {
    earliest(now.plus(idle).min(family_end), session_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::tests::client;

    #[test]
    fn a_token_ends_with_what_it_rests_on() {
        let minutes = Duration::from_mins;
        let tokens = Tokens {
            access_token: minutes(5),
            id_token: minutes(5),
            authorization_code: minutes(1),
            refresh_idle: minutes(100),
            refresh_absolute: minutes(1000),
        };
        let at = |n: u64| Timestamp(0).plus(minutes(n));
        for (own, ends, expected) in [
            (None, vec![], at(5)),
            (Some(minutes(2)), vec![], at(2)),
            (Some(minutes(2)), vec![Some(at(1)), None], at(1)),
            (None, vec![Some(at(9)), Some(at(3))], at(3)),
        ] {
            let client = Client { access_token_life: own, ..client() };
            assert_eq!(access_token_end(&client, &tokens, Timestamp(0), &ends), expected);
        }
        assert_eq!(refresh_token_end(minutes(100), at(0), at(50), None), at(50));
        assert_eq!(refresh_token_end(minutes(100), at(0), at(500), Some(at(20))), at(20));
        assert_eq!(refresh_token_end(minutes(100), at(0), at(500), None), at(100));
    }
}
