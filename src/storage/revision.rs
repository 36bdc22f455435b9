//! Counters that tell every node when a cache is out of date.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::{Connection, Result, Tx, sql};

/// What caches are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// Clients, their secrets and activations.
    Clients,
    /// People, organizations and what they hold.
    Directory,
    /// Signing keys.
    Keys,
    /// Organizations, roles and policies.
    Policies,
    /// Sessions, families and tokens that were ended before their time.
    Revocations,
    /// Rules of groups, and what they look at beside the members.
    Rules,
}

impl Revision {
    /// Every counter.
    pub const ALL: [Self; 6] =
        [Self::Clients, Self::Directory, Self::Keys, Self::Policies, Self::Revocations, Self::Rules];

    const fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Directory => "directory",
            Self::Keys => "keys",
            Self::Policies => "policies",
            Self::Revocations => "revocations",
            Self::Rules => "rules",
        }
    }

    /// What the database says, with this behind the statement.
    pub(super) async fn value(self, connection: &mut Connection, suffix: &str) -> Result<i64> {
        let statement = format!("SELECT value FROM revisions WHERE name = $1{suffix}");
        sql(statement).bind(self.name()).fetch_one(connection).await?.try_get("value")
    }

    pub(super) async fn increment(self, connection: &mut Connection) -> Result<()> {
        sql("UPDATE revisions SET value = value + 1 WHERE name = $1").bind(self.name()).execute(connection).await?;
        Ok(())
    }
}

/// This node's view: for each counter what the database said last, and how often this node saw a change.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    stored: [AtomicU64; Revision::ALL.len()],
    local: [AtomicU64; Revision::ALL.len()],
    revoked: Notify,
}

impl Revisions {
    pub(super) fn local(&self, what: Revision) -> u64 {
        self.local[what as usize].load(Ordering::Acquire)
    }

    /// A unit of this node was committed: its caches are out of date at once.
    pub(super) fn committed(&self, bumped: &[Revision]) {
        for what in bumped {
            self.local[*what as usize].fetch_add(1, Ordering::AcqRel);
        }
        if bumped.contains(&Revision::Revocations) {
            self.revoked.notify_one();
        }
    }

    /// Ends when this node has committed an end of sessions or tokens since the last time.
    pub(super) async fn revoked(&self) {
        self.revoked.notified().await;
    }

    pub(super) async fn refresh(&self, tx: &mut Tx) -> Result<()> {
        let rows = sql("SELECT name, value FROM revisions").fetch_all(tx.connection()).await?;
        for row in rows {
            let (name, value): (String, i64) = (row.try_get("name")?, row.try_get("value")?);
            let Some(what) = Revision::ALL.into_iter().find(|what| what.name() == name) else { continue };
            let value = u64::try_from(value).unwrap_or(0);
            if self.stored[what as usize].swap(value, Ordering::AcqRel) != value {
                self.local[what as usize].fetch_add(1, Ordering::AcqRel);
            }
        }
        Ok(())
    }
}
