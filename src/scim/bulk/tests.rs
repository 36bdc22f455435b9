use proptest::prelude::*;
use serde_json::json;

use super::{order::order, *};

fn bulk(operations: &Value) -> Result<Bulk, String> {
    read(json!({"schemas": [REQUEST_SCHEMA], "Operations": operations}))
}

fn read(body: Value) -> Result<Bulk, String> {
    let Value::Object(body) = body else { panic!("an object") };
    Bulk::parse(&body, 5).map_err(|error| error.to_string())
}

/// The name of a group, with those of the groups that are to be in it.
type Named<'a> = (&'a str, &'a [&'a str]);

/// Groups that are made, each with the others that are to be in it.
fn groups(all: &[Named<'_>]) -> Bulk {
    let operation = |(name, members): &Named<'_>| {
        let members: Vec<_> = members.iter().map(|name| json!({"value": format!("bulkId:{name}")})).collect();
        json!({"method": "post", "path": "/Groups", "bulkId": name, "data": {"displayName": name, "members": members}})
    };
    bulk(&all.iter().map(operation).collect()).unwrap()
}

fn turns(bulk: &Bulk) -> Vec<Vec<usize>> {
    order(bulk).into_iter().map(|turn| turn.operations).collect()
}

#[test]
fn an_operation_waits_for_those_that_it_refers_to() {
    let cases: [(&[Named<'_>], &[&[usize]]); 8] = [
        (&[], &[]),
        (&[("a", &[]), ("b", &["a"]), ("c", &[])], &[&[0], &[1], &[2]]),
        (&[("a", &["c"]), ("b", &[]), ("c", &[]), ("d", &[])], &[&[1], &[2], &[0], &[3]]),
        (&[("a", &["b"]), ("b", &["c"]), ("c", &[])], &[&[2], &[1], &[0]]),
        (&[("a", &["elsewhere"]), ("b", &[])], &[&[0], &[1]]),
        (&[("a", &["b"]), ("b", &["a"]), ("c", &["a"]), ("d", &[])], &[&[0, 1], &[2], &[3]]),
        (&[("a", &["d"]), ("b", &["c"]), ("c", &["e", "b"]), ("d", &["b"]), ("e", &[])], &[&[4], &[1, 2], &[3], &[0]]),
        (&[("a", &["a"]), ("b", &[])], &[&[0], &[1]]),
    ];
    for (operations, expected) in cases {
        assert_eq!(turns(&groups(operations)), expected, "{operations:?}");
    }
    let circles: Vec<bool> =
        order(&groups(&[("a", &["a"]), ("b", &["a"])])).iter().map(|turn| turn.is_circle).collect();
    assert_eq!(circles, [true, false], "whoever refers to itself is a circle");
    let paths = bulk(&json!([
        {"method": "PATCH", "path": "/Groups/bulkId:g", "data": [{"op": "remove", "path": "members"}]},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "g"}},
        {"method": "DELETE", "path": "/Users/mem_1", "bulkId": "x"},
        {"method": "PUT", "path": "/Users/mem_1", "data": {"userName": "bulkId:x"}},
    ]));
    assert_eq!(turns(&paths.unwrap()), [[1], [0], [2], [3]], "what is not made is not waited for");
}

#[test]
fn a_request_of_another_shape_is_refused_as_a_whole() {
    let one = json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": {}});
    for (body, expected) in [
        (json!({"Operations": []}), format!("400 Bad Request: 'schemas' must name '{REQUEST_SCHEMA}'")),
        (
            json!({"schemas": [REQUEST_SCHEMA]}),
            "400 Bad Request: 'Operations' must be an array of operations".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": [1]}),
            "400 Bad Request: Operations[0]: an operation must be an object".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": [{"bulkId": 7}]}),
            "400 Bad Request: Operations[0]: 'bulkId' must be a string".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": [{"bulkId": ""}]}),
            "400 Bad Request: Operations[0]: 'bulkId' must have 1 to 200 characters".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": [one, one]}),
            "400 Bad Request: Operations[1]: 'bulkId' is 'a' twice".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": vec![one.clone(); 6]}),
            "413 Payload Too Large: 'Operations' has 6 operations and exceeds maxOperations (5)".to_owned(),
        ),
        (
            json!({"schemas": [REQUEST_SCHEMA], "Operations": [], "failOnErrors": 0}),
            "400 Bad Request: 'failOnErrors' must be a whole number of at least 1".to_owned(),
        ),
    ] {
        assert_eq!(read(body.clone()).err(), Some(expected), "{body}");
    }
    assert!(read(json!({"SCHEMAS": [REQUEST_SCHEMA], "operations": [one], "failonerrors": null})).is_ok());
}

proptest! {
    #[test]
    fn every_operation_has_its_turn_after_or_with_those_that_it_refers_to(
        references in prop::collection::vec(prop::collection::vec(0..5_usize, 0..3), 0..5)
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let members: Vec<Vec<&str>> = references.iter().map(|all| all.iter().map(|one| names[*one]).collect()).collect();
        let all: Vec<Named<'_>> = names.into_iter().zip(members.iter().map(Vec::as_slice)).collect();
        let found = turns(&groups(&all));
        let mut sorted = found.concat();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..references.len()).collect::<Vec<_>>());
        let turn = |index: usize| found.iter().position(|all| all.contains(&index)).unwrap();
        let mut reaches = vec![vec![false; references.len()]; references.len()];
        for _ in 0..=references.len() {
            for from in 0..references.len() {
                for to in references[from].iter().copied().filter(|to| *to < references.len()) {
                    reaches[from][to] = true;
                    let further = reaches[to].clone();
                    reaches[from].iter_mut().zip(further).for_each(|(reached, also)| *reached |= also);
                }
            }
        }
        for (from, reached) in reaches.iter().enumerate() {
            for to in (0..references.len()).filter(|to| *to != from) {
                let is_together = reached[to] && reaches[to][from];
                prop_assert_eq!(turn(to) == turn(from), is_together, "{:?}: {:?}", references, found);
                prop_assert!(is_together || !reached[to] || turn(to) < turn(from), "{:?}: {:?}", references, found);
            }
        }
    }
}
