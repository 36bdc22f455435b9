//! Databases for tests: an SQLite file in memory-backed storage, and a PostgreSQL database of its own for every test.
//!
//! Those of PostgreSQL are copies of one template that is migrated once.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use data_encoding::HEXLOWER;
use tokio::sync::OnceCell;

use super::{Engine, Result, Settings, Storage, migration, sql, value::Value};
use crate::secret::sha256;

/// Names the server of the tests; `tests/with-postgres` sets it.
pub const POSTGRES: &str = "LANYARD_TEST_POSTGRES_URL";

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A migrated database that disappears with the value.
pub struct Database {
    /// The open database.
    pub storage: Storage,
    /// How to open it again.
    pub settings: Settings,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Server { url: String, name: String },
}

/// One empty database of each engine.
///
/// # Panics
/// When `LANYARD_TEST_POSTGRES_URL` is not set: a test that runs on one database only has not been run.
pub async fn databases() -> Vec<Database> {
    vec![sqlite().await, postgres().await]
}

/// An empty SQLite database.
///
/// # Panics
/// When the file cannot be made.
pub async fn sqlite() -> Database {
    let base = if PathBuf::from("/dev/shm").is_dir() { PathBuf::from("/dev/shm") } else { std::env::temp_dir() };
    let folder = base.join(unique());
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let settings = settings(format!("sqlite:{}", folder.join("lanyard.db").display()));
    Storage::migrate(&settings).await.expect("migrations apply");
    open(settings, Place::Folder(folder)).await
}

/// An empty PostgreSQL database.
///
/// # Panics
/// When there is no server.
pub async fn postgres() -> Database {
    let server = std::env::var(POSTGRES).expect("run tests by `make test` or `tests/with-postgres cargo test …`");
    let (name, template) = (unique(), TEMPLATE.get_or_init(|| template(&server)).await);
    // Copying files takes a third of what writing each page to the log does.
    administer(&server, &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")).await;
    open(settings(beside(&server, &name)), Place::Server { url: server.clone(), name }).await
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The name of a migrated database to copy; made when the server has none of this schema yet.
async fn template(server: &str) -> String {
    let name = format!("lanyard_template_{}", HEXLOWER.encode(&sha256(migration::texts().as_bytes())[..8]));
    let making = unique();
    administer(server, &format!("CREATE DATABASE {making} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")).await;
    Storage::migrate(&settings(beside(server, &making))).await.expect("migrations apply");
    // Another run of the tests may have made it just now.
    if attempt(server, &format!("ALTER DATABASE {making} RENAME TO {name}")).await.is_err() {
        administer(server, &format!("DROP DATABASE {making}")).await;
    }
    name
}

fn beside(server: &str, name: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("the address of the server ends with a database");
    format!("{base}/{name}")
}

fn settings(url: String) -> Settings {
    Settings { url, readers: 4, writers: 4 }
}

impl Database {
    /// A second node on the same database.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn second_node(&self) -> Storage {
        Storage::open(&self.settings).await.expect("the database opens twice")
    }
}

/// How a database goes about a statement, each table by its indexes where that can be.
///
/// # Panics
/// When it does not understand the statement.
pub async fn plan(storage: &Storage, text: &str, values: Vec<Value>) -> String {
    let mut tx = storage.read().await.expect("the database answers");
    let (explain, column) = match storage.engine() {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Engine::Postgres => {
            // A table of few rows is read whole otherwise.
            tx.run("SET enable_seqscan = off").await.expect("the database answers");
            ("EXPLAIN", 0)
        }
    };
    let query = sql(format!("{explain} {text}")).bind_all(values);
    let rows = query.fetch_all(tx.connection()).await.expect("a statement");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get(column).expect("a line")).collect();
    lines.join("\n")
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Place::Server { url, name } => {
                let (url, drop) = (url.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                // Nobody waits for it: what is left when the process ends goes with the server of the tests.
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    if let Ok(runtime) = runtime {
                        let _ = runtime.block_on(attempt(&url, &drop));
                    }
                });
            }
        }
    }
}

async fn open(settings: Settings, place: Place) -> Database {
    let storage = Storage::open(&settings).await.expect("the database opens");
    Database { storage, settings, place }
}

async fn administer(server: &str, statement: &str) {
    attempt(server, statement).await.expect("the PostgreSQL of the tests answers");
}

async fn attempt(server: &str, statement: &str) -> Result<()> {
    let mut tx = settings(server.to_owned()).connect().await?;
    // Names are made here, of digits and letters.
    tx.run(statement).await?;
    tx.close().await
}

fn unique() -> String {
    format!("lanyard_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
