//! The database: pools, transactions and migrations. The only place that knows which database it is.
//!
//! [`Storage::read`] lends a connection that cannot write; [`Storage::write`] runs a unit of work in a transaction and
//! answers only when it is durable; [`Storage::append`] is for rows that nobody reads back. Store files (`*/store/`) hang
//! their queries on [`Tx`]. Not here: what is stored.
//!
//! SQLite runs in this process ([`sqlite`]), PostgreSQL through a library's pool ([`postgres`]). On SQLite one writer commits
//! concurrent units together, set apart by savepoints ([`group`]); on PostgreSQL every unit is a transaction of its own. On
//! both a failed statement ends its unit: conflicts are `ON CONFLICT`, never a caught error. Both run one SQL text with
//! `$1` placeholders and the types TEXT, BIGINT and BYTEA.

pub mod additions;
pub mod batch;
mod clash;
mod condition;
mod connection;
pub mod copy;
pub mod expiry;
pub mod filter;
mod group;
mod migration;
mod part;
mod postgres;
mod readers;
pub mod replays;
mod revision;
mod sqlite;
mod statement;
mod statistics;
pub mod stillness;
mod tally;
pub mod testing;
mod transaction;
mod value;

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};

pub use additions::Additions;
pub use condition::is_begun;
pub use connection::Connection;
pub use migration::SchemaError;
pub use part::Part;
pub use revision::Revision;
pub use statement::{Statement, sql};
pub use tally::Tally;
pub use transaction::Tx;
pub use value::{InOrder, Row, Value};

use group::Writer;
use readers::Readers;
use revision::Revisions;
use sqlite::{Access, Sqlite};

/// A fault of the database, never something a client did.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused or failed a statement.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused or failed a statement, or cannot be reached.
    #[error("database: {0}")]
    Postgres(#[from] sqlx::Error),
    /// A statement answered no row where there is always one.
    #[error("database: a row is missing")]
    NoRow,
    /// A row has no such column, or it holds a value of another type.
    #[error("database: column {0} cannot be read")]
    Column(String),
    /// All connections that read were in use for too long.
    #[error("database: no connection was free in time")]
    Crowded,
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A unit of work went on after a statement had failed, and was rolled back.
    #[error("a unit of work went on after a failed statement and was rolled back")]
    Swallowed,
    /// The transaction that others shared could not be committed; nothing of it was kept.
    #[error("commit failed: {0}")]
    Commit(Arc<Error>),
    /// The unit of work panicked and was rolled back.
    #[error("a unit of work panicked and was rolled back")]
    Panicked,
    /// The writer has stopped.
    #[error("the server is stopping")]
    Stopped,
    /// A stored value is not what the program writes.
    #[error("column {0} holds a value that Lanyard does not write")]
    Corrupt(&'static str),
    /// What settles a unit of work refuses it, for a reason of its own.
    #[error("{0}")]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    /// What a unit of work rests on was changed before it could be kept.
    #[error("what the change rests on was changed meanwhile")]
    Outdated,
    /// The database has another collation than `C`, which range queries rely on.
    #[error("database collation is `{0}`; create the database with LC_COLLATE 'C'")]
    Collation(String),
}

impl Error {
    /// Whether the same may go well later: the database is away, full, busy or, for now, not to be written.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) => {
                matches!(failure.code, Code::DatabaseBusy | Code::ReadOnly | Code::DiskFull | Code::CannotOpen)
            }
            Self::Postgres(sqlx::Error::Database(refusal)) => {
                let code = refusal.code().unwrap_or_default();
                // Connections, resources, an operator's doing, a database that is read-only; two units that waited for each
                // other, or one that waited for too long.
                ["08", "53", "57", "25006", "40", "55P03"].iter().any(|class| code.starts_with(class))
            }
            Self::Postgres(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
            | Self::Crowded
            | Self::Outdated
            | Self::Stopped => true,
            Self::Commit(cause) => cause.is_passing(),
            _ => false,
        }
    }

    /// Whether others were at the same rows, so that the same unit may be kept when it is run again at once.
    fn is_clash(&self) -> bool {
        match self {
            // PostgreSQL's serialization_failure and deadlock_detected.
            Self::Postgres(sqlx::Error::Database(refusal)) => {
                matches!(refusal.code().as_deref(), Some("40001" | "40P01"))
            }
            Self::Outdated => true,
            Self::Commit(cause) => cause.is_clash(),
            _ => false,
        }
    }
}

/// What a storage call returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The future of a unit of work.
pub type Work<'t, T, E = Error> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// Which database is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// For several nodes.
    Postgres,
}

/// Where the database is and how many connections it may have.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:path/to/file.db` or `postgres://user@host/name`.
    pub url: String,
    /// Reading connections.
    pub readers: u32,
    /// Writing connections (PostgreSQL; SQLite has one).
    pub writers: u32,
}

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    engine: Engine,
    readers: Readers,
    writer: Writer,
    revisions: Arc<Revisions>,
}

impl Storage {
    /// Opens the database, creating an SQLite file that is not there; changes nothing else.
    ///
    /// # Errors
    /// When the database cannot be reached or has another collation than `C`.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let revisions = Arc::new(Revisions::default());
        let (engine, writer, readers) = if let Some(file) = settings.file() {
            // The writer first: it makes the file, and readers cannot.
            let writer = Writer::shared(&file, revisions.clone())?;
            (Engine::Sqlite, writer, Readers::own(file, settings.readers.max(1))?)
        } else {
            reach(settings).await?;
            let writers = postgres::pool(&settings.url, Access::Write, settings.writers).await?;
            let readers = postgres::pool(&settings.url, Access::Read, settings.readers).await?;
            (Engine::Postgres, Writer::pooled(writers, revisions.clone()), Readers::Pooled(readers))
        };
        Ok(Self { engine, readers, writer, revisions })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When a migration fails or the database is newer than this program.
    pub async fn migrate(settings: &Settings) -> Result<()> {
        migration::run(settings).await
    }

    /// Names of migrations that [`Storage::migrate`] would still apply.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        migration::pending(&mut self.read().await?).await
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Lends a connection that cannot write; each statement sees the newest committed state.
    ///
    /// Dropped before anything slow is awaited: connections are few.
    ///
    /// # Errors
    /// When no connection could be had in time.
    pub async fn read(&self) -> Result<Tx> {
        Ok(Tx::lent(self.readers.lend().await?))
    }

    /// Runs `work` in a transaction; its answer is returned once it is durable. An error rolls everything back.
    ///
    /// The closure awaits nothing but SQL: others wait behind it.
    ///
    /// # Errors
    /// What `work` returned, or a fault of the database (then nothing of `work` was kept).
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// The same for `work` that can be run again: where others were at the same rows, so that it could not be kept, it is
    /// run once more, a few times.
    ///
    /// # Errors
    /// As [`Storage::write`].
    pub async fn insist<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.insist(work).await
    }

    /// Writes what `add` adds; returns once it is durable. Cheaper than [`Storage::write`] for a change that is nothing but
    /// rows that nobody reads back.
    ///
    /// # Errors
    /// A fault of the database; then nothing was kept.
    pub async fn append<F>(&self, add: F) -> Result<()>
    where
        F: FnOnce(&mut Additions) + Send + 'static,
    {
        self.writer.append(add).await
    }

    /// How often `what` has changed, as far as this node knows; caches compare it at every use.
    #[must_use]
    pub fn revision(&self, what: Revision) -> u64 {
        self.revisions.local(what)
    }

    /// Waits until this node has committed an end of sessions or tokens since the last time: whoever has to be told is told
    /// at once. One task waits.
    pub async fn revoked(&self) {
        self.revisions.revoked().await;
    }

    /// Reads the revisions that other nodes have written; called once a second.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refresh_revisions(&self) -> Result<()> {
        self.revisions.refresh(&mut self.read().await?).await
    }

    /// Finishes what was begun and closes every connection.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

impl Settings {
    /// The file of an SQLite database.
    pub(in crate::storage) fn file(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:")?;
        Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
    }

    /// A connection of its own, that may do anything; it makes an SQLite file that is not there.
    async fn connect(&self) -> Result<Tx> {
        match self.file() {
            Some(file) => Ok(Tx::owned(Sqlite::open(&file, Access::Write)?)),
            None => Ok(Tx::owned(postgres::connect(&self.url).await?)),
        }
    }
}

/// Whether the database answers at all, which a pool would ask for half a minute, and has the collation that range queries
/// rely on.
async fn reach(settings: &Settings) -> Result<()> {
    let mut tx = settings.connect().await?;
    let row = sql("SELECT datcollate::TEXT AS collation FROM pg_database WHERE datname = current_database()")
        .fetch_one(tx.connection())
        .await?;
    tx.close().await?;
    let collation: String = row.try_get("collation")?;
    if collation == "C" || collation.starts_with("C.") { Ok(()) } else { Err(Error::Collation(collation)) }
}

#[cfg(test)]
mod tests;
