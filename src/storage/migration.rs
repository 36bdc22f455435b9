//! The schema, step by step: files named by UTC time, embedded in the binary, applied in order and never edited.

use std::borrow::Cow;

use sqlx::{
    Connection, Row as _, SqlSafeStr,
    any::AnyConnectOptions,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Result, Tx};

macro_rules! migrations {
    ($($version:literal $name:literal;)*) => {
        &[$(($version, $name, include_str!(concat!("../../migrations/", $version, "_", $name, ".sql"))),)*]
    };
}

/// Version (UTC time), name and text of every step.
const STEPS: &[(&str, &str, &str)] = migrations! {
    "202611220400" "platform";
    "202611220410" "directory";
    "202611220420" "sessions";
    "202611220430" "oauth";
    "202611220500" "signing_keys";
    "202611220750" "demo";
    "202611220800" "search";
    "202611220830" "directory_revision";
    "202611220900" "families_by_session";
    "202611221040" "tokens_void_before";
};

/// Applies what is missing, under a lock.
pub(super) async fn run(options: &AnyConnectOptions) -> Result<()> {
    let mut connection = sqlx::AnyConnection::connect_with(options).await?;
    if connection.backend_name() == "SQLite" {
        sqlx::raw_sql("PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            .execute(&mut connection)
            .await?;
    }
    Migrator::with_migrations(steps()).run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}

/// Names of the steps that were not applied yet.
pub(super) async fn pending(tx: &mut Tx) -> Result<Vec<String>> {
    let applied = applied(tx).await?;
    Ok(steps()
        .iter()
        .filter(|step| !applied.contains(&step.version))
        .map(|step| step.description.to_string())
        .collect())
}

/// Versions of the steps that were applied; none in a database without any.
pub(super) async fn applied(tx: &mut Tx) -> Result<Vec<i64>> {
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations").fetch_all(tx.connection()).await.unwrap_or_default();
    Ok(rows.iter().map(|row| row.try_get("version")).collect::<sqlx::Result<_>>()?)
}

/// The version of the last step.
pub(super) fn newest() -> i64 {
    steps().iter().map(|step| step.version).max().unwrap_or_default()
}

/// The text of all steps, by which one schema is told from another.
pub(super) fn texts() -> String {
    STEPS.iter().map(|(_, _, sql)| *sql).collect()
}

fn steps() -> Vec<Migration> {
    STEPS
        .iter()
        .map(|(version, name, sql)| {
            let version = version.parse().expect("versions are digits");
            Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect()
}
