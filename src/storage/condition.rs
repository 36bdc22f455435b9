//! What condition a database is in: its age, its size, its clock and whether it is whole.

use std::{collections::BTreeMap, path::Path};

use super::{Engine, Result, Storage, migration, sql, sqlite::Sqlite};
use crate::clock::Timestamp;

/// Tables whose rows tell how much a database holds.
const COUNTED: [&str; 8] =
    ["organizations", "users", "memberships", "clients", "sessions", "families", "audit_events", "signing_keys"];

/// Problems that are told at most; one is enough to act upon.
const MOST_PROBLEMS: usize = 10;

/// Whether Lanyard has begun a database in this file of SQLite; changes nothing of it.
///
/// # Errors
/// When the file is no database.
pub fn is_begun(file: &Path) -> Result<bool> {
    Sqlite::has_table(file, migration::TABLE)
}

impl Storage {
    /// The newest migration that was applied (UTC time, as digits); `None` for an empty database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schema(&self) -> Result<Option<i64>> {
        migration::applied(&mut self.read().await?).await.map(|applied| applied.into_iter().max())
    }

    /// The newest migration that this program knows.
    #[must_use]
    pub fn newest_schema() -> i64 {
        migration::newest()
    }

    /// How many rows the tables have that tell most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rows(&self) -> Result<BTreeMap<String, i64>> {
        let selects: Vec<String> =
            COUNTED.iter().map(|table| format!("SELECT '{table}' AS name, COUNT(*) AS n FROM {table}")).collect();
        let rows = sql(selects.join(" UNION ALL ")).fetch_all(self.read().await?.connection()).await?;
        rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("n")?))).collect()
    }

    /// What is broken inside the file of an SQLite database, in SQLite's words; PostgreSQL checks its pages by itself.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub async fn damage(&self) -> Result<Vec<String>> {
        if self.engine() == Engine::Postgres {
            return Ok(vec![]);
        }
        let mut tx = self.read().await?;
        let rows = sql("PRAGMA quick_check(10)").fetch_all(tx.connection()).await?;
        let mut found: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_>>()?;
        found.retain(|line| line != "ok");
        let dangling = sql("PRAGMA foreign_key_check").fetch_all(tx.connection()).await?;
        for row in dangling.iter().take(MOST_PROBLEMS) {
            found.push(format!("a row of {} refers to nothing", row.try_get::<String>(0)?));
        }
        Ok(found)
    }

    /// What the clock of the PostgreSQL server says; SQLite has none of its own.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn server_time(&self) -> Result<Option<Timestamp>> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let row = sql("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now")
            .fetch_one(self.read().await?.connection())
            .await?;
        Ok(Some(Timestamp(row.try_get("now")?)))
    }
}
