//! What a unit of work adds without reading it back: rows that are inserted, and counters that are raised, just before the
//! commit, those of all units that share it together.

use std::{any::Any, fmt, sync::Arc};

use super::{
    Engine, Error, Result, Revision, Tx, Work,
    batch::{self, Rows, Table},
    tally::{self, Change, Tally},
    value::Value,
};

/// Brings up to date what follows from the things that a unit of work touched, before it ends.
pub type Settling = for<'t> fn(&'t mut Tx) -> Work<'t, ()>;

/// What was said of whoever works, for those who settle it.
type Said = Arc<dyn Any + Send + Sync>;

/// Something that was touched, and under which mandate.
type Touch = (String, Option<Said>);

/// Rows and counters that wait for the commit, and what this unit touched.
#[derive(Default)]
pub struct Additions {
    rows: Vec<Rows>,
    tallied: Vec<Change>,
    bumped: Vec<Revision>,
    touched: Vec<Touch>,
    settling: Option<Settling>,
    spoken: Option<Said>,
    mandate: Option<Said>,
    /// On which counters this unit rests, and what they were.
    rests_on: Vec<(Revision, i64)>,
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
    touched: Vec<Touch>,
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
        (self.settling, self.spoken, self.mandate) = (None, None, None);
    }

    /// Keeps what was said first in this unit, for whoever settles it.
    pub fn speak<T: Clone + Send + Sync + 'static>(&mut self, said: &T) {
        if self.spoken.is_none() {
            self.spoken = Some(Arc::new(said.clone()));
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
            && self.rests_on.is_empty()
            && self.rows.len() == 1
            && batch::is_one_statement(&self.rows[0])
    }
}

impl Tx {
    /// Something that others follow from was changed: `settling` runs once before this part or unit ends, for all that was
    /// touched, under the mandate of now.
    pub fn touch(&mut self, what: &str, settling: Settling) {
        let additions = self.additions();
        additions.touched.push((what.to_owned(), additions.mandate.clone()));
        additions.settling = Some(settling);
    }

    /// From now on this is what whoever works may bring about by what they touch.
    pub fn act_under<T: PartialEq + Send + Sync + 'static>(&mut self, mandate: T) {
        let additions = self.additions();
        let present = additions.mandate.as_deref().and_then(|said| said.downcast_ref::<T>());
        if present != Some(&mandate) {
            additions.mandate = Some(Arc::new(mandate));
        }
    }

    /// What was touched, by mandate, each sorted; from then on it counts as untouched.
    pub fn touched<T: Clone + PartialEq + 'static>(&mut self) -> Vec<(Option<T>, Vec<String>)> {
        let mut all: Vec<(Option<T>, Vec<String>)> = vec![];
        for (what, under) in std::mem::take(&mut self.additions().touched) {
            let under = under.as_deref().and_then(|said| said.downcast_ref::<T>()).cloned();
            match all.iter_mut().find(|(known, _)| *known == under) {
                Some((_, list)) => list.push(what),
                None => all.push((under, vec![what])),
            }
        }
        for (_, list) in &mut all {
            list.sort_unstable();
            list.dedup();
        }
        all
    }

    /// What this unit decides rests on what `what` counts, as it is now: it is not kept where others changed that before it
    /// ends. SQLite runs units one after the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rest_on(&mut self, what: Revision) -> Result<()> {
        let is_known = self.additions().rests_on.iter().any(|(known, _)| *known == what);
        if self.connection().engine() == Engine::Postgres && !is_known {
            let value = what.value(self.connection(), "").await?;
            self.additions().rests_on.push((what, value));
        }
        Ok(())
    }

    /// Settles what was touched so far: the last thing in a part, and in a unit.
    ///
    /// # Errors
    /// When the database fails, and [`Error::Refused`].
    pub async fn settle(&mut self) -> Result<()> {
        let additions = self.additions();
        match additions.settling.filter(|_| !additions.touched.is_empty()) {
            Some(settling) => settling(self).await,
            None => Ok(()),
        }
    }

    /// The same, for a whole unit.
    pub(super) async fn settle_all(&mut self) -> Result<()> {
        self.settle().await?;
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
        // Whoever is about to change it waits until this is committed.
        for (what, seen) in added.rests_on {
            let own = i64::from(added.bumped.contains(&what));
            if what.value(self.connection(), " FOR SHARE").await? != seen + own {
                return Err(Error::Outdated);
            }
        }
        Ok(added.bumped)
    }
}
