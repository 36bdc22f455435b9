//! `[database]`: which database, and how many connections to it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::{Check, Wrong, wrong};
use crate::secret::{ExposeSecret, SecretString};

/// Which database, and how many connections to it.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite:path/to/file.db` or `postgres://user@host/name`; may carry a password.
    pub url: SecretString,
    /// Reading connections.
    pub readers: u32,
    /// Writing connections (PostgreSQL; SQLite has one).
    pub writers: u32,
}

impl Database {
    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        sqlite_file(self.url.expose_secret()).map(PathBuf::from)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    url: String,
    readers: u64,
    writers: u64,
}

impl Default for Raw {
    fn default() -> Self {
        Self { url: "sqlite:data/lanyard.db".to_owned(), readers: 4, writers: 8 }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Database> {
        let url = check.take("database.url", database(&self.url));
        let readers = check.take("database.readers", connections(self.readers));
        let writers = check.take("database.writers", connections(self.writers));
        Some(Database { url: url?, readers: readers?, writers: writers? })
    }
}

fn sqlite_file(text: &str) -> Option<&str> {
    text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path))
}

/// The text may hold a password, so that no problem repeats it.
fn database(text: &str) -> Result<SecretString, Wrong> {
    let instead = "write `sqlite:data/lanyard.db` or `postgres://user@host/database`";
    if let Some(path) = sqlite_file(text) {
        // An in-memory database would lose what was acknowledged.
        if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
            return Err(wrong("names no database file", instead));
        }
        return Ok(text.into());
    }
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "postgres" | "postgresql") => {
            Err(wrong(format!("`{}:` is no database that Lanyard knows", url.scheme()), instead))
        }
        Ok(url) if url.path().len() < 2 => Err(wrong("names no database", instead)),
        Ok(_) => Ok(text.into()),
        Err(_) => Err(wrong("is not the address of a database", instead)),
    }
}

fn connections(number: u64) -> Result<u32, Wrong> {
    match u32::try_from(number) {
        Ok(number) if (1..=1000).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{number} connections are out of bounds"), "write 1 to 1000")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_file_or_a_postgres_address() {
        for (text, accepted) in [
            ("sqlite:data/lanyard.db", true),
            ("sqlite:///var/lib/lanyard/lanyard.db", true),
            ("postgres://lanyard@db/lanyard", true),
            ("postgresql://lanyard:secret@db:5433/lanyard?sslmode=verify-full", true),
            ("sqlite::memory:", false),
            ("sqlite:", false),
            ("postgres://db", false),
            ("mysql://db/lanyard", false),
            ("data/lanyard.db", false),
        ] {
            assert_eq!(database(text).is_ok(), accepted, "{text}");
        }
    }

    #[test]
    fn an_sqlite_database_is_a_file() {
        for (text, file) in [
            ("sqlite:data/lanyard.db", Some("data/lanyard.db")),
            ("sqlite:///var/lib/lanyard.db", Some("/var/lib/lanyard.db")),
            ("postgres://db/lanyard", None),
        ] {
            assert_eq!(sqlite_file(text), file);
        }
    }
}
