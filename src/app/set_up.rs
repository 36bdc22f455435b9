//! Whether Lanyard was set up where the configuration points. A command that is run in a wrong folder is told so; it does
//! not make a second database and a second master key there.

use std::path::{Path, PathBuf};

use super::master_key;
use crate::{
    config::Config,
    keys::master_key::{MasterKeyFault, MasterKeySource},
    storage::{self, Storage},
};

/// Why a command has nothing to work on; each message says where it looked and what to do.
#[derive(Debug, thiserror::Error)]
pub enum NotSetUp {
    /// No file of a database.
    #[error(
        "there is no database at {}, where `database.url` points: run the command in the folder of the server, or with its \
         configuration (--config FILE, or LANYARD_CONFIG). For a new one run `lanyard migrate` first", .0.display()
    )]
    NoDatabase(PathBuf),
    /// A database that Lanyard has not written to.
    #[error(
        "{0} holds no tables of Lanyard: correct `database.url` (--config FILE, or LANYARD_CONFIG), or run \
         `lanyard migrate` to begin there"
    )]
    Empty(String),
    /// A database of an earlier Lanyard.
    #[error(
        "{database} is behind this program by {steps}: run `lanyard migrate`, or start the server, which does it too"
    )]
    Behind {
        /// Which database.
        database: String,
        /// What is to be done to it.
        steps: String,
    },
    /// A database of a later Lanyard.
    #[error("{database} was brought to {schema} by a newer Lanyard: use that program")]
    Newer {
        /// Which database.
        database: String,
        /// Its newest migration.
        schema: i64,
    },
    /// No file of a master key.
    #[error(
        "there is no master key at {}, where `keys.folder` points: run the command in the folder of the server, or with \
         its configuration (--config FILE, or LANYARD_CONFIG). If it was lost, put your copy of it there", .0.display()
    )]
    NoMasterKey(PathBuf),
    /// The master key cannot be read.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyFault),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Sees that there are a database and a master key, and makes neither.
///
/// # Errors
/// [`NotSetUp`].
pub fn see_files(config: &Config) -> Result<(), NotSetUp> {
    if let Some(file) = config.database.file()
        && !file.exists()
    {
        return Err(NotSetUp::NoDatabase(absolute(&file)));
    }
    // Before it is opened to be written to, which would make somebody else's file one for a write-ahead log.
    if let Some(file) = config.database.file()
        && !storage::is_begun(&file)?
    {
        return Err(NotSetUp::Empty(named(config)));
    }
    match master_key(config) {
        MasterKeySource::File(path) if !path.exists() => Err(NotSetUp::NoMasterKey(absolute(&path))),
        source => Ok(source.read().map(drop)?),
    }
}

/// Sees that the database is one of this very program.
///
/// # Errors
/// [`NotSetUp`].
pub async fn see_schema(storage: &Storage, config: &Config) -> Result<(), NotSetUp> {
    let database = || named(config);
    match storage.schema().await? {
        None => return Err(NotSetUp::Empty(database())),
        Some(schema) if schema > Storage::newest_schema() => {
            return Err(NotSetUp::Newer { database: database(), schema });
        }
        Some(_) => {}
    }
    let pending = storage.pending_migrations().await?;
    if pending.is_empty() { Ok(()) } else { Err(NotSetUp::Behind { database: database(), steps: pending.join(", ") }) }
}

/// Where the file of the master key is, from the root; none where the key comes from the environment.
#[must_use]
pub fn master_key_file(config: &Config) -> Option<PathBuf> {
    match master_key(config) {
        MasterKeySource::File(path) => Some(absolute(&path)),
        MasterKeySource::Text(_) => None,
    }
}

/// The path from the root: what is shown means the same in every folder.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The database as a message names it; an address may hold a password.
fn named(config: &Config) -> String {
    match config.database.file() {
        Some(file) => format!("the database {}", absolute(&file).display()),
        None => "the PostgreSQL database of `database.url`".to_owned(),
    }
}
