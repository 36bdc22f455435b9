//! SQLite in process: one lock for whoever reads, and one thread that writes and commits for many.

use std::sync::{Mutex, MutexGuard, mpsc};

use rusqlite::{Connection, types::Value};
use tokio::sync::oneshot;

pub struct Database {
    reader: Mutex<Connection>,
    writer: mpsc::Sender<Job>,
}

type Job = Box<dyn FnOnce(&Connection, &mut Added) -> Answer + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// Rows that are written at the commit, those of all units together.
#[derive(Default)]
pub struct Added(Vec<(&'static str, Vec<Vec<Value>>)>);

impl Added {
    /// `columns` are a table with its columns in brackets.
    pub fn row(&mut self, columns: &'static str, values: Vec<Value>) {
        match self.0.iter_mut().find(|(name, _)| *name == columns) {
            Some((_, rows)) => rows.push(values),
            None => self.0.push((columns, vec![values])),
        }
    }
}

impl Database {
    pub fn open(path: &str) -> Self {
        let (writer, jobs) = mpsc::channel();
        let connection = connect(path);
        std::thread::spawn(move || write(&connection, &jobs));
        Self { reader: Mutex::new(connect(path)), writer }
    }

    pub fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().expect("no panic")
    }

    /// Runs `work` in a transaction that others share; answers when it is durable.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &mut Added) -> T + Send + 'static,
    ) -> T {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection, added| {
            let done = work(connection, added);
            Box::new(move || drop(reply.send(done)))
        });
        self.writer.send(job).expect("the writer lives");
        answer.await.expect("the writer answers")
    }
}

pub fn connect(path: &str) -> Connection {
    let connection = Connection::open(path).expect("the database opens");
    let settings = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                    PRAGMA wal_autocheckpoint = 4000";
    connection.execute_batch(settings).expect("settings");
    connection.set_prepared_statement_cache_capacity(128);
    connection
}

fn write(connection: &Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
        let mut added = Added::default();
        let mut answers = vec![first(connection, &mut added)];
        while answers.len() < 256
            && let Ok(next) = jobs.try_recv()
        {
            answers.push(next(connection, &mut added));
        }
        for (columns, rows) in added.0 {
            insert(connection, columns, rows);
        }
        connection.execute_batch("COMMIT").expect("commits");
        for answer in answers {
            answer();
        }
    }
}

/// Rows of 64, 32, … 1 in a statement.
fn insert(connection: &Connection, columns: &str, rows: Vec<Vec<Value>>) {
    let mut rest = rows.into_iter().peekable();
    while let Some(width) = rest.peek().map(Vec::len) {
        let count = [64, 32, 16, 8, 4, 2, 1].into_iter().find(|count| *count <= rest.len()).expect("one is left");
        let row = format!("({})", vec!["?"; width].join(", "));
        let text = format!("INSERT INTO {columns} VALUES {}", vec![row; count].join(", "));
        let values = rusqlite::params_from_iter(rest.by_ref().take(count).flatten());
        connection.prepare_cached(&text).expect("prepares").execute(values).expect("inserts");
    }
}
