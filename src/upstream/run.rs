//! What came of reading an upstream.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{UpstreamId, UpstreamRunId},
};

/// Faults of a run that are kept.
pub const MOST_FAULTS: usize = 200;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// What has changed there.
    Changes,
    /// All of it.
    Whole,
}

impl Extent {
    /// The name, as stored and told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Whole => "whole",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Changes, Self::Whole].into_iter().find(|extent| extent.name() == name)
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries that were read.
    pub read: u64,
    /// People and groups that were brought.
    pub added: u64,
    /// People and groups that were changed.
    pub changed: u64,
    /// People who were shut out, and groups that ended.
    pub departed: u64,
    /// Entries that could not be followed.
    pub failed: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
    /// So many are to be shut out that nobody was.
    pub braked: Option<u64>,
    /// Why it ended early.
    pub problem: Option<String>,
}

/// An entry that could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What it is called there.
    pub dn: String,
    /// Why not.
    pub trouble: String,
}

impl Report {
    /// Counts an entry that could not be followed, once though it is read several times.
    pub fn fail(&mut self, dn: &str, trouble: &str) {
        let fault = Fault { dn: dn.to_owned(), trouble: trouble.to_owned() };
        if self.faults.contains(&fault) {
            return;
        }
        self.failed += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Whether there is something to keep of it.
    #[must_use]
    pub fn is_worth_keeping(&self, extent: Extent) -> bool {
        // What could not be followed is tried again and again.
        let has_failed = self.failed > 0 && extent == Extent::Whole;
        let has_done = self.added + self.changed + self.departed > 0 || has_failed;
        has_done || self.braked.is_some() || self.problem.is_some()
    }
}

/// A run that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: UpstreamRunId,
    /// The upstream.
    pub upstream: UpstreamId,
    /// How much was read.
    pub extent: Extent,
    /// Who asked for it, as an actor.
    pub asked_by: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came of it.
    #[serde(flatten)]
    pub report: Report,
}
