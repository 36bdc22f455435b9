//! The master keys: where they come from and how they are kept.
//!
//! A master key is 32 random bytes, written in base64. Its file holds one a line: the first seals, the others only open
//! what was sealed before (`lanyard keys rekey` replaces them). The same text, separated by commas, may come from the
//! environment instead (`LANYARD_KEYS__MASTER_KEY`). What is derived from them is in [`super::sealing`].

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, HEXLOWER};
use zeroize::Zeroizing;

use crate::{
    random::Random,
    secret::{ExposeSecret, SecretString},
};

/// The name of the file within the folder `keys/`.
pub const FILE_NAME: &str = "master.key";

const HEADING: &str = "\
# The master key of this Lanyard: it opens every secret in the database.
# Keep a copy in a safe place apart from the backups; without it the database cannot be used.
# One key a line, in base64: the first seals, the others only open.
";

/// 32 bytes that everything else is derived from.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// The master keys that a node knows, the one that seals first.
#[derive(Clone)]
pub struct MasterKeys {
    keys: Vec<MasterKey>,
    created: bool,
}

/// Where the master keys are kept.
#[derive(Debug, Clone)]
pub enum MasterKeySource {
    /// A file, made at the first start.
    File(PathBuf),
    /// The text itself, from the environment.
    Text(SecretString),
}

/// Why there is no master key. No message repeats a key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyFault {
    /// The file could not be read or made.
    #[error("the master key {path}: {cause}")]
    File {
        /// The file or its folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Other accounts of the machine may read the file.
    #[error("the master key {path} may be read by everyone on this machine (mode {mode:o}): run `chmod 600 {path}`", path = path.display())]
    WorldReadable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line is not the base64 of 32 bytes.
    #[error("master key {0} is not 32 bytes in base64 (`openssl rand -base64 32` makes one)")]
    Malformed(usize),
    /// There is no key in the text.
    #[error("there is no master key in the text")]
    Empty,
}

impl MasterKeySource {
    /// Reads the keys; makes the file, with a new key, if there is none.
    ///
    /// Processes that start at once end up with the same key.
    ///
    /// # Errors
    /// [`MasterKeyFault`] when the text is wrong, or the file unreadable, unwritable or open to everyone.
    pub fn load(&self, random: &Random) -> Result<MasterKeys, MasterKeyFault> {
        match (self, self.read()) {
            (Self::File(path), Err(MasterKeyFault::File { cause, .. })) if cause.kind() == ErrorKind::NotFound => {
                let created = create(path, &MasterKeys::fresh(random))?;
                self.read().map(|keys| MasterKeys { created, ..keys })
            }
            (_, found) => found,
        }
    }

    /// Reads the keys, and makes none.
    ///
    /// # Errors
    /// As [`Self::load`], and when there is no file.
    pub fn read(&self) -> Result<MasterKeys, MasterKeyFault> {
        match self {
            Self::Text(text) => MasterKeys::parse(text.expose_secret()),
            Self::File(path) => read(path),
        }
    }

    /// Puts other keys in the place of those in the file; a reader finds the old or the new text, never half of one.
    ///
    /// # Errors
    /// [`MasterKeyFault::File`]; keys from the environment cannot be replaced from here, and are left alone.
    pub fn replace(&self, keys: &MasterKeys) -> Result<(), MasterKeyFault> {
        let Self::File(path) = self else { return Ok(()) };
        let temporary = write_beside(path, keys)?;
        fs::rename(&temporary, path).and_then(|()| sync_folder(path)).map_err(fault(path))
    }
}

impl MasterKeys {
    /// One new key.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        Self { keys: vec![Zeroizing::new(random.bytes())], created: true }
    }

    /// Reads keys separated by white space or commas; a `#` begins a comment that ends with its line.
    ///
    /// # Errors
    /// [`MasterKeyFault::Malformed`] counts from 1; [`MasterKeyFault::Empty`].
    pub fn parse(text: &str) -> Result<Self, MasterKeyFault> {
        let words = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .flat_map(|line| line.split([',', ' ', '\t', '\r']))
            .filter(|word| !word.is_empty());
        let keys = words
            .enumerate()
            .map(|(index, word)| decode(word).ok_or(MasterKeyFault::Malformed(index + 1)))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(MasterKeyFault::Empty) } else { Ok(Self { keys, created: false }) }
    }

    /// The key that seals, then those that only open.
    pub fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        self.keys.iter()
    }

    /// Whether one of them has this id, as [`super::Sealer::current_id`] writes it.
    #[must_use]
    pub fn hold(&self, id: &str) -> bool {
        self.keys.iter().any(|key| HEXLOWER.encode(&super::sealing::key_id(key)) == id)
    }

    /// Whether this start made the key: the operator should be told to keep a copy.
    #[must_use]
    pub const fn was_created(&self) -> bool {
        self.created
    }

    /// A new key in front of these, which stay able to open.
    #[must_use]
    pub fn succeeded_by_fresh(&self, random: &Random) -> Self {
        let mut keys = vec![Zeroizing::new(random.bytes())];
        keys.extend(self.keys.iter().cloned());
        Self { keys, created: true }
    }

    /// The sealing key alone.
    #[must_use]
    pub fn without_previous(&self) -> Self {
        Self { keys: self.keys[..1].to_vec(), created: false }
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(HEADING.len() + self.keys.len() * 45));
        text.push_str(HEADING);
        for key in &self.keys {
            BASE64.encode_append(key.as_slice(), &mut text);
            text.push('\n');
        }
        text
    }
}

fn decode(word: &str) -> Option<MasterKey> {
    let bytes = Zeroizing::new(BASE64.decode(word.as_bytes()).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

fn read(path: &Path) -> Result<MasterKeys, MasterKeyFault> {
    let mode = fs::metadata(path).map_err(fault(path))?.permissions().mode() & 0o7777;
    if mode & 0o007 != 0 {
        return Err(MasterKeyFault::WorldReadable { path: path.to_owned(), mode });
    }
    MasterKeys::parse(&Zeroizing::new(fs::read_to_string(path).map_err(fault(path))?))
}

/// Whether the file was made here; `false` when another process was first.
fn create(path: &Path, keys: &MasterKeys) -> Result<bool, MasterKeyFault> {
    if let Some(folder) = folder(path) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault(folder))?;
    }
    let temporary = write_beside(path, keys)?;
    // A link never replaces a file, and only a complete and synced one is linked.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(fault(&temporary))?;
    match linked {
        Ok(()) => sync_folder(path).map(|()| true).map_err(fault(path)),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(fault(path)(cause)),
    }
}

fn write_beside(path: &Path, keys: &MasterKeys) -> Result<PathBuf, MasterKeyFault> {
    let temporary = path.with_extension(format!("{}.new", HEXLOWER.encode(&super::sealing::key_id(&keys.keys[0]))));
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary).and_then(|mut file| {
            file.write_all(keys.to_text().as_bytes())?;
            file.sync_all()
        });
    written.map_err(fault(&temporary)).map(|()| temporary)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    folder(path).map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> MasterKeyFault + use<> {
    let path = path.to_owned();
    |cause| MasterKeyFault::File { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn source(folder: &tempfile::TempDir) -> MasterKeySource {
        MasterKeySource::File(folder.path().join("keys").join(FILE_NAME))
    }

    fn path(source: &MasterKeySource) -> &Path {
        let MasterKeySource::File(path) = source else { panic!("a file") };
        path
    }

    fn bytes(keys: &MasterKeys) -> Vec<[u8; 32]> {
        keys.iter().map(|key| **key).collect()
    }

    #[test]
    fn keys_are_read_in_order_and_nothing_else_is() {
        for (text, expected) in [
            (A.to_owned(), Some(vec![0])),
            (format!("{B},{A}"), Some(vec![1, 0])),
            (format!("# heading {A}\n\n{A} # first\r\n\t{B}\n"), Some(vec![0, 1])),
            (String::new(), None),
            ("# only a heading\n".to_owned(), None),
            (A[1..].to_owned(), None),
            (format!("{A}{B}"), None),
            (format!("{A},secret"), None),
            (A.trim_end_matches('=').to_owned(), None),
        ] {
            let found =
                MasterKeys::parse(&text).ok().map(|keys| bytes(&keys).iter().map(|key| key[0]).collect::<Vec<_>>());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_malformed_key_is_named_by_its_place_and_not_repeated() {
        let fault = MasterKeys::parse(&format!("{A},correct-horse")).err().expect("refused").to_string();
        assert!(fault.contains("master key 2") && !fault.contains("horse"), "{fault}");
    }

    #[test]
    fn the_first_start_makes_a_file_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(&folder);
        let made = source.load(&Random::system()).expect("made");
        assert!(made.was_created());
        assert_eq!(fs::metadata(path(&source)).expect("made").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path(&source).parent().expect("a folder")).expect("listed").count(), 1, "no leftovers");

        let found = source.load(&Random::system()).expect("found");
        assert!(!found.was_created());
        assert_eq!(bytes(&found), bytes(&made));
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(&folder);
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..16).map(|_| scope.spawn(|| source.load(&Random::system()).expect("loaded"))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert!(found.iter().all(|keys| bytes(keys) == bytes(&found[0])));
        assert_eq!(found.iter().filter(|keys| keys.was_created()).count(), 1);
    }

    #[test]
    fn a_file_that_everyone_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(&folder);
        source.load(&Random::system()).expect("made");
        for (mode, refused) in
            [(0o600, false), (0o400, false), (0o640, false), (0o604, true), (0o644, true), (0o602, true)]
        {
            fs::set_permissions(path(&source), fs::Permissions::from_mode(mode)).expect("set");
            let found = source.load(&Random::system());
            assert_eq!(matches!(found, Err(MasterKeyFault::WorldReadable { .. })), refused, "{mode:o}");
        }
    }

    #[test]
    fn a_replacement_keeps_the_previous_keys_until_they_are_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(&folder);
        let first = source.load(&Random::system()).expect("made");
        source.replace(&first.succeeded_by_fresh(&Random::system())).expect("replaced");
        let both = source.load(&Random::system()).expect("read");
        assert_eq!((bytes(&both).len(), bytes(&both)[1]), (2, bytes(&first)[0]));
        source.replace(&both.without_previous()).expect("replaced");
        assert_eq!(bytes(&source.load(&Random::system()).expect("read")), bytes(&both)[..1]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("keys"), "a file").expect("written");
        let fault = source(&folder).load(&Random::system()).err().expect("refused").to_string();
        assert!(fault.contains("keys"), "{fault}");
    }
}
