//! One step, carried out on a resource (RFC 7644 §3.5.2.1 to §3.5.2.3).

use serde_json::{Map, Value};

use super::{
    PatchPath,
    operation::{Mode, Step},
};
use crate::scim::{
    document::{Document, object_or_empty},
    error::{ScimError, ScimType, invalid_value},
    filter::{Filter, Literal},
    path::AttributePath,
    schema::Attribute,
    size,
    value::{self, Limits, Place, is_primary},
};

type Done = Result<(), ScimError>;

pub(super) fn apply(step: &Step, document: &mut Document) -> Done {
    let path = match step {
        Step::Write(PatchPath::Attribute(path) | PatchPath::Values { attribute: path, .. }, ..)
        | Step::Remove(PatchPath::Attribute(path) | PatchPath::Values { attribute: path, .. })
        | Step::RemoveValues(path, _) => *path,
        Step::Members(_) | Step::Write(PatchPath::Extension(_), ..) | Step::Remove(PatchPath::Extension(_)) => {
            return Ok(());
        }
    };
    let Some(schema) = path.extension else { return on_attribute(step, path, document) };
    let mut members = object_or_empty(document.remove(schema.id));
    let done = on_attribute(step, path, &mut members);
    if !members.is_empty() {
        document.insert(schema.id.to_owned(), Value::Object(members));
    }
    done
}

/// How many bytes a step writes to a resource, at most.
pub(super) fn written(step: &Step, document: &Document) -> usize {
    let Step::Write(path, _, value) = step else { return 0 };
    let (of, filter, sub) = match path {
        PatchPath::Attribute(path) => (*path, None, path.sub_attribute),
        PatchPath::Values { attribute, filter, sub_attribute } => (*attribute, Some(filter), *sub_attribute),
        PatchPath::Extension(_) => return 0,
    };
    let members = of.extension.map_or(Some(document), |schema| document.get(schema.id).and_then(Value::as_object));
    let items = members.and_then(|members| members.get(of.attribute.name)).and_then(Value::as_array);
    let items = items.map(Vec::as_slice).unwrap_or_default();
    let targets = match (filter, sub) {
        (Some(filter), _) => items.iter().filter(|item| filter.matches_value(item)).count(),
        (None, Some(_)) => items.len(),
        (None, None) => 1,
    };
    // Names with quotes, a colon and a comma; what a filter describes may be made.
    let names = of.attribute.name.len() + sub.map_or(0, |sub| sub.name.len()) + 8;
    let described = filter.map_or(0, |filter| filter.to_string().len());
    targets.max(1).saturating_mul(size::of(value) + names) + described
}

/// Changes one attribute in the object that it stands in.
fn on_attribute(step: &Step, path: AttributePath, members: &mut Document) -> Done {
    let attribute = path.attribute;
    let before = members.remove(attribute.name);
    let after = if attribute.multi_valued {
        let items = match before {
            Some(Value::Array(items)) => items,
            _ => vec![],
        };
        let items = on_list(step, path, items)?;
        (!items.is_empty()).then_some(Value::Array(items))
    } else {
        on_single(step, path, before)
    };
    if let Some(after) = after {
        members.insert(attribute.name.to_owned(), after);
    }
    Ok(())
}

fn on_single(step: &Step, path: AttributePath, before: Option<Value>) -> Option<Value> {
    match (step, path.sub_attribute) {
        (Step::Write(_, _, value), None) => Some(value.clone()),
        (Step::Write(_, _, value), Some(sub)) => {
            let mut object = object_or_empty(before);
            // Another `value` is another thing: what was said of the former one (`$ref`) is not true of it.
            if sub.name == "value" && object.get(sub.name) != Some(value) {
                object.clear();
            }
            object.insert(sub.name.to_owned(), value.clone());
            Some(Value::Object(object))
        }
        (Step::Remove(_), Some(sub)) => {
            let mut object = object_or_empty(before);
            object.remove(sub.name);
            (!object.is_empty()).then_some(Value::Object(object))
        }
        (Step::Remove(_) | Step::RemoveValues(..) | Step::Members(_), _) => None,
    }
}

fn on_list(step: &Step, path: AttributePath, mut items: Vec<Value>) -> Result<Vec<Value>, ScimError> {
    let name = path.attribute_name();
    let was_primary: Vec<bool> = items.iter().map(is_primary).collect();
    match step {
        Step::Write(PatchPath::Values { filter, sub_attribute, .. }, mode, value) => {
            write_matching(&mut items, filter, *mode, &name, |item, mode| {
                write_item(item, *sub_attribute, mode, value);
            })?;
        }
        Step::Write(PatchPath::Attribute(AttributePath { sub_attribute: Some(sub), .. }), _, value) => {
            if items.is_empty() {
                items.push(Value::Object(Map::new()));
            }
            for item in &mut items {
                set(item, sub, value);
            }
        }
        Step::Write(_, Mode::Replace, value) => return Ok(listed(value)),
        Step::Write(_, Mode::Add, value) => listed(value).into_iter().for_each(|item| add(&mut items, item)),
        Step::Remove(PatchPath::Values { filter, sub_attribute, .. }) => {
            remove_matching(&mut items, |item| filter.matches_value(item), *sub_attribute, &name)?;
        }
        Step::Remove(PatchPath::Attribute(AttributePath { sub_attribute: Some(sub), .. })) => {
            for item in &mut items {
                unset(item, sub);
            }
            items.retain(says_something);
        }
        Step::RemoveValues(_, wanted) => {
            remove_matching(&mut items, |item| wanted.iter().any(|wanted| has_all(item, wanted)), None, &name)?;
        }
        Step::Remove(_) | Step::Members(_) => items.clear(),
    }
    value::check_count(items.len(), path.attribute, &Place::top(&name), Limits::default())?;
    keep_one_primary(&mut items, &was_primary, &name)?;
    Ok(items)
}

fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        value => vec![value.clone()],
    }
}

/// RFC 7644 §3.5.2.1: a value that is there already is not added again; one of the same `value` and `type` is completed.
fn add(items: &mut Vec<Value>, item: Value) {
    let is_same = |other: &&mut Value| {
        **other == item
            || (item.get("value").is_some()
                && other.get("value") == item.get("value")
                && other.get("type") == item.get("type"))
    };
    match (items.iter_mut().find(is_same), item) {
        (Some(Value::Object(present)), Value::Object(members)) => present.extend(members),
        (Some(_), _) => {}
        (None, item) => items.push(item),
    }
}

/// RFC 7644 §3.5.2.3, with one liberty: Entra ID writes to `emails[type eq "work"].value` where there is none yet, and
/// expects it to be made.
fn write_matching(
    items: &mut Vec<Value>,
    filter: &Filter,
    mode: Mode,
    name: &str,
    write: impl Fn(&mut Value, Mode),
) -> Done {
    let mut found = false;
    for item in items.iter_mut().filter(|item| filter.matches_value(item)) {
        found = true;
        write(item, mode);
    }
    if !found {
        let mut item = described(filter).ok_or_else(|| no_target(name))?;
        write(&mut item, Mode::Add);
        items.push(item);
    }
    Ok(())
}

fn write_item(item: &mut Value, sub: Option<&'static Attribute>, mode: Mode, value: &Value) {
    match (sub, mode, &mut *item, value) {
        (Some(sub), ..) => set(item, sub, value),
        (None, Mode::Add, Value::Object(present), Value::Object(members)) => present.extend(members.clone()),
        (None, ..) => *item = value.clone(),
    }
}

/// The value that a filter of nothing but equalities describes.
fn described(filter: &Filter) -> Option<Value> {
    let mut object = Map::new();
    for (path, literal) in filter.equalities()? {
        let sub = path.sub_attribute.filter(|sub| sub.is_writable())?;
        let value = match literal {
            Literal::Null => return None,
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::Text(text) | Literal::Instant(_, text) => Value::String(text.clone()),
        };
        object.insert(sub.name.to_owned(), value);
    }
    Some(Value::Object(object))
}

fn remove_matching(
    items: &mut Vec<Value>,
    matches: impl Fn(&Value) -> bool,
    sub: Option<&'static Attribute>,
    name: &str,
) -> Done {
    if !items.iter().any(&matches) {
        return Err(no_target(name));
    }
    match sub {
        None => items.retain(|item| !matches(item)),
        Some(sub) => {
            for item in items.iter_mut().filter(|item| matches(item)) {
                unset(item, sub);
            }
            items.retain(says_something);
        }
    }
    Ok(())
}

/// Whether a value has all that is wanted of it.
fn has_all(item: &Value, wanted: &Value) -> bool {
    match (item, wanted) {
        (Value::Object(members), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| members.get(name) == Some(value))
        }
        (item, wanted) => item == wanted,
    }
}

/// Whether anything is left of a value but what labels it.
fn says_something(item: &Value) -> bool {
    item.as_object().is_none_or(|members| members.keys().any(|name| name != "type" && name != "primary"))
}

fn set(item: &mut Value, sub: &Attribute, value: &Value) {
    if let Value::Object(members) = item {
        members.insert(sub.name.to_owned(), value.clone());
    }
}

fn unset(item: &mut Value, sub: &Attribute) {
    if let Value::Object(members) = item {
        members.remove(sub.name);
    }
}

/// RFC 7644 §3.5.2: a value that becomes the primary one ends that of another.
fn keep_one_primary(items: &mut [Value], was_primary: &[bool], name: &str) -> Done {
    let is_new = |index: usize| !was_primary.get(index).copied().unwrap_or(false);
    let new: Vec<usize> = items
        .iter()
        .enumerate()
        .filter(|(index, item)| is_primary(item) && is_new(*index))
        .map(|(index, _)| index)
        .collect();
    match new[..] {
        [] => {}
        [one] => {
            for (_, item) in items.iter_mut().enumerate().filter(|(index, item)| *index != one && is_primary(item)) {
                item["primary"] = Value::Bool(false);
            }
        }
        _ => return Err(invalid_value(format!("'{name}' would have more than one value with primary: true"))),
    }
    Ok(())
}

fn no_target(name: &str) -> ScimError {
    ScimError::new(ScimType::NoTarget, format!("'{name}' has no value that matches"))
}
