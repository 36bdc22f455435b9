//! A folder of `.eml` files: the demo's mailbox, and what a test reads.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{Message, SendError};
use crate::clock::Timestamp;

/// A folder that every letter becomes a file of.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Writes a letter; a reader of the folder sees all of it or nothing.
    pub(super) async fn keep(
        &self,
        message: &Message,
        now: Timestamp,
        id: &str,
        letter: Vec<u8>,
    ) -> Result<(), SendError> {
        let name = file_name(message, now, id);
        self.run(move |folder| write(&folder, &name, &letter)).await
    }

    /// Whether a file can be written, or the folder be made.
    pub(super) async fn check(&self) -> Result<(), SendError> {
        self.run(|folder| {
            let folder = std::path::absolute(folder)?;
            let present = folder.ancestors().find(|one| one.exists()).unwrap_or(&folder);
            write(present, ".check", b"")?;
            fs::remove_file(present.join(".check"))
        })
        .await
    }

    async fn run<F>(&self, work: F) -> Result<(), SendError>
    where
        F: FnOnce(PathBuf) -> io::Result<()> + Send + 'static,
    {
        let folder = self.0.clone();
        let path = folder.display().to_string();
        let done = tokio::task::spawn_blocking(move || work(folder)).await;
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SendError::TryAgain(format!("the mail folder {path} cannot be written: {error}"))),
            Err(_) => Err(SendError::TryAgain("the letter was not written".to_owned())),
        }
    }
}

/// Sorts by time and tells what it is: `2026-11-22T08-30-00Z-invitation-olivia@riverside.example-0123abcd.eml`.
fn file_name(message: &Message, now: Timestamp, id: &str) -> String {
    let time = now.to_string().replace(':', "-");
    let to: String = message
        .to()
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "@.-_+".contains(c) { c } else { '_' })
        .take(100)
        .collect();
    format!("{time}-{}-{to}-{}.eml", message.kind(), &id[..id.len().min(8)])
}

fn write(folder: &Path, name: &str, letter: &[u8]) -> io::Result<()> {
    // Letters hold links that let people in.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(letter)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
