//! A lent connection: what store files hang their statements on.

use super::{Connection, Result, Revision, additions::Additions, batch::Table, readers::Loan, value::Value};

#[derive(Debug)]
enum Lent {
    Loan(Loan),
    Owned(Connection),
}

/// A connection lent for one read or one unit of work.
#[derive(Debug)]
pub struct Tx {
    connection: Lent,
    additions: Additions,
}

impl Tx {
    pub(super) fn lent(loan: Loan) -> Self {
        Self { connection: Lent::Loan(loan), additions: Additions::default() }
    }

    pub(super) fn owned(connection: impl Into<Connection>) -> Self {
        Self { connection: Lent::Owned(connection.into()), additions: Additions::default() }
    }

    /// The connection, for store files alone.
    pub fn connection(&mut self) -> &mut Connection {
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

    /// Closes the connection, where it is its own; a lent one goes back.
    pub(super) async fn close(self) -> Result<()> {
        match self.connection {
            Lent::Loan(_) => Ok(()),
            Lent::Owned(connection) => connection.close().await,
        }
    }

    /// Runs statements that take no values and answer nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&mut self, statements: &str) -> Result<()> {
        self.connection().run(statements).await
    }
}
