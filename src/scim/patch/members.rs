//! The members of a group in a PATCH (RFC 7644 §3.5.2).
//!
//! A group may have very many members: they are no part of the document that operations are applied to, but a list of changes
//! in order, for the store to carry out. A member is added and removed, never changed (RFC 7643 §8.7.1: its sub-attributes
//! are immutable).

use std::collections::HashSet;

use serde_json::Value;

use super::{Op, PatchPath};
use crate::scim::{
    error::{ScimError, ScimType, invalid_value},
    filter::{Comparison, Filter, Literal, Operator},
    schema::Attribute,
    value::{self, Limits, Place},
};

/// One change of the members of a group; ids are distinct and in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// These are members too.
    Add(Vec<String>),
    /// These are members no longer.
    Remove(Vec<String>),
    /// Those are members no longer whose `value`, `type` or `display` match one of these after the other (see
    /// [`Filter::matches_value`]).
    RemoveMatching(Vec<Filter>),
    /// These are members and nobody else.
    Replace(Vec<String>),
    /// Nobody is a member.
    Clear,
}

impl MemberChange {
    /// What an operation on `members` asks for; nothing when it adds nobody.
    pub(super) fn parse(
        op: Op,
        path: &PatchPath,
        value: Option<&Value>,
        limits: Limits,
    ) -> Result<Option<Self>, ScimError> {
        match path {
            PatchPath::Attribute(path) if path.sub_attribute.is_none() => {
                let given = value.filter(|value| !value.is_null());
                let ids = given.map(|value| ids(path.attribute, value, limits)).transpose()?;
                of_list(op, ids)
            }
            PatchPath::Values { filter, sub_attribute: None, .. } if op == Op::Remove => {
                Ok(Some(ids_of(filter).map_or_else(|| Self::RemoveMatching(vec![filter.clone()]), Self::Remove)))
            }
            path => Err(ScimError::new(
                ScimType::Mutability,
                format!("'{}' cannot be changed: members are added and removed", path.echoed()),
            )),
        }
    }

    /// How many members it names.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Add(ids) | Self::Remove(ids) | Self::Replace(ids) => ids.len(),
            Self::RemoveMatching(_) | Self::Clear => 0,
        }
    }

    /// How many filters go over all members.
    pub(super) fn filters(&self) -> usize {
        if let Self::RemoveMatching(filters) = self { filters.len() } else { 0 }
    }

    /// Joins a change to the one before it where they are of one kind: Entra ID sends an operation for each member.
    pub(super) fn join(changes: &mut Vec<Self>, next: Self) {
        match (changes.last_mut(), next) {
            (Some(Self::Add(ids)), Self::Add(more)) | (Some(Self::Remove(ids)), Self::Remove(more)) => ids.extend(more),
            (Some(Self::RemoveMatching(filters)), Self::RemoveMatching(more)) => filters.extend(more),
            (_, next) => changes.push(next),
        }
    }

    /// Names every member once.
    pub(super) fn make_distinct(&mut self) {
        if let Self::Add(ids) | Self::Remove(ids) | Self::Replace(ids) = self {
            let mut seen = HashSet::new();
            ids.retain(|id| seen.insert(id.clone()));
        }
    }
}

fn of_list(op: Op, ids: Option<Vec<String>>) -> Result<Option<MemberChange>, ScimError> {
    match (op, ids) {
        (Op::Add, ids) => Ok(ids.filter(|ids| !ids.is_empty()).map(MemberChange::Add)),
        (Op::Replace, Some(ids)) if !ids.is_empty() => Ok(Some(MemberChange::Replace(ids))),
        (Op::Replace, _) | (Op::Remove, None) => Ok(Some(MemberChange::Clear)),
        // Whoever names nobody does not mean everybody.
        (Op::Remove, Some(ids)) if ids.is_empty() => Err(invalid_value("'value' names no member to remove")),
        (Op::Remove, Some(ids)) => Ok(Some(MemberChange::Remove(ids))),
    }
}

fn ids(members: &Attribute, value: &Value, limits: Limits) -> Result<Vec<String>, ScimError> {
    let place = Place::top("members");
    let items = match value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    value::check_count(items.len(), members, &place, limits)?;
    let mut ids = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = place.item(index);
        let member = value::single(members, item.clone(), &place)?;
        let id = member.as_ref().and_then(|member| member.get("value")).and_then(Value::as_str);
        let id = id.filter(|id| !id.is_empty());
        ids.push(id.ok_or_else(|| invalid_value(format!("'{}' is required", place.below("value"))))?.to_owned());
    }
    Ok(ids)
}

/// The ids, when a filter asks for nothing else.
fn ids_of(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Or(any) => any.iter().map(ids_of).collect::<Option<Vec<_>>>().map(|ids| ids.concat()),
        Filter::Compare(Comparison { path, operator: Operator::Eq, value: Literal::Text(id) })
            if path.last().name == "value" =>
        {
            Some(vec![id.clone()])
        }
        _ => None,
    }
}
