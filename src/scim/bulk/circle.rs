//! Operations that refer to each other in a circle (RFC 7644 §3.7.1): each resource is made without the references to those
//! that are not there yet, and then written whole. All of them are made, or none.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::{Map, Value};

use super::{
    operation::{Done, Made, referred},
    order::Turn,
    run::Given,
};
use crate::{
    scim::{ScimError, error::echo, failure::Failure},
    storage::Tx,
};

/// What was made, or which operation was refused and why.
pub(super) async fn run(
    given: &Given,
    tx: &mut Tx,
    (turn, before): (&Turn, &Made),
) -> Result<Vec<(usize, Done)>, (usize, Failure)> {
    let mut made: Made = before.clone();
    let mut absent: HashSet<&str> =
        turn.operations.iter().filter_map(|at| given.operation(*at).bulk_id.as_deref()).collect();
    let (mut all, mut partial) = (vec![], vec![]);
    for at in &turn.operations {
        let operation = given.operation(*at);
        let data = without(operation.data(), &|name| absent.contains(name)).unwrap_or_default();
        partial.extend((data != *operation.data()).then_some(all.len()));
        let done = operation.create(tx, &given.request, (&data, (&made, &given.bulk.names))).await;
        let done = done.map_err(|failure| (*at, failure))?;
        given.note(*at, &done, &mut made);
        operation.bulk_id.as_deref().map(|name| absent.remove(name));
        all.push((*at, done));
    }
    for index in partial {
        let (at, done): &mut (usize, Done) = &mut all[index];
        let whole = given.operation(*at).complete(tx, &given.request, (done, (&made, &given.bulk.names))).await;
        *done = whole.map_err(|failure| (*at, unresolved(failure)))?;
    }
    Ok(all)
}

/// RFC 7644 §3.7.1: after a failed attempt the answer is `409`.
fn unresolved(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(error) => {
            let detail = format!("the references of these operations to each other cannot be set: {}", error.detail);
            ScimError::of_status(StatusCode::CONFLICT, detail).into()
        }
        other => other,
    }
}

/// What the others of a turn are told when one of them was refused.
pub(super) fn left_out(given: &Given, turn: &Turn, refused: usize) -> impl Iterator<Item = (usize, ScimError)> {
    let name = given.operation(refused).bulk_id.as_deref().unwrap_or_default();
    let detail = format!("nothing was made: 'bulkId:{}', with which this stands in a circle, was refused", echo(name));
    let error = ScimError::of_status(StatusCode::CONFLICT, detail);
    turn.operations.iter().filter(move |at| **at != refused).map(move |at| (*at, error.clone()))
}

/// The same value without references to what is absent; an object that is such a reference goes as a whole.
fn without(value: &Value, is_absent: &impl Fn(&str) -> bool) -> Option<Value> {
    let is_reference = |value: &Value| value.as_str().and_then(referred).is_some_and(is_absent);
    match value {
        value if is_reference(value) => None,
        Value::Array(items) => Some(items.iter().filter_map(|item| without(item, is_absent)).collect()),
        Value::Object(members) if members.get("value").is_some_and(is_reference) => None,
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(name, value)| Some((name.clone(), without(value, is_absent)?)));
            Some(Value::Object(kept.collect::<Map<_, _>>()))
        }
        value => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_to_what_is_absent_are_left_out() {
        for (given, expected) in [
            (json!({"manager": {"value": "bulkId:a", "displayName": "A"}, "title": "Dr"}), json!({"title": "Dr"})),
            (json!({"manager": "bulkId:a"}), json!({})),
            (json!({"manager": {"value": "bulkId:b"}}), json!({"manager": {"value": "bulkId:b"}})),
            (
                json!({"members": [{"value": "bulkId:a"}, "bulkId:a", {"value": "mem_1"}]}),
                json!({"members": [{"value": "mem_1"}]}),
            ),
            (json!({"x": {"y": {"value": "bulkId:a"}, "z": 1}}), json!({"x": {"z": 1}})),
        ] {
            assert_eq!(without(&given, &|name| name == "a"), Some(expected), "{given}");
        }
    }
}
