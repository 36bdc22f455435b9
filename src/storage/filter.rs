//! The one builder of dynamic `WHERE`: column names from the program, values bound.

use std::fmt::Write as _;

use super::{Connection, Result, Row, sql, value::Value};

/// A `SELECT` whose conditions depend on what was asked.
#[derive(Debug)]
pub struct Filter {
    text: String,
    values: Vec<Value>,
    conditions: usize,
}

impl Filter {
    /// Begins with `SELECT … FROM …`, without `WHERE`.
    #[must_use]
    pub fn select(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: vec![], conditions: 0 }
    }

    /// Adds `AND column operator value`.
    #[must_use]
    pub fn and(mut self, column: &'static str, operator: Operator, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let joint = self.joint();
        let _ = write!(self.text, " {joint} {column} {} ${}", operator.text(), self.values.len());
        self
    }

    /// Adds the condition only when there is a value.
    #[must_use]
    pub fn and_if(self, column: &'static str, operator: Operator, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.and(column, operator, value),
            None => self,
        }
    }

    /// Adds a condition in which `{}` stands for the value.
    #[must_use]
    pub fn and_holding(mut self, condition: &'static str, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let joint = self.joint();
        let condition = condition.replace("{}", &format!("${}", self.values.len()));
        let _ = write!(self.text, " {joint} {condition}");
        self
    }

    /// Adds that at least one of these holds, of each of which all conditions do; in each `{}` stands for its value.
    #[must_use]
    pub fn and_any(mut self, alternatives: Vec<Vec<(&'static str, Value)>>) -> Self {
        let joint = self.joint();
        let mut texts = vec![];
        for all in alternatives {
            let mut conditions = vec![];
            for (condition, value) in all {
                self.values.push(value);
                conditions.push(condition.replace("{}", &format!("${}", self.values.len())));
            }
            texts.push(conditions.join(" AND "));
        }
        let _ = write!(self.text, " {joint} ({})", texts.join(" OR "));
        self
    }

    /// Adds a condition without values.
    #[must_use]
    pub fn and_text(mut self, condition: &'static str) -> Self {
        let joint = self.joint();
        let _ = write!(self.text, " {joint} {condition}");
        self
    }

    /// Ends with `ORDER BY … LIMIT …`; `order` is program text.
    #[must_use]
    pub fn order(mut self, order: &'static str, limit: u32) -> Self {
        let _ = write!(self.text, " ORDER BY {order} LIMIT {limit}");
        self
    }

    /// The plan of the database for it, one step a line.
    ///
    /// # Errors
    /// When the database fails.
    #[cfg(test)]
    pub(crate) async fn plan(mut self, connection: &mut Connection) -> Result<String> {
        let is_sqlite = connection.engine() == super::Engine::Sqlite;
        let (explain, column) = if is_sqlite { ("EXPLAIN QUERY PLAN ", 3) } else { ("EXPLAIN ", 0) };
        self.text.insert_str(0, explain);
        let rows = self.fetch(connection).await?;
        let lines: Vec<String> = rows.iter().map(|row| row.try_get(column)).collect::<Result<_>>()?;
        Ok(lines.join("\n"))
    }

    /// Runs it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch(self, connection: &mut Connection) -> Result<Vec<Row>> {
        // Every piece of text is a `&'static str` of the program or a number; values are bound.
        sql(self.text).bind_all(self.values).fetch_all(connection).await
    }

    fn joint(&mut self) -> &'static str {
        self.conditions += 1;
        if self.conditions == 1 { "WHERE" } else { "AND" }
    }
}

/// How a column is compared.
#[derive(Debug, Clone, Copy)]
pub enum Operator {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<`
    Below,
}

impl Operator {
    const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::Below => "<",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_join_and_number_themselves() {
        let filter = Filter::select("SELECT id FROM t")
            .and("a", Operator::Equal, "x")
            .and_if("b", Operator::Below, None::<i64>)
            .and("c", Operator::AtLeast, 3)
            .and_holding("d IN (SELECT id FROM u WHERE e = {})", "y")
            .and_any(vec![vec![("f = {}", 1.into()), ("g < {}", 2.into())], vec![("h IN ({}, 'z', {})", "w".into())]])
            .order("id", 10);
        assert_eq!(
            filter.text,
            "SELECT id FROM t WHERE a = $1 AND c >= $2 AND d IN (SELECT id FROM u WHERE e = $3) \
             AND (f = $4 AND g < $5 OR h IN ($6, 'z', $6)) ORDER BY id LIMIT 10"
        );
    }
}
