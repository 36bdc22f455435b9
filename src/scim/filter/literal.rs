//! What an attribute is compared with, typed by the attribute (RFC 7644 §3.4.2.2 table 3).

use std::fmt;

use serde_json::{Number, Value};

use super::Operator;
use crate::{
    clock::Timestamp,
    scim::{
        schema::{Attribute, Kind, Returned},
        value,
    },
};

/// A value of the kind that its attribute holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text, an address or base64.
    Text(String),
    /// An instant, with its text.
    Instant(Timestamp, String),
}

impl fmt::Display for Literal {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Instant(_, text) => write!(f, "{}", Value::from(text.as_str())),
        }
    }
}

impl Literal {
    /// What is compared with an attribute by an operator.
    ///
    /// # Errors
    /// A sentence, when they do not go together.
    pub(super) fn typed(attribute: &Attribute, operator: Operator, value: Value) -> Result<Self, String> {
        let name = attribute.name;
        if attribute.returned == Returned::Never {
            return Err(format!("'{name}' cannot be searched for"));
        }
        if attribute.kind == Kind::Complex {
            return Err(format!("'{name}' is an object: compare one of its sub-attributes"));
        }
        if !allows(attribute.kind, operator) || (value.is_null() && !matches!(operator, Operator::Eq | Operator::Ne)) {
            let what = if value.is_null() { "null" } else { attribute.kind.name() };
            return Err(format!("'{name}' cannot be compared by {} ({what})", operator.name()));
        }
        let typed = match (attribute.kind, value) {
            (_, Value::Null) => Some(Self::Null),
            (Kind::Boolean, value) => value::boolean_of(&value).map(Self::Boolean),
            (Kind::Integer | Kind::Decimal, Value::Number(number)) => Some(Self::Number(number)),
            (Kind::DateTime, Value::String(text)) => value::instant(&text).map(|at| Self::Instant(at, text)),
            // No database keeps it in a text, or takes it to look for one.
            (_, Value::String(text)) if text.contains('\0') => {
                return Err(format!("'{name}' is compared with a text that holds a null character"));
            }
            (Kind::String | Kind::Reference | Kind::Binary, Value::String(text)) => Some(Self::Text(text)),
            _ => None,
        };
        typed.ok_or_else(|| format!("'{name}' is compared with a value of another kind than {}", attribute.kind.name()))
    }
}

/// RFC 7644 §3.4.2.2 table 3: Boolean and binary values have no order; only texts have parts.
const fn allows(kind: Kind, operator: Operator) -> bool {
    match operator {
        Operator::Eq | Operator::Ne => true,
        Operator::Co | Operator::Sw | Operator::Ew => matches!(kind, Kind::String | Kind::Reference),
        Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => !matches!(kind, Kind::Boolean | Kind::Binary),
    }
}
