//! Failed sign-ins by account: the count that survives a restart and is shared by all nodes.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    config::Rule,
    secret::TokenHash,
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

static NOTES: Table = Table {
    name: "throttles",
    columns: &["key", "clear_at", "last_at"],
    suffix: "ON CONFLICT (key) DO UPDATE SET clear_at = excluded.clear_at, last_at = excluded.last_at",
};

/// What is counted of an account or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// When all failures will be forgotten.
    pub clear_at: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// How many there were since the last success, or since all were forgotten.
    pub failures: i64,
    /// Since when nobody comes in.
    pub locked_at: Option<Timestamp>,
    /// Until when; `None` until an administrator unlocks it.
    pub locked_until: Option<Timestamp>,
}

impl Tally {
    /// As [`crate::limit::wait_of`] wants it.
    #[must_use]
    pub const fn times(&self) -> (Timestamp, Timestamp) {
        (self.clear_at, self.last)
    }
}

/// Queries of failed sign-ins. A key is the hash of a folded login name.
pub struct Throttles<'t>(&'t mut Tx);

impl Tx {
    /// Failed sign-ins.
    pub fn throttles(&mut self) -> Throttles<'_> {
        Throttles(self)
    }
}

impl Throttles<'_> {
    /// What is counted; `None` without any failure.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, key: TokenHash) -> Result<Option<Tally>> {
        let row = sql("SELECT clear_at, last_at, failures, locked_at, locked_until FROM throttles WHERE key = $1")
            .bind(key.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(tally).transpose()
    }

    /// What is counted of any of these.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn among(&mut self, keys: &[TokenHash]) -> Result<Vec<Tally>> {
        let mut found = vec![];
        for keys in padded(keys) {
            let text = format!(
                "SELECT clear_at, last_at, failures, locked_at, locked_until FROM throttles WHERE key IN ({})",
                in_list(1, keys.len())
            );
            let query = keys.into_iter().fold(sql(text), |query, key| query.bind(key.to_vec()));
            for row in &query.fetch_all(self.0.connection()).await? {
                found.push(tally(row)?);
            }
        }
        Ok(found)
    }

    /// Notes for all of these that something happened at `now`, for so long as `span`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_all(&mut self, keys: &[TokenHash], span: Duration, now: Timestamp) -> Result<()> {
        let row = |key: &TokenHash| vec![Value::from(key.to_vec()), now.plus(span).0.into(), now.0.into()];
        let rows = Rows { table: &NOTES, values: keys.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    /// The same, kept so until the commit: of attempts at once, on whatever node, each sees what the one before it counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held(&mut self, key: TokenHash) -> Result<Option<Tally>> {
        let row = sql("UPDATE throttles SET last_at = last_at WHERE key = $1 \
             RETURNING clear_at, last_at, failures, locked_at, locked_until")
        .bind(key.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(tally).transpose()
    }

    /// The same for an attempt that will be counted: there is a row from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&mut self, key: TokenHash) -> Result<Tally> {
        let row = sql("INSERT INTO throttles (key, clear_at, last_at) VALUES ($1, 0, 0) \
             ON CONFLICT (key) DO UPDATE SET last_at = throttles.last_at \
             RETURNING clear_at, last_at, failures, locked_at, locked_until")
        .bind(key.to_vec())
        .fetch_one(self.0.connection())
        .await?;
        tally(&row)
    }

    /// Locks it, unless it is locked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock(&mut self, key: TokenHash, until: Option<Timestamp>, now: Timestamp) -> Result<bool> {
        let locked = sql("UPDATE throttles SET locked_at = $2, locked_until = $3 WHERE key = $1 AND locked_at IS NULL")
            .bind(key.to_vec())
            .bind(now.0)
            .bind(until.map(|at| at.0))
            .execute(self.0.connection())
            .await?;
        Ok(locked == 1)
    }

    /// Counts a failure by `rule`; what [`Throttles::find`] says from now on. Where the clock was set back, what is left of
    /// former ones fades by the clock as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail(&mut self, key: TokenHash, rule: Rule, now: Timestamp) -> Result<Tally> {
        let row = sql("INSERT INTO throttles (key, clear_at, last_at, failures) \
             VALUES ($1, $2, $3, 1) \
             ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, \
             failures = CASE WHEN throttles.locked_until <= excluded.last_at \
                             OR (throttles.clear_at <= excluded.last_at AND throttles.locked_at IS NULL) \
                        THEN 1 ELSE throttles.failures + 1 END, \
             locked_at = CASE WHEN throttles.locked_until <= excluded.last_at THEN NULL ELSE throttles.locked_at END, \
             locked_until = CASE WHEN throttles.locked_until <= excluded.last_at THEN NULL ELSE throttles.locked_until END, \
             clear_at = excluded.clear_at \
             + CASE WHEN throttles.last_at > $4 THEN throttles.clear_at - throttles.last_at \
                    WHEN throttles.clear_at > excluded.last_at THEN throttles.clear_at - excluded.last_at ELSE 0 END \
             RETURNING clear_at, last_at, failures, locked_at, locked_until")
        .bind(key.to_vec())
        .bind(now.plus(rule.recovery).0)
        .bind(now.0)
        .bind(now.plus(rule.longest_wait).0)
        .fetch_one(self.0.connection())
        .await?;
        tally(&row)
    }

    /// Whether this is the first time in so long that something happens, which counts as a time of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_first(&mut self, key: TokenHash, every: Duration, now: Timestamp) -> Result<bool> {
        let row = sql("INSERT INTO throttles (key, clear_at, last_at) VALUES ($1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, clear_at = excluded.clear_at \
             WHERE throttles.clear_at <= excluded.last_at OR throttles.last_at > excluded.clear_at \
             RETURNING last_at")
        .bind(key.to_vec())
        .bind(now.plus(every).0)
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Forgets the failures of all of these.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive_all(&mut self, keys: Vec<TokenHash>) -> Result<()> {
        for keys in padded(&keys) {
            let text = format!("DELETE FROM throttles WHERE key IN ({})", in_list(1, keys.len()));
            keys.into_iter()
                .fold(sql(text), |query, key| query.bind(key.to_vec()))
                .execute(self.0.connection())
                .await?;
        }
        Ok(())
    }

    /// Forgets the failures of an account that signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive(&mut self, key: TokenHash) -> Result<()> {
        sql("DELETE FROM throttles WHERE key = $1").bind(key.to_vec()).execute(self.0.connection()).await?;
        Ok(())
    }
}

fn tally(row: &Row) -> Result<Tally> {
    Ok(Tally {
        clear_at: Timestamp(row.try_get("clear_at")?),
        last: Timestamp(row.try_get("last_at")?),
        failures: row.try_get("failures")?,
        locked_at: row.try_get::<Option<i64>>("locked_at")?.map(Timestamp),
        locked_until: row.try_get::<Option<i64>>("locked_until")?.map(Timestamp),
    })
}
