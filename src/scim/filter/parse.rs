//! The comparisons of filters (RFC 7644 §3.4.2.2 figure 1); what joins them is read by [`expression`].

use serde_json::{Number, Value};

use super::{Comparison, Filter, Literal, Operator};
use crate::{
    expression::{self, Language, Logic, Reader, Result, Test, logic},
    scim::{
        error::echo,
        path::AttributePath,
        schema::{Kind, ResourceType, Returned},
    },
};

pub(super) fn filter(kind: ResourceType, text: &str) -> Result<Filter> {
    expression::read(&mut Comparisons { kind, within: None }, "The filter", text)
}

pub(super) fn values(kind: ResourceType, attribute: AttributePath, text: &str) -> Result<Filter> {
    expression::read(&mut Comparisons { kind, within: Some(attribute) }, "The filter", text)
}

logic!(Filter);

struct Comparisons {
    kind: ResourceType,
    /// The attribute on whose values the filter is.
    within: Option<AttributePath>,
}

impl Language for Comparisons {
    type Meaning = Filter;

    /// `attrPath "pr"`, `attrPath compareOp compValue`, or a value path.
    fn comparison(&mut self, reader: &mut Reader<'_>) -> Result<Filter> {
        let name = reader.word_of_name();
        if name.is_empty() {
            return Err(reader.unexpected("an attribute"));
        }
        if reader.rest().starts_with('[') {
            return self.value_path(reader, name);
        }
        let path = self.resolve(name)?;
        self.condition(reader, path)
    }
}

impl Comparisons {
    fn value_path(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<Filter> {
        let path = self.resolve(name)?;
        let has_values = path.attribute.multi_valued || path.attribute.kind == Kind::Complex;
        if self.within.is_some() || path.sub_attribute.is_some() || !has_values {
            return Err(format!("'{}' cannot be followed by '['", echo(name)));
        }
        self.within = Some(path);
        let mut filter = reader.nested(self, ']')?;
        // Entra ID: `emails[type eq "work"].value eq "…"` is a condition on the same value.
        if reader.takes('.') {
            let sub_path = self.resolve(reader.word_of_name())?;
            filter = Filter::conjunction(vec![filter, self.condition(reader, sub_path)?]);
        }
        self.within = None;
        Ok(Filter::Values(path, Box::new(filter)))
    }

    /// What stands behind the attribute.
    fn condition(&self, reader: &mut Reader<'_>, path: AttributePath) -> Result<Filter> {
        match reader.test(Operator::named, "an operator")? {
            Test::Present if path.last().returned == Returned::Never => Err(format!("'{path}' cannot be searched for")),
            Test::Present => Ok(Filter::Present(path)),
            Test::Compare(operator) => {
                let value = value(reader)?;
                let path = if self.within.is_none() { path.to_value() } else { path };
                let value = Literal::typed(path.last(), operator, value)?;
                Ok(Filter::Compare(Comparison { path, operator, value }))
            }
        }
    }

    fn resolve(&self, name: &str) -> Result<AttributePath> {
        let Some(path) = self.within else {
            return AttributePath::parse(self.kind, name).map_err(|unknown| unknown.to_string());
        };
        // RFC 7643 §2.4: `value` is the value itself where a multi-valued attribute holds no objects.
        if path.attribute.kind != Kind::Complex && name.eq_ignore_ascii_case("value") {
            return Ok(path);
        }
        let sub = path.attribute.sub_attribute(name);
        let sub = sub.ok_or_else(|| format!("'{}' is not a sub-attribute of '{path}'", echo(name)))?;
        Ok(AttributePath { sub_attribute: Some(sub), ..path })
    }
}

/// A JSON literal.
fn value(reader: &mut Reader<'_>) -> Result<Value> {
    if reader.rest().starts_with('"') {
        return reader.quoted("a JSON string").map(Value::from);
    }
    let word = reader.word_of_value();
    match word.to_ascii_lowercase().as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        _ => match serde_json::from_str::<Number>(word) {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => Err(reader.refused(word, "a string in double quotes, a number, true, false or null")),
        },
    }
}
