//! Numbers that are kept beside what they count: nobody has to go over a million rows to say how many there are.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
};

use super::{Connection, Result, Tx, sql};

/// What is counted, for each organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tally {
    /// Memberships that were not removed.
    Members,
    /// Groups that were not removed.
    Groups,
}

impl Tally {
    const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Groups => "groups",
        }
    }
}

/// In so many parts a number is kept: who writes one waits for who wrote the same until that commit.
const PARTS: i64 = 8;

/// Changes of numbers: what, of which organization, by how much.
pub(super) type Change = (Tally, String, i64);

/// Writes what changed, each number once and in one order.
pub(super) async fn write(connection: &mut Connection, changes: Vec<Change>) -> Result<()> {
    static TURN: AtomicI64 = AtomicI64::new(0);
    let mut sums: BTreeMap<(Tally, String), i64> = BTreeMap::new();
    for (what, organization, by) in changes {
        *sums.entry((what, organization)).or_default() += by;
    }
    let part = TURN.fetch_add(1, Ordering::Relaxed).rem_euclid(PARTS);
    for ((what, organization), by) in sums {
        sql("INSERT INTO tallies (what, organization_id, part, number) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (what, organization_id, part) DO UPDATE SET number = tallies.number + excluded.number")
        .bind(what.name())
        .bind(organization)
        .bind(part)
        .bind(by)
        .execute(connection)
        .await?;
    }
    Ok(())
}

impl Tx {
    /// Changes a number once this unit is committed.
    pub fn tally(&mut self, what: Tally, organization: &str, by: i64) {
        self.additions().tally(what, organization, by);
    }

    /// What was counted, without what this unit changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tallied(&mut self, what: Tally, organization: &str) -> Result<u64> {
        let row = sql("SELECT CAST(COALESCE(SUM(number), 0) AS BIGINT) AS number \
             FROM tallies \
             WHERE what = $1 AND organization_id = $2")
        .bind(what.name())
        .bind(organization.to_owned())
        .fetch_one(self.connection())
        .await?;
        Ok(u64::try_from(row.try_get::<i64>("number")?).unwrap_or(0))
    }
}
