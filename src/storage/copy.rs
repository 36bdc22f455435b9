//! Copies of an SQLite database while it is in use, and files that nobody uses.

use std::path::Path;

use rusqlite::ErrorCode;

use super::{Error, Result, Settings, Tx, sql};

/// Writes a consistent copy of the database to `target`, which must not exist; others read and write meanwhile.
///
/// # Errors
/// When the database cannot be read or the file not be written.
pub async fn copy(settings: &Settings, target: &Path) -> Result<()> {
    let mut tx = connect(settings).await?;
    sql("VACUUM INTO $1").bind(target.display().to_string()).execute(tx.connection()).await?;
    tx.close().await
}

/// Folds the write-ahead log into the database file, so that the file alone is the whole database; `false` when another
/// process has it open.
///
/// # Errors
/// When the file is no database.
pub async fn settle(settings: &Settings) -> Result<bool> {
    let mut tx = connect(settings).await?;
    let row = sql("PRAGMA journal_mode = DELETE").fetch_one(tx.connection()).await;
    let settled = match row {
        Ok(row) => row.try_get::<String>(0)? == "delete",
        // Leaving the write-ahead log needs the file for oneself.
        Err(Error::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => false,
        Err(error) => return Err(error),
    };
    tx.close().await?;
    Ok(settled)
}

async fn connect(settings: &Settings) -> Result<Tx> {
    let mut tx = settings.connect().await?;
    tx.run("PRAGMA busy_timeout = 500").await?;
    Ok(tx)
}
