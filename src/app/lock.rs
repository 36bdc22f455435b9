//! One server to a database file: an advisory lock beside it, which ends with the process, however that ends.
//!
//! Commands do not take it; they work beside a server. On PostgreSQL servers share the database, and nothing is locked.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{folder_at, set_up::absolute};
use crate::config::Config;

/// That this process alone serves a database.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Lock {
    _file: Option<File>,
}

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LockFault {
    /// Another server has it.
    #[error(
        "the database {} is served already{}: stop that server first. Several servers need PostgreSQL (`database.url`)",
        database.display(), by(*process)
    )]
    Taken {
        /// Which database.
        database: PathBuf,
        /// Who has it, when that is known.
        process: Option<u32>,
    },
    /// The lock cannot be had at all.
    #[error("{} cannot be locked: {cause}; it must belong to the account that runs Lanyard", path.display())]
    File {
        /// The file of the lock.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// Who has a lock, as a message says it.
#[must_use]
pub fn by(process: Option<u32>) -> String {
    process.map(|id| format!(" by process {id}")).unwrap_or_default()
}

impl Lock {
    /// Takes the lock of the configured database.
    ///
    /// # Errors
    /// [`LockFault`], before anything is changed.
    pub fn take(config: &Config) -> Result<Self, LockFault> {
        match config.database.file() {
            Some(database) => Self::of(&database),
            None => Ok(Self { _file: None }),
        }
    }

    /// Whether a server has the configured database; unknown on PostgreSQL.
    #[must_use]
    pub fn is_held(config: &Config) -> Option<bool> {
        let path = file_of(&behind_links(&config.database.file()?));
        let Ok(file) = File::open(path) else { return Some(false) };
        Some(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock of this database file, which need not be there yet.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn of(database: &Path) -> Result<Self, LockFault> {
        let database = &*behind_links(database);
        let path = file_of(database);
        let fault = |cause| LockFault::File { path: path.clone(), cause };
        database.parent().map_or(Ok(()), folder_at).map_err(|error| fault(io::Error::other(error)))?;
        let opened = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(fault)?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
                return Err(LockFault::Taken { database: absolute(database), process });
            }
            Err(TryLockError::Error(cause)) => return Err(fault(cause)),
        }
        // For whoever is refused; the lock itself is the operating system's.
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(fault)?;
        Ok(Self { _file: Some(file) })
    }
}

/// The file itself: however many names it has, it has one lock.
fn behind_links(database: &Path) -> PathBuf {
    fs::canonicalize(database).unwrap_or_else(|_| database.to_path_buf())
}

/// A command that asks whether a server runs has the lock for an instant.
fn patiently(file: &File) -> Result<(), TryLockError> {
    let mut locked = file.try_lock();
    for _ in 0..10 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
        locked = file.try_lock();
    }
    locked
}

/// The file beside a database that is locked.
#[must_use]
pub fn file_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_one_server_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("data/one.db"), folder.path().join("data/other.db"));
        let held = Lock::of(&one).expect("free");
        let refused = Lock::of(&one).expect_err("taken").to_string();
        assert!(refused.contains(&format!("by process {}", std::process::id())), "{refused}");
        assert!(refused.contains(&one.display().to_string()) && refused.contains("PostgreSQL"), "{refused}");
        fs::write(&one, "").expect("written");
        std::os::unix::fs::symlink(&one, folder.path().join("link.db")).expect("linked");
        assert!(Lock::of(&folder.path().join("link.db")).is_err(), "the same file by another name");
        let _beside = Lock::of(&other).expect("another database");
        drop(held);
        let _again = Lock::of(&one).expect("free again, though the file is still there");
    }
}
