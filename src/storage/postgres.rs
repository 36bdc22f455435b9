//! PostgreSQL, through the library's pool.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _, TypeInfo as _,
    ValueRef as _,
    pool::PoolConnection,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    query::Query,
};

use super::{
    Error, Result, Row,
    sqlite::Access,
    statement::Statement,
    value::{Cell, Names, Value},
};

/// A connection.
#[derive(Debug)]
pub(super) enum Postgres {
    /// Of a pool; goes back to it.
    Pooled(PoolConnection<sqlx::Postgres>),
    /// Of its own.
    Single(PgConnection),
}

/// A new connection that is nobody else's.
pub(super) async fn connect(url: &str) -> Result<Postgres> {
    Ok(Postgres::Single(options(url)?.connect().await?))
}

/// At most so many connections.
pub(super) async fn pool(url: &str, access: Access, connections: u32) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(connections.max(1))
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(30))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(settings(access)).execute(connection).await?;
                Ok(())
            })
        })
        .connect_with(options(url)?)
        .await?)
}

fn options(url: &str) -> Result<PgConnectOptions> {
    Ok(url.parse::<PgConnectOptions>()?.disable_statement_logging())
}

/// No query is compiled to machine code (`jit`): PostgreSQL overrates recursive ones, and compiling costs far more than
/// running them.
const fn settings(access: Access) -> &'static str {
    match access {
        Access::Write => "SET jit = off; SET lock_timeout = '10s'; SET statement_timeout = '60s'",
        Access::Read => {
            "SET jit = off; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET statement_timeout = '60s'"
        }
    }
}

impl Postgres {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Single(connection) => connection,
        }
    }

    pub(super) async fn run(&mut self, statements: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(self.connection()).await?;
        Ok(())
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        Ok(query(statement).execute(self.connection()).await?.rows_affected())
    }

    pub(super) async fn fetch(&mut self, statement: &Statement, most: usize) -> Result<Vec<Row>> {
        let query = query(statement);
        let rows = if most == 1 {
            query.fetch_optional(self.connection()).await?.into_iter().collect()
        } else {
            query.fetch_all(self.connection()).await?
        };
        let Some(first) = rows.first() else { return Ok(vec![]) };
        let names: Names = first.columns().iter().map(|column| Box::from(column.name())).collect();
        rows.iter().map(|found| row(found, &names)).collect()
    }

    pub(super) async fn close(self) -> Result<()> {
        match self {
            Self::Pooled(_) => Ok(()),
            Self::Single(connection) => Ok(connection.close().await?),
        }
    }
}

/// Program text, put together from constants; what comes from outside is bound.
fn query(statement: &Statement) -> Query<'_, sqlx::Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(&*statement.text));
    statement.values.iter().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text.as_str()),
        Value::OptionalText(text) => query.bind(text.as_deref()),
        Value::Integer(number) => query.bind(*number),
        Value::OptionalInteger(number) => query.bind(*number),
        Value::Bytes(bytes) => query.bind(bytes.as_slice()),
        Value::OptionalBytes(bytes) => query.bind(bytes.as_deref()),
    })
}

fn row(found: &PgRow, names: &Names) -> Result<Row> {
    let cells = (0..names.len()).map(|at| cell(found, at)).collect::<Result<_>>()?;
    Ok(Row { names: names.clone(), cells })
}

fn cell(row: &PgRow, at: usize) -> Result<Cell> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INT8" => Cell::Integer(row.try_get(at)?),
        "INT4" => Cell::Integer(row.try_get::<i32, _>(at)?.into()),
        "BOOL" => Cell::Integer(row.try_get::<bool, _>(at)?.into()),
        "BYTEA" => Cell::Bytes(row.try_get(at)?),
        "TEXT" | "VARCHAR" | "NAME" => Cell::Text(row.try_get(at)?),
        _ => return Err(Error::Column(format!("{at}, which is {kind}"))),
    })
}
