//! Whether anybody writes at all, so that an idle server need not ask its database every second.
//!
//! Every write of any process changes the write-ahead log of SQLite, which the file system tells for a few microseconds.
//! PostgreSQL is always asked.

use std::{path::PathBuf, time::SystemTime};

use super::Settings;

/// Looks that must find the log unchanged before it counts as still: times of files are no finer than some milliseconds.
const CERTAIN: u8 = 2;

/// What was seen of the log.
#[derive(Debug)]
pub struct Stillness {
    log: Option<PathBuf>,
    seen: Option<(u64, SystemTime)>,
    unchanged: u8,
}

impl Stillness {
    /// Of the database at these settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let log = settings.file().map(|file| PathBuf::from(format!("{}-wal", file.display())));
        Self { log, seen: None, unchanged: 0 }
    }

    /// Whether nothing was written since the last looks; to be asked about once a second.
    pub fn is_still(&mut self) -> bool {
        let seen = self.log.as_ref().and_then(|log| std::fs::metadata(log).ok());
        let seen = seen.and_then(|found| Some((found.len(), found.modified().ok()?)));
        if seen.is_none() || seen != self.seen {
            self.seen = seen;
            self.unchanged = 0;
            return false;
        }
        self.unchanged = self.unchanged.saturating_add(1);
        self.unchanged > CERTAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Error, Revision, testing::databases};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_of_any_process_ends_the_stillness_of_sqlite() {
        for database in databases().await {
            let is_sqlite = database.settings.url.starts_with("sqlite:");
            let other = database.second_node().await;
            let mut stillness = Stillness::of(&database.settings);
            for storage in [&database.storage, &other, &database.storage] {
                let bumped: Result<(), Error> = storage.append(|additions| additions.bump(Revision::Clients)).await;
                bumped.unwrap();
                let looks: Vec<bool> = (0..5).map(|_| stillness.is_still()).collect();
                assert_eq!(looks, [false, false, false, is_sqlite, is_sqlite]);
            }
        }
    }
}
