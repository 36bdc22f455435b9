//! One operation, taken apart into steps that each set or remove one thing (RFC 7644 §3.5.2.1 to §3.5.2.3).

use serde_json::Value;

use super::{MemberChange, Op, PatchPath};
use crate::scim::{
    document::{self, Document},
    error::{ScimError, ScimType, echo, invalid_syntax, invalid_value},
    path::AttributePath,
    schema::{Attribute, Kind, Mutability, ResourceType, Schema},
    value::{self, Limits, Place},
};

/// What is done with one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The values that a path leads to become this one, or are joined by it.
    Write(PatchPath, Mode, Value),
    /// What a path leads to is removed.
    Remove(PatchPath),
    /// Those values of an attribute are removed that have all that one of these has.
    RemoveValues(AttributePath, Vec<Value>),
    /// Members of a group change.
    Members(MemberChange),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Beside what is there.
    Add,
    /// In place of what is there.
    Replace,
}

/// Who names the attribute: what Lanyard alone writes is refused in a path and ignored in a value (RFC 7644 §3.5.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Path,
    Value,
}

struct Operation {
    kind: ResourceType,
    op: Op,
    limits: Limits,
    named_by: NamedBy,
    steps: Vec<Step>,
}

/// The steps of one operation.
pub(super) fn parse(kind: ResourceType, operation: &Value, limits: Limits) -> Result<Vec<Step>, ScimError> {
    let Value::Object(operation) = operation else { return Err(invalid_syntax("an operation must be an object")) };
    let op = op(operation)?;
    let path = match document::member(operation, "path")? {
        None => None,
        Some(Value::String(path)) => Some(PatchPath::parse(kind, path)?),
        Some(_) => return Err(invalid_syntax("'path' must be a string")),
    };
    document::member(operation, "value")?;
    let value = operation.iter().find(|(name, _)| name.eq_ignore_ascii_case("value")).map(|(_, value)| value);
    if value.is_none() && op != Op::Remove {
        return Err(invalid_value("'value' is required"));
    }
    let named_by = if path.is_some() { NamedBy::Path } else { NamedBy::Value };
    let mut operation = Operation { kind, op, limits, named_by, steps: vec![] };
    match path {
        Some(path) => operation.on(path, value)?,
        None if op == Op::Remove => {
            return Err(ScimError::new(ScimType::NoTarget, "'path' is required to remove something"));
        }
        None => operation.on_resource(value)?,
    }
    Ok(operation.steps)
}

fn op(operation: &Document) -> Result<Op, ScimError> {
    let Some(Value::String(op)) = document::member(operation, "op")? else {
        return Err(invalid_syntax("'op' must be 'add', 'remove' or 'replace'"));
    };
    match op.to_ascii_lowercase().as_str() {
        "add" => Ok(Op::Add),
        "remove" => Ok(Op::Remove),
        "replace" => Ok(Op::Replace),
        _ => Err(invalid_syntax(format!("'op' must be 'add', 'remove' or 'replace', not '{}'", echo(op)))),
    }
}

impl Operation {
    /// Without a path the value names the attributes. Entra ID and others write paths there: `"name.givenName": "…"`.
    fn on_resource(&mut self, value: Option<&Value>) -> Result<(), ScimError> {
        let Some(Value::Object(members)) = value else {
            return Err(invalid_value("'value' must be an object where there is no 'path'"));
        };
        for (name, value) in members {
            if name.eq_ignore_ascii_case("schemas") {
                continue;
            }
            let path = PatchPath::parse(self.kind, name).map_err(|error| match error.scim_type {
                Some(ScimType::InvalidPath) => invalid_syntax(error.detail),
                _ => error,
            })?;
            self.on(path, Some(value))?;
        }
        Ok(())
    }

    fn on(&mut self, path: PatchPath, value: Option<&Value>) -> Result<(), ScimError> {
        match &path {
            PatchPath::Extension(schema) => return self.on_extension(schema, value),
            PatchPath::Attribute(named) | PatchPath::Values { attribute: named, .. } => {
                if !self.may_change(&path, named)? {
                    return Ok(());
                }
                if self.kind == ResourceType::Group && named.attribute.name == "members" {
                    let change = MemberChange::parse(self.op, &path, value, self.limits)?;
                    self.steps.extend(change.map(Step::Members));
                    return Ok(());
                }
            }
        }
        match (self.op, value) {
            (Op::Remove, value) => self.remove(path, value.filter(|value| !value.is_null())),
            (Op::Add, Some(value)) => self.write(path, Mode::Add, value.clone()),
            (Op::Replace, Some(value)) => self.write(path, Mode::Replace, value.clone()),
            (_, None) => Ok(()),
        }
    }

    /// Whether a client may write what a path leads to.
    fn may_change(&self, path: &PatchPath, named: &AttributePath) -> Result<bool, ScimError> {
        let sub = match path {
            PatchPath::Values { sub_attribute, .. } => *sub_attribute,
            _ => named.sub_attribute,
        };
        let is_ours =
            |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly || attribute.name == "schemas";
        if !is_ours(named.attribute) && !sub.is_some_and(is_ours) {
            return Ok(true);
        }
        match self.named_by {
            NamedBy::Value => Ok(false),
            NamedBy::Path => Err(ScimError::new(ScimType::Mutability, format!("'{}' is read-only", path.echoed()))),
        }
    }

    fn on_extension(&mut self, schema: &'static Schema, value: Option<&Value>) -> Result<(), ScimError> {
        let path =
            |attribute| PatchPath::Attribute(AttributePath { extension: Some(schema), attribute, sub_attribute: None });
        if self.op == Op::Remove || value.is_some_and(Value::is_null) {
            let writable = schema.attributes.iter().filter(|attribute| attribute.is_writable());
            let removed = writable.map(|attribute| Step::Remove(path(attribute)));
            self.steps.extend(removed.filter(|_| self.op != Op::Add));
            return Ok(());
        }
        let Some(Value::Object(members)) = value else {
            return Err(invalid_value(format!("'{}' must be an object", schema.id)));
        };
        self.named_by = NamedBy::Value;
        for (name, value) in members {
            if document::is_repeated(schema, name) {
                continue;
            }
            let attribute = schema
                .attribute(name)
                .ok_or_else(|| invalid_syntax(format!("'{}:{}' is not an attribute", schema.id, echo(name))))?;
            self.on(path(attribute), Some(value))?;
        }
        Ok(())
    }

    /// RFC 7644 §3.5.2.2; a value beside the path is Entra ID's spelling of a filter.
    fn remove(&mut self, path: PatchPath, value: Option<&Value>) -> Result<(), ScimError> {
        match (path, value) {
            (PatchPath::Attribute(path), Some(value)) if path.attribute.multi_valued => {
                let wanted = wanted(path, value)?;
                self.steps.push(Step::RemoveValues(path, wanted));
            }
            (PatchPath::Attribute(path), _) if path.last().required => {
                return Err(ScimError::new(
                    ScimType::Mutability,
                    format!("'{path}' is required and cannot be removed"),
                ));
            }
            (PatchPath::Attribute(path), _) if has_to_be_said(path) => return Err(unsaid(path)),
            (path, _) => self.steps.push(Step::Remove(path)),
        }
        Ok(())
    }

    fn write(&mut self, path: PatchPath, mode: Mode, value: Value) -> Result<(), ScimError> {
        let name = path.echoed();
        let place = Place::top(&name);
        let attribute = match &path {
            PatchPath::Attribute(path) => path.last(),
            PatchPath::Values { attribute, sub_attribute, .. } => sub_attribute.unwrap_or(attribute.attribute),
            PatchPath::Extension(_) => return Ok(()),
        };
        let is_list = attribute.multi_valued && matches!(path, PatchPath::Attribute(_));
        let value = unwrapped(attribute, value, is_list);
        if let (PatchPath::Attribute(above), Value::Object(members)) = (&path, &value)
            && attribute.kind == Kind::Complex
            && !is_list
            && !members.keys().any(|name| name.eq_ignore_ascii_case("value"))
        {
            return self.write_parts(*above, mode, members);
        }
        let value = match value {
            Value::Null => None,
            value if is_list => document::kept(attribute, value, &place, self.limits)?,
            value => value::single(attribute, value, &place)?,
        };
        match value {
            _ if attribute.mutability == Mutability::WriteOnly => {}
            Some(value) => self.steps.push(Step::Write(path, mode, value)),
            None if mode == Mode::Replace => match path {
                PatchPath::Attribute(path) if has_to_be_said(path) => return Err(unsaid(path)),
                path => self.steps.push(Step::Remove(path)),
            },
            None => {}
        }
        Ok(())
    }

    /// RFC 7644 §3.5.2.3: sub-attributes that are not named stay as they are.
    fn write_parts(&mut self, above: AttributePath, mode: Mode, members: &Document) -> Result<(), ScimError> {
        for (name, value) in members {
            let Some(sub) = above.attribute.sub_attribute(name) else {
                return Err(invalid_syntax(format!("'{above}.{}' is not an attribute", echo(name))));
            };
            if sub.is_writable() {
                let path = PatchPath::Attribute(AttributePath { sub_attribute: Some(sub), ..above });
                self.write(path, mode, value.clone())?;
            }
        }
        Ok(())
    }
}

/// Whether a member may act is never left unsaid: without the word of the source somebody might believe either.
fn has_to_be_said(path: AttributePath) -> bool {
    path.extension.is_none() && path.attribute.name == "active"
}

fn unsaid(path: AttributePath) -> ScimError {
    ScimError::new(ScimType::Mutability, format!("'{path}' cannot be removed; set it to true or false"))
}

/// What is to be removed from a list: whoever names nothing does not mean everything.
fn wanted(path: AttributePath, value: &Value) -> Result<Vec<Value>, ScimError> {
    if path.sub_attribute.is_some() {
        return Err(invalid_value(format!("'value' cannot say which '{path}' to remove")));
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    let name = path.attribute_name();
    let place = Place::top(&name);
    let mut wanted = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        wanted.extend(value::single(path.attribute, item.clone(), &place.item(index))?);
    }
    if wanted.is_empty() { Err(invalid_value("'value' names no value to remove")) } else { Ok(wanted) }
}

/// The value itself where a client wraps or unwraps it: one value for a list, or a list of one object for one value.
fn unwrapped(attribute: &Attribute, value: Value, is_list: bool) -> Value {
    match value {
        Value::Array(items) if is_list => Value::Array(items),
        Value::Null => Value::Null,
        value if is_list => Value::Array(vec![value]),
        Value::Array(mut items) if items.len() == 1 && items[0].is_object() => {
            let mut item = items.remove(0);
            match item.get_mut("value") {
                Some(value) if attribute.kind != Kind::Complex => value.take(),
                _ => item,
            }
        }
        value => value,
    }
}
