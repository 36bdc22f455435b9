//! SQLite in this process: a statement runs at once, on the thread that asks.
//!
//! A library that sends each statement to a thread of its own spends most of a request on the way there and back. What is
//! asked on the path of a request is one step into an index, and takes microseconds; the writer, which waits for the
//! disk, has a thread to itself ([`group`](super::group)).

use std::{collections::HashMap, path::Path, sync::Arc, thread, time::Duration};

use rusqlite::{
    ErrorCode, OpenFlags, Statement as Prepared,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    Error, Result, Row,
    statement::Statement,
    value::{Cell, Names, Value},
};

/// Statements that a connection keeps prepared: more than there are.
const PREPARED: usize = 512;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// One of several, which cannot write.
    Read,
    /// Syncs at every commit and checks foreign keys; makes the file when it is not there.
    Write,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: rusqlite::Connection,
    shapes: HashMap<Box<str>, Shape>,
}

/// What is asked of a prepared statement once: SQLite looks each answer up in a list.
#[derive(Debug, Clone)]
struct Shape {
    columns: Names,
    /// Which of the values each placeholder wants.
    wanted: Arc<[usize]>,
}

impl Sqlite {
    pub(super) fn open(file: &Path, access: Access) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let flags = if access == Access::Write { flags | OpenFlags::SQLITE_OPEN_CREATE } else { flags };
        let connection = rusqlite::Connection::open_with_flags(file, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Plans do not depend on what is bound: else statements that look at partial indexes are prepared again each time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let settings = match access {
            Access::Write => {
                "PRAGMA busy_timeout = 100; PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 10000; \
                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384"
            }
            Access::Read => {
                "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; \
                 PRAGMA mmap_size = 268435456"
            }
        };
        // One of those who open a new file begins its write-ahead log; the others are sent away, whatever their timeout.
        let mut set = connection.execute_batch(settings);
        for _ in 0..100 {
            if !set.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            set = connection.execute_batch(settings);
        }
        set?;
        Ok(Self { connection, shapes: HashMap::new() })
    }

    /// Whether the file holds this table; a file that holds it not, or is no database, is not changed.
    pub(super) fn has_table(file: &Path, name: &str) -> Result<bool> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection.table_exists(None, name)?)
    }

    pub(super) fn run(&mut self, statements: &str) -> Result<()> {
        Ok(self.connection.execute_batch(statements)?)
    }

    pub(super) fn execute(&mut self, statement: &Statement) -> Result<u64> {
        let mut prepared = self.connection.prepare_cached(&statement.text)?;
        let shape = shape(&mut self.shapes, &statement.text, &prepared)?;
        bind(&mut prepared, &shape, &statement.values)?;
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        drop(prepared);
        Ok(self.connection.changes())
    }

    pub(super) fn fetch(&mut self, statement: &Statement, most: usize) -> Result<Vec<Row>> {
        let mut prepared = self.connection.prepare_cached(&statement.text)?;
        let shape = shape(&mut self.shapes, &statement.text, &prepared)?;
        bind(&mut prepared, &shape, &statement.values)?;
        let names = shape.columns;
        let mut rows = prepared.raw_query();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            let mut cells = Vec::with_capacity(names.len());
            for at in 0..names.len() {
                cells.push(cell(row.get_ref(at)?)?);
            }
            found.push(Row { names: names.clone(), cells });
        }
        Ok(found)
    }

    pub(super) fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

fn bind(prepared: &mut Prepared<'_>, shape: &Shape, values: &[Value]) -> Result<()> {
    for (at, number) in shape.wanted.iter().enumerate() {
        let value = number.checked_sub(1).and_then(|number| values.get(number));
        let value = value.ok_or_else(|| rusqlite::Error::InvalidParameterCount(values.len(), *number))?;
        prepared.raw_bind_parameter(at + 1, ToSqlOutput::Borrowed(borrowed(value)))?;
    }
    Ok(())
}

fn borrowed(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Text(text) | Value::OptionalText(Some(text)) => ValueRef::Text(text.as_bytes()),
        Value::Integer(number) | Value::OptionalInteger(Some(number)) => ValueRef::Integer(*number),
        Value::Bytes(bytes) | Value::OptionalBytes(Some(bytes)) => ValueRef::Blob(bytes),
        Value::OptionalText(None) | Value::OptionalInteger(None) | Value::OptionalBytes(None) => ValueRef::Null,
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).map_err(|_| Error::Corrupt("text"))?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(Error::Corrupt("number")),
    })
}

fn shape(kept: &mut HashMap<Box<str>, Shape>, text: &str, prepared: &Prepared<'_>) -> Result<Shape> {
    if let Some(shape) = kept.get(text) {
        return Ok(shape.clone());
    }
    let columns: Names = prepared.column_names().into_iter().map(Box::from).collect();
    let shape = Shape { columns, wanted: wanted(prepared)? };
    if kept.len() >= PREPARED {
        kept.clear();
    }
    kept.insert(text.into(), shape.clone());
    Ok(shape)
}

/// SQLite numbers placeholders as it meets them; `$3` is the third value wherever it stands.
fn wanted(prepared: &Prepared<'_>) -> Result<Arc<[usize]>> {
    let number = |index| prepared.parameter_name(index)?.strip_prefix('$')?.parse().ok();
    let wanted = |index| number(index).ok_or_else(|| rusqlite::Error::InvalidParameterCount(0, index));
    Ok((1..=prepared.parameter_count()).map(wanted).collect::<std::result::Result<_, _>>()?)
}
