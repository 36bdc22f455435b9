//! A lent connection: what store files hang their queries on.

use sqlx::{AnyConnection, Connection as _, any::AnyRow};

use super::{
    Result, Revision,
    additions::Additions,
    batch::{Table, Value},
    readers::Loan,
};

/// A row of an answer.
pub type Row = AnyRow;

enum Lent {
    Loan(Loan),
    Owned(AnyConnection),
}

/// A connection lent for one read or one unit of work.
pub struct Tx {
    connection: Lent,
    additions: Additions,
}

impl Tx {
    pub(super) fn lent(loan: Loan) -> Self {
        Self { connection: Lent::Loan(loan), additions: Additions::default() }
    }

    pub(super) fn writing(connection: AnyConnection) -> Self {
        Self { connection: Lent::Owned(connection), additions: Additions::default() }
    }

    /// The connection, for store files alone.
    pub fn connection(&mut self) -> &mut AnyConnection {
        match &mut self.connection {
            Lent::Loan(loan) => loan.connection(),
            Lent::Owned(connection) => connection,
        }
    }

    /// What this unit adds.
    pub fn additions(&mut self) -> &mut Additions {
        &mut self.additions
    }

    /// Adds a row: see [`Additions::append`].
    pub fn append(&mut self, table: &'static Table, values: Vec<Value>) {
        self.additions.append(table, values);
    }

    /// Tells every node of a change: see [`Additions::bump`].
    pub fn bump(&mut self, what: Revision) {
        self.additions.bump(what);
    }

    /// Bumps `what` at once: units of other nodes that claim it too come one after the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&mut self, what: Revision) -> Result<()> {
        self.bump(what);
        what.increment(self.connection()).await
    }

    /// Closes the connection, where it is the writer's own; a lent one goes back.
    pub(super) async fn close(self) -> Result<()> {
        match self.connection {
            Lent::Loan(_) => Ok(()),
            Lent::Owned(connection) => Ok(connection.close().await?),
        }
    }

    pub(super) async fn run(&mut self, statement: &'static str) -> Result<()> {
        sqlx::raw_sql(statement).execute(self.connection()).await?;
        Ok(())
    }
}
