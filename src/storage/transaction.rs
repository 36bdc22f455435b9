//! A lent connection: what store files hang their queries on.

use sqlx::{Any, AnyConnection, Connection as _, any::AnyRow, pool::PoolConnection};

use super::{
    Result, Revision,
    batch::{self, Rows, Table, Value},
};

/// A row of an answer.
pub type Row = AnyRow;

enum Lent {
    Pooled(PoolConnection<Any>),
    Owned(AnyConnection),
}

/// A connection lent for one read or one unit of work.
pub struct Tx {
    connection: Lent,
    pub(super) appended: Vec<Rows>,
    pub(super) bumped: Vec<Revision>,
}

impl Tx {
    pub(super) fn reading(connection: PoolConnection<Any>) -> Self {
        Self { connection: Lent::Pooled(connection), appended: vec![], bumped: vec![] }
    }

    pub(super) fn writing(connection: AnyConnection) -> Self {
        Self { connection: Lent::Owned(connection), appended: vec![], bumped: vec![] }
    }

    /// The connection, for store files alone.
    pub fn connection(&mut self) -> &mut AnyConnection {
        match &mut self.connection {
            Lent::Pooled(connection) => connection,
            Lent::Owned(connection) => connection,
        }
    }

    /// Adds a row that nothing in this unit reads back (an audit event); all of them are inserted together just
    /// before the commit.
    pub fn append(&mut self, table: &'static Table, values: Vec<Value>) {
        match self.appended.iter_mut().find(|rows| std::ptr::eq(rows.table, table)) {
            Some(rows) => rows.values.push(values),
            None => self.appended.push(Rows { table, values: vec![values] }),
        }
    }

    /// Tells every node that its cache of `what` is out of date, once this unit is committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bump(&mut self, what: Revision) -> Result<()> {
        if self.bumped.contains(&what) {
            return Ok(());
        }
        self.bumped.push(what);
        what.increment(self.connection()).await
    }

    /// Where this unit's additions begin.
    pub(super) fn mark(&self) -> Mark {
        Mark { rows: self.appended.iter().map(|rows| rows.values.len()).collect(), bumped: self.bumped.len() }
    }

    /// Forgets what was added since `mark`.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.appended.truncate(mark.rows.len());
        for (rows, length) in self.appended.iter_mut().zip(mark.rows) {
            rows.values.truncate(length);
        }
        self.bumped.truncate(mark.bumped);
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        for rows in std::mem::take(&mut self.appended) {
            batch::insert(self.connection(), &rows).await?;
        }
        Ok(())
    }

    /// Closes the connection, where it is the writer's own; a pooled one is its pool's.
    pub(super) async fn close(self) -> Result<()> {
        match self.connection {
            Lent::Pooled(_) => Ok(()),
            Lent::Owned(connection) => Ok(connection.close().await?),
        }
    }

    pub(super) async fn run(&mut self, statement: &'static str) -> Result<()> {
        sqlx::raw_sql(statement).execute(self.connection()).await?;
        Ok(())
    }
}

/// How much was appended at one moment.
pub(super) struct Mark {
    rows: Vec<usize>,
    bumped: usize,
}
