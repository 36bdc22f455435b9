//! The demo's folder: database, keys and mails of one demo at a time, and of nothing else.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::app::lock::{self, Lock, LockFault};

/// The name of the configuration file in the folder.
pub(super) const CONFIG: &str = "lanyard.toml";

/// How that file begins, by which the folder is known.
pub(super) const HEADING: &str = "# Written by `lanyard demo` at every start.\n";

const DATABASE: &str = "lanyard.db";

/// Whether the demo goes on where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Keeps what is in the folder.
    Over,
    /// Removes the demo's files first.
    Fresh,
}

/// Why the folder cannot be had; nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The operating system refuses.
    #[error("the folder {path} cannot be used: {cause}")]
    Unusable {
        /// The folder, or what in it.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Somebody else's files.
    #[error("{0} is not a folder of the demo; choose another with --data, or remove it yourself")]
    Foreign(PathBuf),
    /// Another demo has it.
    #[error(
        "a demo runs in {} already{}: use that one, stop it, or choose another folder with --data and other ports with \
         --listen and --app-listen", path.display(), lock::by(*process)
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who has it, when that is known.
        process: Option<u32>,
    },
    /// It cannot be locked.
    #[error(transparent)]
    Lock(LockFault),
}

/// A folder that this demo alone uses, as long as it is held.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Lock,
}

impl Folder {
    /// Takes the folder, makes it where there is none, and clears it for a fresh start.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn take(data: &Path, start: Start) -> Result<Self, FolderError> {
        refuse_foreign(data, start)?;
        let lock = Lock::of(&data.join(DATABASE)).map_err(|fault| match fault {
            LockFault::Taken { process, .. } => FolderError::InUse { path: data.to_owned(), process },
            fault @ LockFault::File { .. } => FolderError::Lock(fault),
        })?;
        if start == Start::Fresh {
            clear(data)?;
        }
        let unusable = |cause| FolderError::Unusable { path: data.to_owned(), cause };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(data.join("mail")).map_err(unusable)?;
        Ok(Self { path: data.canonicalize().map_err(unusable)?, _lock: lock })
    }

    /// Where it is, from the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A mistyped folder loses nothing: neither its files at a fresh start nor the configuration of a real server.
fn refuse_foreign(data: &Path, start: Start) -> Result<(), FolderError> {
    let is_demo = match fs::read_to_string(data.join(CONFIG)) {
        Ok(text) => text.starts_with(HEADING),
        Err(_) => start == Start::Over || is_empty(data),
    };
    if is_demo { Ok(()) } else { Err(FolderError::Foreign(data.to_owned())) }
}

/// Whether there is nothing in the folder but the lock of a demo that has ended early.
fn is_empty(data: &Path) -> bool {
    let lock = lock::file_of(Path::new(DATABASE));
    match fs::read_dir(data) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| *entry.file_name() == *lock)),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes the demo's own files and nothing else.
fn clear(data: &Path) -> Result<(), FolderError> {
    let gone = |path: &Path, removed: io::Result<()>| match removed {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(FolderError::Unusable { path: path.to_owned(), cause })
        }
        _ => Ok(()),
    };
    for name in [DATABASE, "lanyard.db-wal", "lanyard.db-shm", "audit-heads", CONFIG] {
        let path = data.join(name);
        gone(&path, fs::remove_file(&path))?;
    }
    for name in ["keys", "mail"] {
        let path = data.join(name);
        gone(&path, fs::remove_dir_all(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_the_demo_is_cleared_or_written_to() {
        let theirs = (CONFIG, "[server]\nissuer = \"https://id.clinic.example\"\n");
        let ours = (CONFIG, HEADING);
        for (case, files, start, taken) in [
            ("nothing", vec![], Start::Over, true),
            ("nothing", vec![], Start::Fresh, true),
            ("the demo's", vec![ours], Start::Over, true),
            ("the demo's", vec![ours], Start::Fresh, true),
            ("a lock that was left", vec![("lanyard.db.lock", "1\n")], Start::Fresh, true),
            ("somebody's letters", vec![("letter", "")], Start::Over, true),
            ("somebody's letters", vec![("letter", "")], Start::Fresh, false),
            ("a real server", vec![theirs], Start::Over, false),
            ("a real server", vec![theirs], Start::Fresh, false),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let data = folder.path().join("data");
            for (name, text) in &files {
                fs::create_dir_all(&data).expect("made");
                fs::write(data.join(name), text).expect("written");
            }
            let found = Folder::take(&data, start);
            assert_eq!(found.is_ok(), taken, "{case} {start:?}: {found:?}");
            if !taken {
                for (name, text) in &files {
                    assert_eq!(fs::read_to_string(data.join(name)).expect("still there"), *text, "{case}");
                }
                assert!(!data.join("lanyard.db.lock").exists(), "{case}");
            }
        }
    }
}
