//! Sealed values of any table, to be sealed anew.

use crate::{
    keys::SealedColumn,
    storage::{Result, Tx, sql},
};

/// A sealed value and the row it is in.
#[derive(Debug, Clone)]
pub struct SealedValue {
    /// Names the row.
    pub row: String,
    /// The value.
    pub sealed: Vec<u8>,
}

impl Tx {
    /// The values of one column.
    pub fn sealed_values(&mut self, column: SealedColumn) -> SealedValues<'_> {
        SealedValues { tx: self, column }
    }
}

/// Reads and replaces the values of one column.
pub struct SealedValues<'t> {
    tx: &'t mut Tx,
    column: SealedColumn,
}

impl SealedValues<'_> {
    /// The next values in the order of their rows, after `row`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn after(&mut self, row: &str, limit: i64) -> Result<Vec<SealedValue>> {
        // Names of tables and columns are constants of `SealedColumn`.
        let statement = format!(
            "SELECT {row} AS row, {column} AS sealed
             FROM {table}
             WHERE {row} > $1 AND LENGTH({column}) > 0
             ORDER BY {row}
             LIMIT $2",
            row = self.column.row(),
            column = self.column.column(),
            table = self.column.table(),
        );
        let rows = sql(statement).bind(row).bind(limit).fetch_all(self.tx.connection()).await?;
        rows.iter()
            .map(|found| Ok(SealedValue { row: found.try_get("row")?, sealed: found.try_get("sealed")? }))
            .collect()
    }

    /// Puts `sealed` in place of a value, unless that was changed meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(&mut self, old: &SealedValue, sealed: &[u8]) -> Result<bool> {
        let statement = format!(
            "UPDATE {table}
             SET {column} = $1
             WHERE {row} = $2 AND {column} = $3
             RETURNING {row} AS row",
            row = self.column.row(),
            column = self.column.column(),
            table = self.column.table(),
        );
        let changed = sql(statement)
            .bind(sealed)
            .bind(old.row.as_str())
            .bind(old.sealed.as_slice())
            .fetch_optional(self.tx.connection())
            .await?;
        Ok(changed.is_some())
    }
}
