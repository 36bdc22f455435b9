//! The grammar of filters (RFC 7644 §3.4.2.2 figure 1), read from left to right; bounded in size, depth and terms.

use serde_json::{Number, Value};

use super::{Comparison, DEEPEST, Filter, LONGEST, Literal, MOST_TERMS, Operator};
use crate::scim::{
    error::echo,
    path::AttributePath,
    schema::{Kind, ResourceType, Returned},
};

/// A refusal is a sentence.
type Result<T> = std::result::Result<T, String>;

pub(super) fn filter(kind: ResourceType, text: &str) -> Result<Filter> {
    Parser::new(kind, text, None)?.whole()
}

pub(super) fn values(kind: ResourceType, attribute: AttributePath, text: &str) -> Result<Filter> {
    Parser::new(kind, text, Some(attribute))?.whole()
}

struct Parser<'t> {
    kind: ResourceType,
    text: &'t str,
    /// The byte that is looked at.
    at: usize,
    depth: usize,
    terms: usize,
    /// The attribute on whose values the filter is.
    within: Option<AttributePath>,
}

impl<'t> Parser<'t> {
    fn new(kind: ResourceType, text: &'t str, within: Option<AttributePath>) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(format!("The filter is longer than {LONGEST} bytes"));
        }
        Ok(Self { kind, text, at: 0, depth: 0, terms: 0, within })
    }

    fn whole(mut self) -> Result<Filter> {
        let filter = self.or()?;
        self.blanks();
        if self.rest().is_empty() { Ok(filter) } else { Err(self.unexpected("'and', 'or' or the end")) }
    }

    fn or(&mut self) -> Result<Filter> {
        let mut all = vec![self.and()?];
        while self.word("or") {
            all.push(self.and()?);
        }
        Ok(any_of(all))
    }

    fn and(&mut self) -> Result<Filter> {
        let mut all = vec![self.term()?];
        while self.word("and") {
            all.push(self.term()?);
        }
        Ok(all_of(all))
    }

    fn term(&mut self) -> Result<Filter> {
        self.blanks();
        if self.rest().starts_with('(') {
            return self.nested(')');
        }
        if self.negation() {
            return self.nested(')').map(|filter| Filter::Not(Box::new(filter)));
        }
        self.expression()
    }

    /// Steps over `not`, if a group follows.
    fn negation(&mut self) -> bool {
        let Some((word, rest)) = self.rest().split_at_checked(3) else { return false };
        let group = rest.trim_start_matches(is_blank);
        let is_negation = word.eq_ignore_ascii_case("not") && group.starts_with('(');
        if is_negation {
            self.at = self.text.len() - group.len();
        }
        is_negation
    }

    /// What is in brackets, the opening one of which is looked at.
    fn nested(&mut self, close: char) -> Result<Filter> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("The filter is nested more than {DEEPEST} deep"));
        }
        self.at += 1;
        let filter = self.or()?;
        self.blanks();
        if !self.rest().starts_with(close) {
            return Err(self.unexpected(&format!("'and', 'or' or '{close}'")));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(filter)
    }

    /// `attrPath "pr"`, `attrPath compareOp compValue`, or a value path.
    fn expression(&mut self) -> Result<Filter> {
        let name = self.name();
        if name.is_empty() {
            return Err(self.unexpected("an attribute"));
        }
        if self.rest().starts_with('[') {
            return self.value_path(name);
        }
        let path = self.resolve(name)?;
        self.condition(path)
    }

    fn value_path(&mut self, name: &str) -> Result<Filter> {
        let path = self.resolve(name)?;
        let has_values = path.attribute.multi_valued || path.attribute.kind == Kind::Complex;
        if self.within.is_some() || path.sub_attribute.is_some() || !has_values {
            return Err(format!("'{}' cannot be followed by '['", echo(name)));
        }
        self.within = Some(path);
        let mut filter = self.nested(']')?;
        // Entra ID: `emails[type eq "work"].value eq "…"` is a condition on the same value.
        if self.rest().starts_with('.') {
            self.at += 1;
            let sub_name = self.name();
            let sub_path = self.resolve(sub_name)?;
            filter = all_of(vec![filter, self.condition(sub_path)?]);
        }
        self.within = None;
        Ok(Filter::Values(path, Box::new(filter)))
    }

    /// What stands behind the attribute.
    fn condition(&mut self, path: AttributePath) -> Result<Filter> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(format!("The filter has more than {MOST_TERMS} comparisons"));
        }
        let separated = self.blanks();
        let word = self.name();
        if separated && word.eq_ignore_ascii_case("pr") {
            return match path.last().returned {
                Returned::Never => Err(format!("'{path}' cannot be searched for")),
                _ => Ok(Filter::Present(path)),
            };
        }
        let operator = Operator::ALL.iter().copied().find(|one| one.name().eq_ignore_ascii_case(word));
        let Some(operator) = operator.filter(|_| separated) else {
            self.at -= word.len();
            return Err(self.unexpected("an operator"));
        };
        if !self.blanks() {
            return Err(self.unexpected("a blank"));
        }
        let value = self.value()?;
        let path = if self.within.is_none() { path.to_value() } else { path };
        let value = Literal::typed(path.last(), operator, value)?;
        Ok(Filter::Compare(Comparison { path, operator, value }))
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

    /// A JSON literal.
    fn value(&mut self) -> Result<Value> {
        let rest = self.rest();
        if rest.starts_with('"') {
            let text = rest.get(..text_length(rest)).and_then(|literal| serde_json::from_str::<String>(literal).ok());
            let text = text.ok_or_else(|| self.unexpected("a JSON string"))?;
            self.at += text_length(rest);
            return Ok(text.into());
        }
        let length = rest.find(|one: char| is_blank(one) || matches!(one, ')' | ']' | '(' | '[')).unwrap_or(rest.len());
        let word = &rest[..length];
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => {
                let number = serde_json::from_str::<Number>(word);
                number
                    .map(Value::Number)
                    .map_err(|_| self.unexpected("a string in double quotes, a number, true, false or null"))?
            }
        };
        self.at += length;
        Ok(value)
    }

    /// Steps over `and` or `or`, if it is next and separated from what is around it.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        let separated = self.blanks() || self.text[..before].ends_with([')', ']']);
        let found = self.rest().split_at_checked(word.len()).is_some_and(|(found, after)| {
            found.eq_ignore_ascii_case(word) && after.starts_with(|one: char| is_blank(one) || one == '(')
        });
        if separated && found {
            self.at += word.len();
            return true;
        }
        self.at = before;
        false
    }

    /// Steps over characters of names and URNs.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let belongs = |one: char| one.is_ascii_alphanumeric() || "-_$:.".contains(one);
        let length = rest.find(|one| !belongs(one)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Steps over blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let rest = self.rest().trim_start_matches(is_blank);
        let before = self.at;
        self.at = self.text.len() - rest.len();
        self.at > before
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn unexpected(&self, wanted: &str) -> String {
        let character = self.text[..self.at].chars().count() + 1;
        let found = if self.rest().is_empty() { "the end".to_owned() } else { format!("'{}'", echo(self.rest())) };
        format!("The filter has {found} at character {character}, where {wanted} is wanted")
    }
}

const fn is_blank(one: char) -> bool {
    one.is_ascii_whitespace()
}

/// The bytes of the JSON string that a text begins with, quotes among them; all of them if it does not end.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn all_of(filters: Vec<Filter>) -> Filter {
    let flat = filters.into_iter().flat_map(|filter| match filter {
        Filter::And(all) => all,
        filter => vec![filter],
    });
    one_or(flat.collect(), Filter::And)
}

fn any_of(filters: Vec<Filter>) -> Filter {
    let flat = filters.into_iter().flat_map(|filter| match filter {
        Filter::Or(all) => all,
        filter => vec![filter],
    });
    one_or(flat.collect(), Filter::Or)
}

fn one_or(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(filter)) => filter,
        (_, last) => {
            filters.extend(last);
            join(filters)
        }
    }
}
