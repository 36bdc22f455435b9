//! How long tokens live: as configured, but never beyond the end of what they rest on, and never across an interruption of
//! it.

use std::time::Duration;

use super::claims::earliest;
use crate::{
    clock::Timestamp,
    config::Tokens,
    directory::{membership::Membership, organization::Organization},
    oauth::client::Client,
};

/// When an access token of `client` that is issued now expires. `ends_at` are the ends of what it rests on: an
/// assignment, a membership, a session.
#[must_use]
pub fn access_token_end(client: &Client, tokens: &Tokens, now: Timestamp, ends_at: &[Option<Timestamp>]) -> Timestamp {
    let end = now.plus(client.access_token_life.unwrap_or(tokens.access_token));
    ends_at.iter().fold(end, |end, other| earliest(end, *other))
}

/// What a member was given in the organization before this instant counts no more: one of the two was disabled and enabled
/// again, or the membership is a new one.
#[must_use]
pub fn void_before(membership: &Membership, organization: &Organization) -> Timestamp {
    let enabled = [membership.tokens_void_before, organization.tokens_void_before];
    enabled.into_iter().flatten().fold(membership.created_at, Timestamp::max)
}

/// When something that is issued now is issued: not before what it rests on was enabled, should another node, whose clock is
/// ahead, have enabled it.
#[must_use]
pub fn issued_at(now: Timestamp, client: &Client, void_before: Option<Timestamp>) -> Timestamp {
    [void_before, client.tokens_void_before].into_iter().flatten().fold(now, Timestamp::max)
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
    use crate::oauth::{client::tests::client, testing::member};

    #[test]
    fn what_was_issued_before_anything_was_enabled_again_is_void() {
        let at = |seconds: i64| Some(Timestamp(seconds * 1000));
        for (joined, membership, organization, expected) in
            [(5, None, None, 5), (5, Some(7), None, 7), (5, Some(7), Some(9), 9), (5, None, Some(3), 5)]
        {
            let (mut own, mut there) = member("usr_o", "a");
            own.created_at = Timestamp(joined * 1000);
            own.tokens_void_before = membership.and_then(at);
            there.tokens_void_before = organization.and_then(at);
            assert_eq!(Some(void_before(&own, &there)), at(expected));
        }
        let client = |void| Client { tokens_void_before: at(void), ..client() };
        for (now, void, of_client, expected) in [(9, 5, 7, 9), (9, 10, 7, 10), (9, 5, 11, 11)] {
            let issued = issued_at(Timestamp(now * 1000), &client(of_client), at(void));
            assert_eq!(Some(issued), at(expected));
            assert!(client(of_client).stands_by(issued));
        }
        assert!(!client(9).stands_by(Timestamp(8_999)));
    }

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
