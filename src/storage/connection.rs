//! One connection to either database.

use super::{Engine, Error, Result, Row, postgres::Postgres, sqlite::Sqlite, statement::Statement};

/// One connection to either database.
#[derive(Debug)]
pub struct Connection {
    database: Database,
    has_failed: bool,
    has_clashed: bool,
}

/// What waits for PostgreSQL is boxed: it is kilobytes, which whoever waits for SQLite would carry from call to call.
#[derive(Debug)]
enum Database {
    Sqlite(Box<Sqlite>),
    Postgres(Postgres),
}

impl From<Sqlite> for Connection {
    fn from(sqlite: Sqlite) -> Self {
        Self { database: Database::Sqlite(Box::new(sqlite)), has_failed: false, has_clashed: false }
    }
}

impl From<Postgres> for Connection {
    fn from(postgres: Postgres) -> Self {
        Self { database: Database::Postgres(postgres), has_failed: false, has_clashed: false }
    }
}

impl Connection {
    /// Which database is behind.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.database {
            Database::Sqlite(_) => Engine::Sqlite,
            Database::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs statements that take no values and answer nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&mut self, statements: &str) -> Result<()> {
        let done = match &mut self.database {
            Database::Sqlite(sqlite) => sqlite.run(statements),
            Database::Postgres(postgres) => Box::pin(postgres.run(statements)).await,
        };
        self.noticed(done)
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        let done = match &mut self.database {
            Database::Sqlite(sqlite) => sqlite.execute(statement),
            Database::Postgres(postgres) => Box::pin(postgres.execute(statement)).await,
        };
        self.noticed(done)
    }

    /// At most `most` rows; the rest is not read.
    pub(super) async fn fetch(&mut self, statement: &Statement, most: usize) -> Result<Vec<Row>> {
        let found = match &mut self.database {
            Database::Sqlite(sqlite) => sqlite.fetch(statement, most),
            Database::Postgres(postgres) => Box::pin(postgres.fetch(statement, most)).await,
        };
        self.noticed(found)
    }

    /// Whether a statement has failed since this was asked last. What a failed statement leaves behind is not known: a
    /// unit that goes on after one must not be kept.
    pub(super) fn has_failed(&mut self) -> bool {
        std::mem::take(&mut self.has_failed)
    }

    /// Whether one has failed because others were at the same rows, since this was asked last.
    pub(super) fn has_clashed(&mut self) -> bool {
        std::mem::take(&mut self.has_clashed)
    }

    fn noticed<T>(&mut self, result: Result<T>) -> Result<T> {
        self.has_failed |= result.is_err();
        self.has_clashed |= result.as_ref().is_err_and(Error::is_clash);
        result
    }

    pub(super) async fn close(self) -> Result<()> {
        match self.database {
            Database::Sqlite(sqlite) => sqlite.close(),
            Database::Postgres(postgres) => Box::pin(postgres.close()).await,
        }
    }
}
