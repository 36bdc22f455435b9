//! What a unit of work adds without reading it back: rows that are inserted, and counters that are raised, just before the
//! commit, those of all units that share it together.

use std::{any::Any, collections::BTreeSet, fmt};

use super::{
    Result, Revision, Tx, Work,
    batch::{self, Rows, Table},
    tally::{self, Change, Tally},
    value::Value,
};

/// Brings up to date what follows from the things that a unit of work touched, before it ends.
pub type Settling = for<'t> fn(&'t mut Tx) -> Work<'t, ()>;

/// Rows and counters that wait for the commit, and what this unit touched.
#[derive(Default)]
pub struct Additions {
    rows: Vec<Rows>,
    tallied: Vec<Change>,
    bumped: Vec<Revision>,
    touched: BTreeSet<String>,
    settling: Option<Settling>,
    spoken: Option<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Additions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Additions({} tables)", self.rows.len())
    }
}

/// How much was added at one moment.
pub(super) struct Mark {
    rows: Vec<usize>,
    tallied: usize,
    bumped: usize,
    touched: BTreeSet<String>,
    has_spoken: bool,
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
        Mark {
            rows,
            tallied: self.tallied.len(),
            bumped: self.bumped.len(),
            touched: self.touched.clone(),
            has_spoken: self.spoken.is_some(),
        }
    }

    /// Forgets what was added since `mark`.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.rows.truncate(mark.rows.len());
        for (rows, length) in self.rows.iter_mut().zip(mark.rows) {
            rows.values.truncate(length);
        }
        self.tallied.truncate(mark.tallied);
        self.bumped.truncate(mark.bumped);
        self.touched = mark.touched;
        if !mark.has_spoken {
            self.spoken = None;
        }
    }

    /// What one unit touched and said is no concern of the next.
    fn end_unit(&mut self) {
        self.touched.clear();
        (self.settling, self.spoken) = (None, None);
    }

    /// Keeps what was said first in this unit, for whoever settles it.
    pub fn speak<T: Clone + Send + Sync + 'static>(&mut self, said: &T) {
        if self.spoken.is_none() {
            self.spoken = Some(Box::new(said.clone()));
        }
    }

    /// What was said first in this unit.
    #[must_use]
    pub fn spoken<T: Clone + 'static>(&self) -> Option<T> {
        self.spoken.as_deref()?.downcast_ref().cloned()
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
    /// Something that others follow from was changed: `settling` runs once before this unit ends, for all that was touched.
    pub fn touch(&mut self, what: &str, settling: Settling) {
        let additions = self.additions();
        additions.touched.insert(what.to_owned());
        additions.settling = Some(settling);
    }

    /// What was touched; from then on it counts as untouched.
    pub fn touched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.additions().touched).into_iter().collect()
    }

    /// Settles what was touched: the last thing in a unit.
    pub(super) async fn settle(&mut self) -> Result<()> {
        let additions = self.additions();
        if let Some(settling) = additions.settling.filter(|_| !additions.touched.is_empty()) {
            settling(self).await?;
        }
        self.additions().end_unit();
        Ok(())
    }

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
