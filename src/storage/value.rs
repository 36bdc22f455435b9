//! What is bound to a statement and what its rows hold: TEXT, BIGINT and BYTEA, each or NULL.

use super::{Error, Result};

/// A value to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(String),
    /// TEXT or NULL.
    OptionalText(Option<String>),
    /// BIGINT.
    Integer(i64),
    /// BIGINT or NULL.
    OptionalInteger(Option<i64>),
    /// BYTEA.
    Bytes(Vec<u8>),
    /// BYTEA or NULL.
    OptionalBytes(Option<Vec<u8>>),
}

macro_rules! from {
    ($($type:ty => $variant:ident;)*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    &str => Text;
    String => Text;
    i64 => Integer;
    Option<i64> => OptionalInteger;
    Option<String> => OptionalText;
    Vec<u8> => Bytes;
    &[u8] => Bytes;
    Option<Vec<u8>> => OptionalBytes;
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::OptionalText(text.map(str::to_owned))
    }
}

/// What a column of a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// BYTEA.
    Bytes(Vec<u8>),
}

/// A type that a column can be read as.
pub trait Read<'r>: Sized {
    /// The value, or `None` when the column holds something else.
    fn read(cell: &'r Cell) -> Option<Self>;
}

impl Read<'_> for i64 {
    fn read(cell: &Cell) -> Option<Self> {
        if let Cell::Integer(number) = cell { Some(*number) } else { None }
    }
}

impl<'r> Read<'r> for &'r str {
    fn read(cell: &'r Cell) -> Option<Self> {
        if let Cell::Text(text) = cell { Some(text) } else { None }
    }
}

impl Read<'_> for String {
    fn read(cell: &Cell) -> Option<Self> {
        if let Cell::Text(text) = cell { Some(text.clone()) } else { None }
    }
}

impl Read<'_> for Vec<u8> {
    /// Text too: SQLite keeps what was written as text in a column of bytes.
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Bytes(bytes) => Some(bytes.clone()),
            Cell::Text(text) => Some(text.clone().into_bytes()),
            _ => None,
        }
    }
}

impl<'r, T: Read<'r>> Read<'r> for Option<T> {
    fn read(cell: &'r Cell) -> Option<Self> {
        if *cell == Cell::Null { Some(None) } else { T::read(cell).map(Some) }
    }
}

/// Names of the columns of an answer, in order.
pub(super) type Names = std::sync::Arc<[Box<str>]>;

/// A row of an answer.
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) names: Names,
    pub(super) cells: Vec<Cell>,
}

/// Says which column: its name, or its number from 0.
pub trait Column {
    /// Its number in a row with these names, and how a fault names it.
    fn find(self, names: &[Box<str>]) -> Option<usize>;
}

impl Column for &str {
    fn find(self, names: &[Box<str>]) -> Option<usize> {
        names.iter().position(|name| **name == *self)
    }
}

impl Column for usize {
    fn find(self, names: &[Box<str>]) -> Option<usize> {
        (self < names.len()).then_some(self)
    }
}

impl Row {
    /// What the column holds.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column, or it holds a value of another type.
    pub fn try_get<'r, T: Read<'r>>(&'r self, column: impl Column + std::fmt::Debug + Copy) -> Result<T> {
        let found = column.find(&self.names).and_then(|at| T::read(&self.cells[at]));
        found.ok_or_else(|| Error::Column(format!("{column:?}")))
    }

    /// Reads all columns one after the other, without looking for their names: for long lists of wide rows.
    #[must_use]
    pub fn in_order(&self) -> InOrder<'_> {
        InOrder { row: self, next: 0 }
    }
}

/// The columns of a row, one after the other.
#[derive(Debug)]
pub struct InOrder<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> InOrder<'r> {
    /// What the next column holds.
    ///
    /// # Errors
    /// [`Error::Column`] when there is none, or it holds a value of another type.
    pub fn take<T: Read<'r>>(&mut self) -> Result<T> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_as_what_it_holds() {
        let names = ["n", "t", "b", "z"].map(Box::from);
        let cells = vec![Cell::Integer(7), Cell::Text("x".into()), Cell::Bytes(vec![1]), Cell::Null];
        let row = Row { names: names.into(), cells };
        assert_eq!(row.try_get::<i64>("n").unwrap(), 7);
        assert_eq!(row.try_get::<Option<i64>>(0).unwrap(), Some(7));
        assert_eq!(row.try_get::<String>("t").unwrap(), "x");
        assert_eq!(row.try_get::<Vec<u8>>("b").unwrap(), [1]);
        assert_eq!(row.try_get::<Option<String>>("z").unwrap(), None);
        let mut all = row.in_order();
        assert_eq!((all.take::<i64>().unwrap(), all.take::<&str>().unwrap()), (7, "x"));
        for wrong in [row.try_get::<i64>("t"), row.try_get("z"), row.try_get("absent"), row.try_get::<i64>(4)] {
            assert!(matches!(wrong, Err(Error::Column(_))), "{wrong:?}");
        }
    }
}
