//! A backup as it lies on a disk: a folder of files with a manifest that says what they are and what they must add up to.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The database.
pub(super) const DATABASE: &str = "lanyard.db";
/// The heads of the audit chains.
pub(super) const HEADS: &str = "audit-heads.log";
/// The master key, where it was asked for.
pub(super) const MASTER_KEY: &str = "master.key";
const MANIFEST: &str = "manifest.json";
/// The layout that this program writes.
const FORMAT: u32 = 1;

/// What a backup is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The layout of the folder.
    pub(super) format: u32,
    /// The program that wrote it.
    pub(super) lanyard: String,
    /// When, in RFC 3339.
    pub(super) made_at: String,
    /// When, in Unix milliseconds.
    pub(super) made_at_ms: i64,
    /// Whose it is.
    pub(super) issuer: String,
    /// The newest migration of the database.
    pub(super) schema: i64,
    /// The id of the master key that opens it.
    pub(super) master_key: String,
    /// Rows by table.
    pub(super) rows: BTreeMap<String, i64>,
    /// The files.
    pub(super) files: Vec<Entry>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    name: String,
    bytes: u64,
    sha256: String,
}

/// A backup whose files are what its manifest says.
#[derive(Debug)]
pub(super) struct Archive {
    folder: PathBuf,
    pub(super) manifest: Manifest,
}

impl Archive {
    /// Reads a backup and checks every file of it.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).with_context(|| format!("{} is no backup: {}", folder.display(), path.display()))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).with_context(|| format!("{} is not a manifest", path.display()))?;
        if manifest.format != FORMAT {
            bail!("the backup was written by Lanyard {}, in a layout that this one does not read", manifest.lanyard);
        }
        for entry in &manifest.files {
            if entry.name.contains('/') || Entry::of(folder, &entry.name)? != *entry {
                bail!("{} is damaged: {} is not what the manifest says", folder.display(), entry.name);
            }
        }
        let archive = Self { folder: folder.to_path_buf(), manifest };
        if archive.file(DATABASE).is_none() {
            bail!("{} holds no database", folder.display());
        }
        Ok(archive)
    }

    /// A file of the backup.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        self.manifest.files.iter().any(|entry| entry.name == name).then(|| self.folder.join(name))
    }
}

impl Manifest {
    /// The layout that this program writes.
    pub(super) const FORMAT: u32 = FORMAT;

    /// Writes the manifest as the last file of a backup, and sees that all of it is on the disk.
    pub(super) fn seal(&self, folder: &Path) -> anyhow::Result<()> {
        let mut file = private(&folder.join(MANIFEST))?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.sync_all()?;
        sync_folder(folder)
    }
}

impl Entry {
    /// Looks at a file.
    pub(super) fn of(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let (bytes, sha256) = sum(&path).with_context(|| path.display().to_string())?;
        Ok(Self { name: name.to_owned(), bytes, sha256 })
    }

    /// How large it is.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn sum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer, mut bytes) = (digest::Context::new(&digest::SHA256), vec![0; 1 << 16], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, HEXLOWER.encode(hash.finish().as_ref())));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// Copies a file to one that nobody else may read and that is not there yet; returns when it is on the disk.
pub(super) fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = File::open(from).with_context(|| from.display().to_string())?;
    let mut target = private(to)?;
    io::copy(&mut source, &mut target).with_context(|| to.display().to_string())?;
    target.sync_all().with_context(|| to.display().to_string())
}

/// Sees that the names in a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| folder.display().to_string())
}

/// Sees that the content of a file is on the disk.
pub(super) fn sync_file(path: &Path) -> anyhow::Result<()> {
    File::open(path).and_then(|file| file.sync_all()).with_context(|| path.display().to_string())
}

fn private(path: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened.with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) {
        fs::write(folder.join(DATABASE), "a database").expect("written");
        fs::write(folder.join(HEADS), "heads").expect("written");
        let files = [DATABASE, HEADS].map(|name| Entry::of(folder, name).expect("a file")).to_vec();
        let manifest = Manifest {
            format: FORMAT,
            lanyard: "0.1.0".to_owned(),
            made_at: String::new(),
            made_at_ms: 0,
            issuer: String::new(),
            schema: 1,
            master_key: String::new(),
            rows: BTreeMap::new(),
            files,
        };
        manifest.seal(folder).expect("sealed");
    }

    #[test]
    fn a_backup_is_read_only_as_it_was_written() {
        type Harm = fn(&Path);
        let cases: [(&str, Harm, Option<&str>); 6] = [
            ("untouched", |_| (), None),
            ("changed", |at| fs::write(at.join(DATABASE), "b database").expect("written"), Some("lanyard.db is not")),
            ("cut off", |at| fs::write(at.join(HEADS), "").expect("written"), Some("audit-heads.log is not")),
            ("removed", |at| fs::remove_file(at.join(HEADS)).expect("removed"), Some("audit-heads.log")),
            ("no manifest", |at| fs::remove_file(at.join(MANIFEST)).expect("removed"), Some("is no backup")),
            ("nonsense", |at| fs::write(at.join(MANIFEST), "{}").expect("written"), Some("is not a manifest")),
        ];
        for (case, harm, expected) in cases {
            let folder = tempfile::tempdir().expect("a folder");
            written(folder.path());
            harm(folder.path());
            let found = Archive::open(folder.path()).err().map(|error| format!("{error:#}"));
            match expected {
                None => assert_eq!(found, None, "{case}"),
                Some(expected) => {
                    assert!(found.as_ref().is_some_and(|found| found.contains(expected)), "{case} {found:?}");
                }
            }
        }
    }
}
