//! Where people are signed in from, or were last.

use std::collections::BTreeSet;

use crate::{
    clock::Timestamp,
    id::{OrganizationId, UserId},
    session::EndReason,
    storage::{
        Result, Tx,
        batch::{in_list, padded},
        sql,
    },
};

/// So many sessions that run of a person say where they come from.
const LATEST: usize = 20;

/// Queries of sessions for where their people are.
pub(in crate::policy) struct Whereabouts<'t>(&'t mut Tx);

impl Tx {
    /// Where people are signed in from.
    pub(in crate::policy) fn whereabouts(&mut self) -> Whereabouts<'_> {
        Whereabouts(self)
    }
}

impl Whereabouts<'_> {
    /// Where some people are signed in from now.
    pub(in crate::policy) async fn addresses(
        &mut self,
        people: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<(UserId, String)>> {
        self.latest_addresses(people, (SIGNED_IN, now), LATEST).await
    }

    /// Where some people were signed in from last since then, whether they still are or not. A session that somebody ended, who did
    /// not just sign out of it, may have been that of an intruder.
    pub(in crate::policy) async fn last_addresses(
        &mut self,
        people: &[UserId],
        since: Timestamp,
    ) -> Result<Vec<(UserId, String)>> {
        self.latest_addresses(people, (&own_since(), since), 1).await
    }

    /// Those of some members whom a live upstream of their organization knows.
    pub(in crate::policy) async fn linked(
        &mut self,
        organization: &OrganizationId,
        people: &[UserId],
    ) -> Result<BTreeSet<UserId>> {
        let mut found = BTreeSet::new();
        for list in padded(people) {
            let text = format!(
                "SELECT DISTINCT m.user_id FROM memberships m \
                 JOIN upstream_entries e ON e.thing_id = m.id AND e.kind = 'person' AND e.gone_at IS NULL \
                 JOIN upstreams u ON u.id = e.upstream_id AND u.paused_at IS NULL AND u.removed_at IS NULL \
                 WHERE m.organization_id = $1 AND m.removed_at IS NULL AND m.user_id IN ({})",
                in_list(2, list.len())
            );
            let query = sql(text).bind(organization.as_str().to_owned());
            let query = list.iter().fold(query, |query, id| query.bind(id.as_str().to_owned()));
            for row in query.fetch_all(self.0.connection()).await? {
                found.insert(UserId::from_stored(row.try_get("user_id")?));
            }
        }
        Ok(found)
    }

    /// The addresses of the latest sessions of each, so many at most, of those that a condition on an instant lets through.
    async fn latest_addresses(
        &mut self,
        people: &[UserId],
        (condition, instant): (&str, Timestamp),
        most: usize,
    ) -> Result<Vec<(UserId, String)>> {
        let mut found = vec![];
        for list in padded(people) {
            let query = sql(latest((condition, most), list.len())).bind(instant.0);
            let query = list.iter().fold(query, |query, id| query.bind(id.as_str().to_owned()));
            for row in query.fetch_all(self.0.connection()).await? {
                found.push((UserId::from_stored(row.try_get("user_id")?), row.try_get("address")?));
            }
        }
        Ok(found)
    }
}

/// Sessions that run at `$1`.
const SIGNED_IN: &str = "ended_at IS NULL AND expires_at > $1";

/// Sessions since `$1` that were surely of whom they name.
fn own_since() -> String {
    let doubtful: Vec<String> = EndReason::ALL
        .iter()
        .filter(|reason| reason.is_doubtful())
        .map(|reason| format!("'{}'", reason.as_str()))
        .collect();
    format!("last_seen_at > $1 AND (end_reason IS NULL OR end_reason NOT IN ({}))", doubtful.join(", "))
}

/// Of each of so many people some steps in an index, however many sessions they have had.
fn latest((condition, most): (&str, usize), people: usize) -> String {
    let of_one = |number: usize| {
        format!(
            "SELECT user_id, address FROM (SELECT user_id, address FROM sessions \
             WHERE user_id = ${} AND completed_at IS NOT NULL AND {condition} ORDER BY id DESC LIMIT {most}) AS s{number}",
            number + 1
        )
    };
    (1..=people).map(of_one).collect::<Vec<_>>().join(" UNION ALL ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::{databases, plan};

    #[tokio::test(flavor = "multi_thread")]
    async fn where_people_came_from_is_a_few_steps_in_an_index_each() {
        for database in databases().await {
            let since = own_since();
            for (which, index) in [((SIGNED_IN, LATEST), "sessions_"), ((since.as_str(), 1), "sessions_of_people")] {
                let values = vec![1.into(), "usr_1".into(), "usr_2".into()];
                let plan = plan(&database.storage, &latest(which, 2), values).await;
                assert!(plan.contains(index), "{plan}");
                for costly in ["SCAN sessions", "Seq Scan on sessions", "TEMP B-TREE", "Sort"] {
                    assert!(!plan.contains(costly), "{plan}");
                }
            }
        }
    }
}
