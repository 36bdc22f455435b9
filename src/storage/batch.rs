//! Many rows in one statement: multi-row `INSERT`s and padded `IN` lists, so that no query runs in a loop.

use std::fmt::Write as _;

use super::{Connection, Result, sql, value::Value};

/// A table and the columns that rows are written to, in order.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Column names, in the order of the values.
    pub columns: &'static [&'static str],
    /// What follows the values, such as `ON CONFLICT DO NOTHING`.
    pub suffix: &'static str,
}

/// Rows for one table.
#[derive(Debug)]
pub struct Rows {
    /// Where they go.
    pub table: &'static Table,
    /// Their values, one list a row.
    pub values: Vec<Vec<Value>>,
}

/// Most rows of one statement: 64 rows of 16 columns stay far below the limits of both databases.
const MOST_ROWS: usize = 64;
/// Up to so many rows each number has a statement of its own.
const FEW_ROWS: usize = 16;

/// How many rows the next statement takes of so many: 64, 32, or up to 16, so that few texts are prepared.
fn take(rows: usize) -> usize {
    match rows {
        0..=FEW_ROWS => rows,
        _ => MOST_ROWS.min(1 << rows.ilog2()),
    }
}

/// Whether one statement inserts all rows.
pub(super) fn is_one_statement(rows: &Rows) -> bool {
    take(rows.values.len()) == rows.values.len()
}

/// Inserts all rows with few statements; returns the rows written.
///
/// # Errors
/// When the database fails.
pub async fn insert(connection: &mut Connection, rows: &Rows) -> Result<u64> {
    let mut rest = rows.values.as_slice();
    let mut written = 0;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(take(rest.len()));
        // Names come from `Table` constants; values are bound.
        let insert = sql(insert_text(rows.table, now.len())).bind_all(now.iter().flatten().cloned());
        written += insert.execute(&mut *connection).await?;
        rest = later;
    }
    Ok(written)
}

fn insert_text(table: &Table, rows: usize) -> String {
    let width = table.columns.len();
    let mut text = format!("INSERT INTO {} ({}) VALUES ", table.name, table.columns.join(", "));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=width {
            let comma = if column == 1 { "" } else { ", " };
            let _ = write!(text, "{comma}${}", row * width + column);
        }
        text.push(')');
    }
    text + " " + table.suffix
}

/// Splits `keys` into lists for [`in_list`]: at most 64 each, padded to a power of two by repeating the last key.
pub fn padded<T: Clone>(keys: &[T]) -> impl Iterator<Item = Vec<T>> + '_ {
    keys.chunks(MOST_ROWS).map(|chunk| {
        let mut list = chunk.to_vec();
        list.resize(chunk.len().next_power_of_two(), chunk[chunk.len() - 1].clone());
        list
    })
}

/// `$from, $from+1, …`: the placeholders of `count` values.
#[must_use]
pub fn in_list(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_numbers_its_placeholders_across_rows() {
        const T: Table = Table { name: "t", columns: &["a", "b"], suffix: "ON CONFLICT DO NOTHING" };
        assert_eq!(insert_text(&T, 2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
    }

    #[test]
    fn rows_are_written_in_few_statements_of_few_sizes() {
        for (rows, expected) in [(1, 1), (16, 16), (17, 16), (31, 16), (32, 32), (63, 32), (64, 64), (300, 64)] {
            assert_eq!(take(rows), expected, "{rows}");
        }
    }

    #[test]
    fn lists_are_padded_to_powers_of_two() {
        let lists: Vec<_> = padded(&[1, 2, 3]).collect();
        assert_eq!(lists, [vec![1, 2, 3, 3]]);
        assert_eq!(padded(&vec![0; 130]).map(|l| l.len()).collect::<Vec<_>>(), [64, 64, 2]);
        assert_eq!(in_list(3, 2), "$3, $4");
    }
}
