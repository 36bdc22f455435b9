//! The file of heads outside the database: one line per link, appended and synced before anybody relies on it.
//!
//! A line is `chain seal events hash mac` with hash and MAC in hexadecimal. Whoever can write the database alone cannot
//! write this file; a chain that is shorter than its file says has been cut off. A line that power or a full disk has torn
//! is passed over, and what is appended after it begins on a line of its own.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;

use super::{Chain, chain::Head};

/// The file of heads.
#[derive(Debug, Clone)]
pub struct HeadsFile(PathBuf);

/// What the file says about one chain: its last link.
pub type LastHeads = BTreeMap<Chain, (Head, Vec<u8>)>;

impl HeadsFile {
    /// The file at `path`, which is made at the first append.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Appends links and syncs; the first time it makes the file and its folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&self, heads: &[(Head, Vec<u8>)]) -> io::Result<()> {
        if heads.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for (head, mac) in heads {
            let (hash, mac) = (HEXLOWER.encode(&head.hash), HEXLOWER.encode(mac));
            let _ = writeln!(text, "{} {} {} {hash} {mac}", head.chain, head.seal, head.events);
        }
        if let Some(folder) = self.0.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(&self.0)?;
        if is_torn(&mut file)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    /// The last link of every chain; an incomplete last line (power was lost) is passed over.
    ///
    /// # Errors
    /// When the file cannot be read. A file that is not there has no lines.
    pub fn last(&self) -> io::Result<LastHeads> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LastHeads::new()),
            Err(error) => return Err(error),
        };
        let mut last = LastHeads::new();
        for line in BufReader::new(file).lines() {
            if let Some((head, mac)) = parse(&line?) {
                last.insert(head.chain.clone(), (head, mac));
            }
        }
        Ok(last)
    }
}

/// Whether the last line has no end.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn parse(line: &str) -> Option<(Head, Vec<u8>)> {
    let mut words = line.split(' ');
    let chain = Chain::from_stored(words.next()?.to_owned());
    let seal = words.next()?.parse().ok()?;
    let events = words.next()?.parse().ok()?;
    let hash = HEXLOWER.decode(words.next()?.as_bytes()).ok()?;
    let mac = HEXLOWER.decode(words.next()?.as_bytes()).ok().filter(|mac| mac.len() == 32)?;
    Some((Head { chain, seal, events, hash }, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_link_of_each_chain_is_read_back_past_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::at(folder.path().join("not/there/yet/heads"));
        assert!(file.last().unwrap().is_empty());
        let head = |seal| Head { chain: Chain::of(None), seal, events: 2, hash: vec![1; 32] };
        file.append(&[(head(1), vec![2; 32]), (head(2), vec![3; 32])]).unwrap();
        let mut torn = OpenOptions::new().append(true).open(file.path()).unwrap();
        torn.write_all(b"server 3 1 00").unwrap();
        assert_eq!(file.last().unwrap()[&Chain::of(None)], (head(2), vec![3; 32]));
        file.append(&[(head(3), vec![4; 32])]).unwrap();
        assert_eq!(file.last().unwrap()[&Chain::of(None)], (head(3), vec![4; 32]));
    }
}
