//! `[audit]`: where the heads of the audit chains are kept besides the database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{self, Check};

/// Where the heads of the audit chains are kept.
#[derive(Debug, Clone)]
pub struct Audit {
    /// A file that is only ever appended to; best on another machine or disk than the database.
    pub heads_file: PathBuf,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    heads_file: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { heads_file: "data/audit-heads.log".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Audit> {
        let heads_file = check.take("audit.heads_file", check::path(&self.heads_file))?;
        Some(Audit { heads_file })
    }
}
