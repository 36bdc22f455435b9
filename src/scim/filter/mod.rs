//! Filters (RFC 7644 §3.4.2.2), resolved against the schemas of a type of resource.
//!
//! `parse` reads comparisons within the grammar of [`expression`](crate::expression), `literal` types what is compared with,
//! `matching` decides whether a resource matches. The parser is our own: of the libraries for it the best one refuses `not(…)` without a blank and `$ref`, which the grammar
//! allows, and `emails[type eq "work"].value eq "…"`, which Entra ID sends; and it does not say at which character it failed.

mod literal;
mod matching;
mod parse;

use std::fmt;

pub use self::literal::Literal;
pub(super) use self::matching::{fold, numbers};
use super::{
    error::{ScimError, ScimType},
    path::AttributePath,
    schema::ResourceType,
};
pub use crate::expression::{LONGEST, MOST_TERMS};

/// A condition on a resource; within [`Filter::Values`], on one value of an attribute.
///
/// `And` and `Or` hold at least two filters, none of the same kind as themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// The attribute has a value that compares so.
    Compare(Comparison),
    /// One and the same value of the attribute matches; paths inside are those of its sub-attributes.
    Values(AttributePath, Box<Filter>),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub path: AttributePath,
    /// How.
    pub operator: Operator,
    /// With what.
    pub value: Literal,
}

crate::text::names! {
    /// How an attribute is compared (RFC 7644 §3.4.2.2 table 3).
    Operator:
        /// Equal.
        Eq = "eq",
        /// Not equal; also where there is no value.
        Ne = "ne",
        /// Contains.
        Co = "co",
        /// Starts with.
        Sw = "sw",
        /// Ends with.
        Ew = "ew",
        /// Greater or later.
        Gt = "gt",
        /// Not less, not earlier.
        Ge = "ge",
        /// Less or earlier.
        Lt = "lt",
        /// Not greater, not later.
        Le = "le";
}

impl Filter {
    /// Reads a filter on resources of a type.
    ///
    /// # Errors
    /// `invalidFilter` with the place, the attribute or the bound.
    pub fn parse(kind: ResourceType, text: &str) -> Result<Self, ScimError> {
        parse::filter(kind, text).map_err(|detail| ScimError::new(ScimType::InvalidFilter, detail))
    }

    /// Reads what stands in the brackets of a value path (RFC 7644 §3.5.2): a filter on the values of an attribute.
    ///
    /// # Errors
    /// `invalidFilter` with the place, the sub-attribute or the bound.
    pub fn parse_values(kind: ResourceType, attribute: AttributePath, text: &str) -> Result<Self, ScimError> {
        parse::values(kind, attribute, text).map_err(|detail| ScimError::new(ScimType::InvalidFilter, detail))
    }

    /// What every match has: comparisons by `eq` and `sw` that nothing else in the filter makes good for. A store may look
    /// for these in an index and filter what it finds.
    #[must_use]
    pub fn required_equalities(&self) -> Vec<(&AttributePath, Operator, &Literal)> {
        match self {
            Self::And(all) => all.iter().flat_map(Self::required_equalities).collect(),
            // One value that matches is a value of the attribute.
            Self::Values(_, filter) => filter.required_equalities(),
            Self::Compare(Comparison { path, operator: operator @ (Operator::Eq | Operator::Sw), value })
                if *value != Literal::Null =>
            {
                vec![(path, *operator, value)]
            }
            Self::Compare(_) | Self::Present(_) | Self::Or(_) | Self::Not(_) => vec![],
        }
    }

    /// Whether it is nothing but one comparison.
    #[must_use]
    pub fn is_comparison(&self) -> bool {
        matches!(self, Self::Compare(_))
    }

    /// Whether it looks at the attribute of this name of the core schema.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        let is = |path: &AttributePath| path.extension.is_none() && path.attribute.name == name;
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|filter| filter.mentions(name)),
            Self::Not(filter) => filter.mentions(name),
            Self::Present(path) | Self::Values(path, _) => is(path),
            Self::Compare(comparison) => is(&comparison.path),
        }
    }

    /// The equalities, when the filter is nothing but one or more of them, all required.
    #[must_use]
    pub fn equalities(&self) -> Option<Vec<(&AttributePath, &Literal)>> {
        match self {
            Self::And(all) => {
                all.iter().map(Self::equalities).collect::<Option<Vec<_>>>().map(|nested| nested.concat())
            }
            Self::Compare(Comparison { path, operator: Operator::Eq, value }) => Some(vec![(path, value)]),
            _ => None,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, within: bool) -> fmt::Result {
        match self {
            Self::And(all) => joined(f, all, " and ", within),
            Self::Or(all) => joined(f, all, " or ", within),
            Self::Not(filter) => parenthesized(f, "not (", filter, within),
            Self::Present(path) => {
                write_path(f, path, within)?;
                f.write_str(" pr")
            }
            Self::Compare(comparison) => {
                write_path(f, &comparison.path, within)?;
                write!(f, " {} {}", comparison.operator.name(), comparison.value)
            }
            Self::Values(path, filter) => {
                write!(f, "{path}[")?;
                filter.write(f, true)?;
                f.write_str("]")
            }
        }
    }
}

/// `or` binds less than `and`.
fn joined(f: &mut fmt::Formatter<'_>, all: &[Filter], word: &str, within: bool) -> fmt::Result {
    for (index, filter) in all.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        match filter {
            Filter::Or(_) => parenthesized(f, "(", filter, within)?,
            _ => filter.write(f, within)?,
        }
    }
    Ok(())
}

fn parenthesized(f: &mut fmt::Formatter<'_>, open: &str, filter: &Filter, within: bool) -> fmt::Result {
    f.write_str(open)?;
    filter.write(f, within)?;
    f.write_str(")")
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &AttributePath, within: bool) -> fmt::Result {
    match (within, path.sub_attribute) {
        (false, _) => write!(f, "{path}"),
        (true, sub) => f.write_str(sub.map_or("value", |sub| sub.name)),
    }
}

impl fmt::Display for Filter {
    /// A filter that parses to this one again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

/// A filter on the values of an attribute, as it stands in brackets.
pub(super) struct InBrackets<'f>(pub(super) &'f Filter);

impl fmt::Display for InBrackets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, true)
    }
}

#[cfg(test)]
pub(super) mod tests;
