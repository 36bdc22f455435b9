//! The operator's list of known passwords: a text file as *Have I Been Pwned* publishes it, a line `SHA-1:COUNT` each, sorted
//! by hash. It may be larger than memory: a lookup reads some forty places of it.

use std::{
    cmp::Ordering,
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use data_encoding::HEXUPPER_PERMISSIVE;

/// The longest line, in bytes.
const LONGEST: usize = 128;
/// How many places are looked at when it is opened: an unsorted file is found, a single wrong line may not be.
const PLACES: u64 = 4096;

/// A list that was looked at.
#[derive(Debug)]
pub(super) struct HashFile {
    file: File,
    bytes: u64,
}

/// What is wrong with a list of known passwords.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("the list of known passwords {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// There is something else in it.
    #[error(
        "the list of known passwords {} has no SHA-1 at byte {at}: each line is 40 hexadecimal digits, then `:` and a count \
         (download it in the SHA-1 form, ordered by hash)", path.display()
    )]
    NotAList {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// A lookup would miss what is in it.
    #[error(
        "the list of known passwords {} is not sorted by hash at byte {at}: sort it with `LC_ALL=C sort`", path.display()
    )]
    Unsorted {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
}

/// A line: where it begins, where the next one does, and its hash; none where it is something else.
struct Line {
    start: u64,
    end: u64,
    hash: Option<[u8; 20]>,
}

impl HashFile {
    /// Opens a list and looks at some thousand places of it.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let unreadable = |cause| Fault::Unreadable { path: path.to_owned(), cause };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("it is not a file")));
        }
        let list = Self { file, bytes: metadata.len() };
        if list.bytes == 0 {
            return Err(Fault::NotAList { path: path.to_owned(), at: 0 });
        }
        let mut before: Option<(u64, [u8; 20])> = None;
        for place in 0..PLACES.min(list.bytes) {
            let at = u64::try_from(u128::from(place) * u128::from(list.bytes) / u128::from(PLACES.min(list.bytes)));
            let line = list.line_at(at.unwrap_or_default()).map_err(unreadable)?;
            let Some(hash) = line.hash else { return Err(Fault::NotAList { path: path.to_owned(), at: line.start }) };
            let is_unsorted = before.is_some_and(|(start, other)| start != line.start && other >= hash);
            if is_unsorted {
                return Err(Fault::Unsorted { path: path.to_owned(), at: line.start });
            }
            before = Some((line.start, hash));
        }
        Ok(list)
    }

    /// How many lines it has, roughly.
    pub(super) fn about(&self) -> u64 {
        self.bytes / 45
    }

    /// Whether the hash is in it.
    pub(super) fn holds(&self, wanted: [u8; 20]) -> io::Result<bool> {
        let (mut from, mut to) = (0, self.bytes);
        while from < to {
            let line = self.line_at(from + (to - from) / 2)?;
            let Some(hash) = line.hash else { return Err(io::Error::other("a line is not a hash")) };
            match wanted.cmp(&hash) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => to = line.start,
                Ordering::Greater => from = line.end,
            }
        }
        Ok(false)
    }

    /// The line in which the byte `at` lies; a line end belongs to the line before it.
    fn line_at(&self, at: u64) -> io::Result<Line> {
        let begin = at.saturating_sub(LONGEST as u64);
        let mut window = [0; 2 * LONGEST];
        let length = self.read(&mut window, begin)?;
        let (window, own) = (&window[..length], usize::try_from(at - begin).unwrap_or_default());
        let start = window[..own.min(length)].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
        let end = window[start..].iter().position(|byte| *byte == b'\n').map(|found| start + found);
        let is_cut = (start == 0 && begin > 0) || (end.is_none() && begin + (length as u64) < self.bytes);
        let text = &window[start..end.unwrap_or(length)];
        let next = end.map_or(length, |end| end + 1);
        let hash = if is_cut { None } else { hash_of(text) };
        Ok(Line { start: begin + start as u64, end: begin + next as u64, hash })
    }

    fn read(&self, window: &mut [u8], at: u64) -> io::Result<usize> {
        let mut length = 0;
        while length < window.len() {
            match self.file.read_at(&mut window[length..], at + length as u64) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(length)
    }
}

fn hash_of(line: &[u8]) -> Option<[u8; 20]> {
    let (digits, rest) = line.split_at_checked(40)?;
    let is_whole = rest.first().is_none_or(|byte| matches!(byte, b':' | b'\r'));
    let hash = HEXUPPER_PERMISSIVE.decode(digits).ok().filter(|_| is_whole)?;
    hash.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{super::sha1, *};

    fn list(lines: &[String], glue: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.txt");
        std::fs::write(&path, lines.join(glue)).unwrap();
        (folder, path)
    }

    fn lines(count: usize) -> Vec<String> {
        let mut lines: Vec<String> =
            (0..count).map(|number| HEXUPPER_PERMISSIVE.encode(&sha1(&format!("word {number}")))).collect();
        lines.sort();
        lines.into_iter().enumerate().map(|(at, hash)| format!("{hash}:{}", at * at)).collect()
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for (count, glue, tail) in [(1, "\n", ""), (2, "\n", "\n"), (1000, "\r\n", "\r\n"), (1000, "\n", "")] {
            let mut text = lines(count);
            text.last_mut().unwrap().push_str(tail);
            let (_folder, path) = list(&text, glue);
            let file = HashFile::open(&path).unwrap();
            for number in 0..count + 50 {
                let found = file.holds(sha1(&format!("word {number}"))).unwrap();
                assert_eq!(found, number < count, "{number} of {count}");
            }
        }
    }

    #[test]
    fn what_is_no_sorted_list_is_refused() {
        let sorted = lines(500);
        let (mut reversed, mut swapped, mut cut) = (sorted.clone(), sorted.clone(), sorted.clone());
        reversed.reverse();
        swapped.swap(100, 300);
        cut[250] = "password".to_owned();
        for (lines, expected) in [
            (vec![], "has no SHA-1 at byte 0"),
            (reversed, "is not sorted"),
            (swapped, "is not sorted"),
            (cut, "has no SHA-1"),
            (vec!["password".to_owned(), "12345678".to_owned()], "has no SHA-1 at byte 0"),
            (vec!["8846F7EAEE8FB117AD06BDD830B7586C:1".to_owned()], "has no SHA-1 at byte 0"),
            (vec!["x".repeat(5000)], "has no SHA-1"),
        ] {
            let (_folder, path) = list(&lines, "\n");
            let fault = HashFile::open(&path).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault}");
        }
        for path in ["/does/not/exist", "/"] {
            let fault = HashFile::open(Path::new(path)).unwrap_err().to_string();
            assert!(fault.contains("cannot be read"), "{fault}");
        }
    }
}
