//! A statement with its values, for either database.

use std::borrow::Cow;

use super::{Connection, Error, Result, Row, Value};

/// A statement, and what is bound to its placeholders `$1`, `$2`, ….
#[derive(Debug)]
#[must_use = "a statement does nothing until it is executed or fetched"]
pub struct Statement {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// A statement of this text. A text that is put together holds program text and placeholders alone, never a value.
pub fn sql(text: impl Into<Cow<'static, str>>) -> Statement {
    Statement { text: text.into(), values: Vec::new() }
}

impl Statement {
    /// Binds the next placeholder.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next placeholders.
    pub fn bind_all<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }

    /// Runs it; how many rows it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn execute(self, connection: &mut Connection) -> Result<u64> {
        connection.execute(&self).await
    }

    /// All rows of its answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<Row>> {
        connection.fetch(&self, usize::MAX).await
    }

    /// The first row of its answer, if there is any.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<Row>> {
        Ok(connection.fetch(&self, 1).await?.pop())
    }

    /// The first row of its answer.
    ///
    /// # Errors
    /// When the database fails, or there is none.
    pub async fn fetch_one(self, connection: &mut Connection) -> Result<Row> {
        self.fetch_optional(connection).await?.ok_or(Error::NoRow)
    }
}
