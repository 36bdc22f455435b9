//! What a unit of work adds without reading it back: rows that are inserted, and counters that are raised, just before the
//! commit, those of all units that share it together.

use super::{
    Result, Revision, Tx,
    batch::{self, Rows, Table},
    tally::{self, Change, Tally},
    value::Value,
};

/// Rows and counters that wait for the commit.
#[derive(Debug, Default)]
pub struct Additions {
    rows: Vec<Rows>,
    tallied: Vec<Change>,
    bumped: Vec<Revision>,
}

/// How much was added at one moment.
pub(super) struct Mark {
    rows: Vec<usize>,
    tallied: usize,
    bumped: usize,
}

impl Additions {
    /// Adds a row that nothing in this unit reads back (an audit event).
    pub fn append(&mut self, table: &'static Table, values: Vec<Value>) {
        match self.rows.iter_mut().find(|rows| std::ptr::eq(rows.table, table)) {
            Some(rows) => rows.values.push(values),
            None => self.rows.push(Rows { table, values: vec![values] }),
        }
    }

    /// Changes a number by so much.
    pub(super) fn tally(&mut self, what: Tally, organization: &str, by: i64) {
        self.tallied.push((what, organization.to_owned(), by));
    }

    /// Tells every node that its cache of `what` is out of date, once this unit is committed.
    pub fn bump(&mut self, what: Revision) {
        if !self.bumped.contains(&what) {
            self.bumped.push(what);
        }
    }

    /// Where the next unit's additions begin.
    pub(super) fn mark(&self) -> Mark {
        let rows = self.rows.iter().map(|rows| rows.values.len()).collect();
        Mark { rows, tallied: self.tallied.len(), bumped: self.bumped.len() }
    }

    /// Forgets what was added since `mark`.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.rows.truncate(mark.rows.len());
        for (rows, length) in self.rows.iter_mut().zip(mark.rows) {
            rows.values.truncate(length);
        }
        self.tallied.truncate(mark.tallied);
        self.bumped.truncate(mark.bumped);
    }

    /// Whether one statement writes all of it, which then needs no transaction around it.
    pub(super) fn is_one_statement(&self) -> bool {
        self.bumped.is_empty()
            && self.tallied.is_empty()
            && self.rows.len() == 1
            && batch::is_one_statement(&self.rows[0])
    }
}

impl Tx {
    /// Writes what was added, and tells which counters were raised: last and in one order, as others wait for their rows
    /// until the commit.
    pub(super) async fn flush(&mut self) -> Result<Vec<Revision>> {
        let mut added = std::mem::take(self.additions());
        for rows in &added.rows {
            batch::insert(self.connection(), rows).await?;
        }
        tally::write(self.connection(), added.tallied).await?;
        added.bumped.sort_unstable();
        for what in &added.bumped {
            what.increment(self.connection()).await?;
        }
        Ok(added.bumped)
    }
}
