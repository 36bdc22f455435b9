//! Copies of an SQLite database while it is in use, and files that nobody uses.

use std::path::Path;

use sqlx::{AnyConnection, Connection, Row as _};

use super::{Result, Settings, options};

/// Writes a consistent copy of the database to `target`, which must not exist; others read and write meanwhile.
///
/// # Errors
/// When the database cannot be read or the file not be written.
pub async fn copy(settings: &Settings, target: &Path) -> Result<()> {
    let mut connection = connect(settings).await?;
    sqlx::query("VACUUM INTO $1").bind(target.display().to_string()).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Folds the write-ahead log into the database file, so that the file alone is the whole database; `false` when another
/// process has it open.
///
/// # Errors
/// When the file is no database.
pub async fn settle(settings: &Settings) -> Result<bool> {
    let mut connection = connect(settings).await?;
    let row = sqlx::query("PRAGMA journal_mode = DELETE").fetch_one(&mut connection).await;
    let settled = match row {
        Ok(row) => row.try_get::<String, _>(0)? == "delete",
        // Leaving the write-ahead log needs the file for oneself.
        Err(sqlx::Error::Database(error)) if error.message().contains("locked") => false,
        Err(error) => return Err(error.into()),
    };
    connection.close().await?;
    Ok(settled)
}

async fn connect(settings: &Settings) -> Result<AnyConnection> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect_with(&options(&settings.url)?).await?;
    sqlx::raw_sql("PRAGMA busy_timeout = 500").execute(&mut connection).await?;
    Ok(connection)
}
