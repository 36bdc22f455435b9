//! Tokens of outside systems that end soon, or that nobody uses.

use std::{collections::BTreeMap, time::Duration};

use super::{Finding, unreadable};
use crate::{clock::Timestamp, config::Config, scim::connection::Token, storage::Storage};

const CHECK: &str = "SCIM tokens";

/// How long before its end a token is told of.
const SOON: Duration = Duration::from_hours(30 * 24);

/// How long a token may be without use.
const IDLE: Duration = Duration::from_hours(90 * 24);

/// Tokens that are named.
const MOST: usize = 20;

pub(super) async fn look(config: &Config, storage: &Storage, now: Timestamp) -> Vec<Finding> {
    if !config.scim.is_on {
        return vec![];
    }
    let asked = async { storage.read().await?.connections().live(now).await };
    match asked.await {
        Ok(live) if live.is_empty() => vec![],
        Ok(live) => judge(live, now),
        Err(error) => vec![unreadable(CHECK, error)],
    }
}

/// Of each organization's connection its tokens that count.
type Live = Vec<(String, String, Token)>;

fn judge(live: Live, now: Timestamp) -> Vec<Finding> {
    let many = live.len();
    let mut by_connection: BTreeMap<(String, String), Vec<Token>> = BTreeMap::new();
    for (organization, connection, token) in live {
        by_connection.entry((organization, connection)).or_default().push(token);
    }
    let (mut ending, mut idle, mut unused) = (vec![], vec![], vec![]);
    for ((organization, connection), tokens) in by_connection {
        // A token that another one follows is to end.
        let last = tokens.iter().map(|token| token.expires_at.unwrap_or(Timestamp(i64::MAX))).max();
        if let Some(end) = last.filter(|end| *end < now.plus(SOON)) {
            ending.push(format!("{connection} of {organization} (at {end})"));
        }
        for token in tokens {
            let since = match token.last_used_at {
                Some(at) => format!("since {at}"),
                None => format!("never, made at {}", token.created_at),
            };
            let told = format!("{} of {connection}, {organization} ({since})", token.id);
            if now.since(token.last_used_at.unwrap_or(token.created_at)) > IDLE {
                idle.push(told);
            } else if token.last_used_at.is_none() {
                unused.push(told);
            }
        }
    }
    let mut findings = vec![];
    if !ending.is_empty() {
        let found = format!("after 30 days nobody can push any more: {}", named(&ending));
        let advice = "`lanyard scim-token rotate NAME --organization ORG` makes the next token; give it to the source";
        findings.push(Finding::warn(CHECK, found, advice));
    }
    if !idle.is_empty() {
        let found = format!("not used for 90 days: {}", named(&idle));
        let advice = "`lanyard scim-token revoke TOKEN --organization ORG` ends what nobody needs";
        findings.push(Finding::warn(CHECK, found, advice));
    }
    if findings.is_empty() {
        let used = match unused.as_slice() {
            [] => "all were used within 90 days".to_owned(),
            some => format!("not used yet: {}", named(some)),
        };
        findings.push(Finding::ok(CHECK, format!("{many} count, none ends within 30 days, {used}")));
    }
    findings
}

fn named(all: &[String]) -> String {
    let rest = all.len().saturating_sub(MOST);
    let more = if rest == 0 { String::new() } else { format!(", and {rest} more") };
    format!("{}{more}", all.iter().take(MOST).cloned().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::doctor::State,
        id::{ConnectionId, ConnectionTokenId},
    };

    const NOW: Timestamp = Timestamp(1_795_334_400_000);
    const DAY: i64 = 24 * 3_600_000;

    /// Of a connection: in how many days it ends, and how many days ago it was used last.
    fn token(connection: &str, ends: Option<i64>, used: Option<i64>) -> (String, String, Token) {
        let token = Token {
            id: ConnectionTokenId::from_stored(format!("sct_{connection}")),
            connection: ConnectionId::from_stored(format!("scn_{connection}")),
            created_at: Timestamp(NOW.0 - 100 * DAY),
            expires_at: ends.map(|days| Timestamp(NOW.0 + days * DAY)),
            revoked_at: None,
            uses: 0,
            last_used_at: used.map(|days| Timestamp(NOW.0 - days * DAY)),
        };
        ("riverside".to_owned(), connection.to_owned(), token)
    }

    /// Of a connection that was made the day before yesterday, and not used yet.
    fn young(connection: &str) -> (String, String, Token) {
        let (organization, connection, token) = token(connection, None, None);
        (organization, connection, Token { created_at: Timestamp(NOW.0 - DAY), ..token })
    }

    #[test]
    fn tokens_that_end_soon_or_that_nobody_uses_are_named() {
        for (live, expected) in [
            (
                vec![token("entra", None, Some(1))],
                vec!["1 count, none ends within 30 days, all were used within 90 days"],
            ),
            (
                vec![token("entra", None, Some(1)), young("okta")],
                vec![
                    "2 count, none ends within 30 days, \
                     not used yet: sct_okta of okta, riverside (never, made at 2026-11-21T08:00:00Z)",
                ],
            ),
            (
                vec![token("entra", Some(29), Some(1)), token("okta", Some(31), Some(89))],
                vec!["after 30 days nobody can push any more: entra of riverside (at 2026-12-21T08:00:00Z)"],
            ),
            (
                vec![token("entra", Some(1), Some(1)), token("entra", Some(300), Some(1))],
                vec!["2 count, none ends within 30 days, all were used within 90 days"],
            ),
            (
                vec![token("entra", None, None), token("okta", None, Some(91)), token("roster", Some(2), Some(0))],
                vec![
                    "after 30 days nobody can push any more: roster of riverside (at 2026-11-24T08:00:00Z)",
                    "not used for 90 days: sct_entra of entra, riverside (never, made at 2026-08-14T08:00:00Z), \
                     sct_okta of okta, riverside (since 2026-08-23T08:00:00Z)",
                ],
            ),
        ] {
            let found = judge(live, NOW);
            assert_eq!(found.iter().map(|finding| finding.found.as_str()).collect::<Vec<_>>(), expected);
            let is_fine = expected[0].contains("count, none");
            assert!(found.iter().all(|finding| (finding.state == State::Ok) == is_fine));
        }
        assert_eq!(named(&vec!["a".to_owned(); 22]).matches('a').count(), 21);
    }
}
