//! Files of a restore: prepared beside the present ones, put in their place at the end.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::super::archive::{Archive, DATABASE, HEADS, MASTER_KEY, copy_private, sync_file, sync_folder};
use crate::{
    app::{self, set_up::absolute},
    audit::{chain::Head, heads::HeadsFile},
    clock::Timestamp,
    config::Config,
    keys::master_key::MasterKeySource,
};

/// The files that will take the place of the present ones.
pub(super) struct Staging {
    /// The copy of the backup's database.
    pub(super) database: PathBuf,
    /// The new file of heads.
    pub(super) heads: PathBuf,
    /// The heads of the backup.
    pub(super) archived_heads: HeadsFile,
    target: PathBuf,
    target_heads: PathBuf,
}

impl Staging {
    /// Copies the backup's database beside its place.
    pub(super) fn prepare(archive: &Archive, target: &Path, target_heads: &Path) -> anyhow::Result<Self> {
        let staging = Self {
            database: named(target, ".restoring"),
            heads: named(target_heads, ".restoring"),
            archived_heads: HeadsFile::at(archive.file(HEADS).unwrap_or_else(|| PathBuf::from("/nonexistent"))),
            target: target.to_path_buf(),
            target_heads: target_heads.to_path_buf(),
        };
        for path in [target, target_heads] {
            make_folder(folder(path))?;
        }
        // What an interrupted restore has left.
        staging.discard();
        let database = archive.file(DATABASE).context("the backup holds no database")?;
        copy_private(&database, &staging.database)?;
        Ok(staging)
    }

    /// Removes what was prepared.
    pub(super) fn discard(&self) {
        for path in with_companions(&self.database).iter().chain([&self.heads]) {
            let _ = fs::remove_file(path);
        }
    }

    /// Puts what was there aside and the prepared files in its place.
    pub(super) fn put_in_place(&self, now: Timestamp) -> anyhow::Result<()> {
        for path in with_companions(&self.target).iter().chain([&self.target_heads]) {
            aside(path, now)?;
        }
        for (from, to) in [(&self.heads, &self.target_heads), (&self.database, &self.target)] {
            sync_file(from)?;
            fs::rename(from, to).with_context(|| to.display().to_string())?;
            sync_folder(folder(to))?;
        }
        Ok(())
    }
}

/// Sees that there is the master key of the backup: the present one, or that which lies in the backup where there is none.
pub(super) fn master_key(config: &Config, archive: &Archive) -> anyhow::Result<()> {
    let (id, source) = (&archive.manifest.master_key, app::master_key(config));
    let path = match &source {
        MasterKeySource::File(path) if !path.exists() => path,
        MasterKeySource::File(path) if !source.read()?.hold(id) => bail!(
            "the backup was sealed with the master key {id}, and {} holds another, as after `lanyard keys rekey`: append your \
             copy of {id} to that file as one more line, restore, then run `lanyard keys rekey`",
            absolute(path).display()
        ),
        MasterKeySource::Text(_) if !source.read()?.hold(id) => bail!(
            "the backup was sealed with the master key {id}, and LANYARD_KEYS__MASTER_KEY is another: append a comma and your \
             copy of {id} to it, restore, then run `lanyard keys rekey`"
        ),
        _ => return Ok(()),
    };
    let Some(copy) = archive.file(MASTER_KEY) else {
        bail!(
            "the backup needs the master key {id}, which is not in it: put your copy of it to {} first",
            absolute(path).display()
        );
    };
    make_folder(folder(path))?;
    copy_private(&copy, path)?;
    sync_folder(folder(path))
}

/// Writes a new file of heads; the present one is kept under another name.
pub(super) fn replace_heads(path: &Path, heads: &[(Head, Vec<u8>)], now: Timestamp) -> anyhow::Result<()> {
    make_folder(folder(path))?;
    aside(path, now)?;
    HeadsFile::at(path.to_path_buf()).append(heads).with_context(|| path.display().to_string())?;
    sync_folder(folder(path))
}

fn aside(path: &Path, now: Timestamp) -> anyhow::Result<()> {
    let kept = named(path, &format!(".before-{}", now.to_string().replace(':', "-")));
    match fs::rename(path, kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context(path.display().to_string()),
        _ => Ok(()),
    }
}

/// A database file with what SQLite may keep beside it.
fn with_companions(database: &Path) -> [PathBuf; 3] {
    [database.to_path_buf(), named(database, "-wal"), named(database, "-shm")]
}

fn named(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| folder.display().to_string())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
