//! The database: pools, transactions and migrations. The only place that knows which database it is.
//!
//! [`Storage::read`] lends a connection that cannot write; [`Storage::write`] runs a unit of work in a transaction and
//! answers only when it is durable; [`Storage::append`] is for rows that nobody reads back. Store files (`*/store/`) hang
//! their queries on [`Tx`]. Not here: what is stored.
//!
//! On SQLite one writer commits concurrent units together, set apart by savepoints ([`group`]); on PostgreSQL every unit
//! is a transaction of its own, in which a failed statement ends the unit: conflicts are `ON CONFLICT`, never a caught
//! error. Both run one SQL text with `$1` placeholders and the types TEXT, BIGINT and BYTEA.

pub mod additions;
pub mod batch;
mod condition;
pub mod copy;
pub mod expiry;
pub mod filter;
mod group;
mod migration;
mod readers;
mod revision;
pub mod stillness;
pub mod testing;
mod transaction;

use std::{future::Future, pin::Pin, sync::Arc};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection as _,
    any::{AnyConnectOptions, AnyPoolOptions},
};

pub use additions::Additions;
pub use revision::Revision;
pub use transaction::{Row, Tx};

use group::Writer;
use readers::Readers;
use revision::Revisions;

/// A fault of the database, never something a client did.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or failed a statement.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
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
    /// The database has another collation than `C`, which range queries rely on.
    #[error("database collation is `{0}`; create the database with LC_COLLATE 'C'")]
    Collation(String),
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
        sqlx::any::install_default_drivers();
        let engine = if settings.url.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres };
        if engine == Engine::Postgres {
            reach(settings).await?;
        }
        let revisions = Arc::new(Revisions::default());
        let options = options(&settings.url)?;
        // The writer first: it makes the file, and readers cannot.
        let writer = match engine {
            Engine::Sqlite => Writer::shared(options.clone(), revisions.clone()).await?,
            Engine::Postgres => Writer::pooled(pool(settings, Access::Write).await?, revisions.clone()),
        };
        let readers = match engine {
            Engine::Sqlite => Readers::own(options, settings.readers.max(1)).await?,
            Engine::Postgres => Readers::Pooled(pool(settings, Access::Read).await?),
        };
        Ok(Self { engine, readers, writer, revisions })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When a migration fails or the database is newer than this program.
    pub async fn migrate(settings: &Settings) -> Result<()> {
        sqlx::any::install_default_drivers();
        migration::run(&options(&settings.url)?).await
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn options(url: &str) -> Result<AnyConnectOptions> {
    let url = match url.strip_prefix("sqlite:") {
        Some(_) if !url.contains('?') => format!("{url}?mode=rwc"),
        _ => url.to_owned(),
    };
    Ok(url.parse::<AnyConnectOptions>()?.disable_statement_logging())
}

/// Connections to PostgreSQL.
async fn pool(settings: &Settings, access: Access) -> Result<AnyPool> {
    let connections = if access == Access::Read { settings.readers } else { settings.writers };
    Ok(AnyPoolOptions::new()
        .max_connections(connections.max(1))
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            Box::pin(async move { prepare(connection, Engine::Postgres, access).await })
        })
        .connect_with(options(&settings.url)?)
        .await?)
}

/// Whether the database answers at all, which a pool would ask for half a minute, and has the collation that range queries
/// rely on.
async fn reach(settings: &Settings) -> Result<()> {
    let mut connection = AnyConnection::connect_with(&options(&settings.url)?).await?;
    let row = sqlx::query("SELECT datcollate::TEXT AS collation FROM pg_database WHERE datname = current_database()")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    let collation: String = sqlx::Row::try_get(&row, "collation")?;
    if collation == "C" || collation.starts_with("C.") { Ok(()) } else { Err(Error::Collation(collation)) }
}

/// Settings of one connection: SQLite syncs at every commit and checks foreign keys; readers cannot write. PostgreSQL
/// compiles no query to machine code (`jit`): it overrates recursive ones, and compiling costs far more than running them.
async fn prepare(connection: &mut AnyConnection, engine: Engine, access: Access) -> sqlx::Result<()> {
    let statements = match (engine, access) {
        (Engine::Sqlite, Access::Write) => {
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000"
        }
        (Engine::Sqlite, Access::Read) => {
            "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456"
        }
        (Engine::Postgres, Access::Write) => "SET jit = off; SET lock_timeout = '10s'; SET statement_timeout = '60s'",
        (Engine::Postgres, Access::Read) => {
            "SET jit = off; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET statement_timeout = '60s'"
        }
    };
    sqlx::raw_sql(statements).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
