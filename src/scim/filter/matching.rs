//! Whether a resource matches a filter (RFC 7644 §3.4.2.2).
//!
//! Of several values one that matches is enough, by `ne` too. What is absent, null or empty is equal to nothing but `null`.
//! Texts are compared as their attribute says, with or without regard to case.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Comparison, Filter, Literal, Operator};
use crate::scim::{document::Document, path::AttributePath, schema::Attribute, value};

impl Filter {
    /// Whether the resource matches.
    #[must_use]
    pub fn matches(&self, document: &Document) -> bool {
        self.holds(Scope::Resource(document))
    }

    /// Whether one value of an attribute matches; for filters of [`Filter::parse_values`].
    #[must_use]
    pub fn matches_value(&self, item: &Value) -> bool {
        self.holds(Scope::Item(item))
    }

    fn holds(&self, scope: Scope<'_>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.holds(scope)),
            Self::Or(all) => all.iter().any(|filter| filter.holds(scope)),
            Self::Not(filter) => !filter.holds(scope),
            Self::Present(path) => scope.values(path).any(is_present),
            Self::Compare(comparison) => comparison.holds(scope),
            Self::Values(path, filter) => scope.items(path).iter().any(|item| filter.matches_value(item)),
        }
    }
}

/// What the paths of a filter begin at.
#[derive(Clone, Copy)]
enum Scope<'d> {
    Resource(&'d Document),
    Item(&'d Value),
}

impl<'d> Scope<'d> {
    fn items(self, path: &AttributePath) -> &'d [Value] {
        match self {
            Self::Resource(document) => path.items(document),
            Self::Item(item) => std::slice::from_ref(item),
        }
    }

    fn values(self, path: &AttributePath) -> impl Iterator<Item = &'d Value> {
        self.items(path).iter().filter_map(|item| path.within(item))
    }
}

/// RFC 7644 §3.4.2.2 table 3, `pr`: a value that is not empty.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

impl Comparison {
    fn holds(&self, scope: Scope<'_>) -> bool {
        let mut values = scope.values(&self.path).filter(|value| is_present(value)).peekable();
        match (self.operator, &self.value) {
            (Operator::Eq, Literal::Null) => values.peek().is_none(),
            (Operator::Ne, Literal::Null) => values.peek().is_some(),
            (Operator::Ne, _) if values.peek().is_none() => true,
            // An empty text is a value to whoever looks for it.
            (Operator::Eq, Literal::Text(text)) if text.is_empty() => scope.values(&self.path).any(|value| value == ""),
            _ => values.any(|value| self.compares(value)),
        }
    }

    fn compares(&self, value: &Value) -> bool {
        match (&self.value, value) {
            (Literal::Text(wanted), Value::String(text)) => {
                compare_texts(self.path.last(), self.operator, text, wanted)
            }
            (Literal::Boolean(wanted), Value::Bool(value)) => holds(self.operator, value.cmp(wanted)),
            (Literal::Number(wanted), Value::Number(value)) => {
                numbers(value, wanted).is_some_and(|order| holds(self.operator, order))
            }
            (Literal::Instant(wanted, _), Value::String(text)) => {
                value::instant(text).is_some_and(|at| holds(self.operator, at.cmp(wanted)))
            }
            // Of another kind, thus not equal.
            _ => self.operator == Operator::Ne,
        }
    }
}

fn compare_texts(attribute: &Attribute, operator: Operator, text: &str, wanted: &str) -> bool {
    if attribute.case_exact {
        return compare_folded(operator, text, wanted);
    }
    compare_folded(operator, &fold(text), &fold(wanted))
}

fn compare_folded(operator: Operator, text: &str, wanted: &str) -> bool {
    match operator {
        Operator::Co => text.contains(wanted),
        Operator::Sw => text.starts_with(wanted),
        Operator::Ew => text.ends_with(wanted),
        operator => holds(operator, text.cmp(wanted)),
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

/// How numbers compare; none for what is no number.
pub(in crate::scim) fn numbers(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

/// One spelling of texts that differ in case only.
pub(in crate::scim) fn fold(text: &str) -> String {
    text.to_lowercase()
}
