//! Members of groups.

use super::*;

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn changes_of_members_are_listed_in_order() {
    let group = json!({"schemas": [ResourceType::Group.core().id], "displayName": "GPs"});
    let matching = |inner: &str| {
        let path = PatchPath::parse(ResourceType::Group, &format!("members[{inner}]")).unwrap();
        let PatchPath::Values { filter, .. } = path else { panic!("a value path") };
        MemberChange::RemoveMatching(vec![filter])
    };
    for (operations, expected) in [
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "a", "$ref": null}, {"value": "b", "display": "B"}]}]),
            vec![MemberChange::Add(ids(&["a", "b"]))],
        ),
        (
            json!([{"op": "Add", "path": "members", "value": {"value": "a"}}, {"op": "Add", "path": "members", "value": ["b", "a"]}]),
            vec![MemberChange::Add(ids(&["a", "b"]))],
        ),
        (json!([{"op": "remove", "path": r#"members[value eq "a"]"#}]), vec![MemberChange::Remove(ids(&["a"]))]),
        (
            json!([{"op": "remove", "path": r#"members[value eq "a" or value eq "b"]"#}]),
            vec![MemberChange::Remove(ids(&["a", "b"]))],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"value": "a"}]}]),
            vec![MemberChange::Remove(ids(&["a"]))],
        ),
        (json!([{"op": "remove", "path": r#"members[type eq "Group"]"#}]), vec![matching(r#"type eq "Group""#)]),
        (json!([{"op": "remove", "path": "members"}]), vec![MemberChange::Clear]),
        (json!([{"op": "replace", "path": "members", "value": []}]), vec![MemberChange::Clear]),
        (json!([{"op": "replace", "value": {"members": [{"value": "a"}]}}]), vec![MemberChange::Replace(ids(&["a"]))]),
        (json!([{"op": "add", "path": "members", "value": []}]), vec![]),
        (
            json!([
                {"op": "remove", "path": r#"members[value eq "a"]"#},
                {"op": "add", "path": "members", "value": [{"value": "b"}]},
                {"op": "remove", "path": r#"members[value eq "b"]"#}
            ]),
            vec![MemberChange::Remove(ids(&["a"])), MemberChange::Add(ids(&["b"])), MemberChange::Remove(ids(&["b"]))],
        ),
    ] {
        let done =
            patched(ResourceType::Group, &group, &operations).unwrap_or_else(|error| panic!("{operations}: {error}"));
        assert_eq!((Value::Object(done.document), done.changed), (group.clone(), false));
        assert_eq!(done.members, expected, "{operations}");
    }
}

#[test]
fn a_member_is_never_changed() {
    let group = json!({"schemas": [ResourceType::Group.core().id], "displayName": "GPs"});
    for (operation, expected) in [
        (
            json!({"op": "replace", "path": r#"members[value eq "a"].value"#, "value": "b"}),
            "mutability: Operations[0]: 'members[value eq \"a\"].value' cannot be changed: members are added and removed",
        ),
        (
            json!({"op": "replace", "path": r#"members[value eq "a"]"#, "value": {"value": "b"}}),
            "mutability: Operations[0]: 'members[value eq \"a\"]' cannot be changed: members are added and removed",
        ),
        (
            json!({"op": "remove", "path": "members.value"}),
            "mutability: Operations[0]: 'members.value' cannot be changed: members are added and removed",
        ),
        (
            json!({"op": "replace", "path": "members.display", "value": "B"}),
            "mutability: Operations[0]: 'members.display' is read-only",
        ),
        (
            json!({"op": "add", "path": "members", "value": [{"type": "User"}]}),
            "invalidValue: Operations[0]: 'members[0].value' is required",
        ),
        (
            json!({"op": "remove", "path": "members", "value": []}),
            "invalidValue: Operations[0]: 'value' names no member to remove",
        ),
        (
            json!({"op": "remove", "path": "displayName"}),
            "mutability: Operations[0]: 'displayName' is required and cannot be removed",
        ),
    ] {
        let refused = patched(ResourceType::Group, &group, &json!([operation])).expect_err(&operation.to_string());
        assert_eq!(refused, expected);
    }
    let two = json!({"op": "add", "path": "members", "value": ["a", "b"]});
    let body = object(json!({"schemas": [PATCH_SCHEMA], "Operations": [two, two]}));
    let refused = PatchOp::parse(ResourceType::Group, &body, Limits { members: 3 }).unwrap_err();
    assert_eq!(refused.detail, "Operations[1]: more than 3 members are named");
}

#[test]
fn few_filters_go_over_all_members() {
    let by_name = |n: usize| json!({"op": "remove", "path": format!("members[display eq \"{n}\"]")});
    let parse = |many: usize| {
        let operations: Vec<Value> = (0..many).map(by_name).collect();
        PatchOp::parse(
            ResourceType::Group,
            &object(json!({"schemas": [PATCH_SCHEMA], "Operations": operations})),
            Limits::default(),
        )
    };
    let patch = parse(MOST_FILTERS).unwrap();
    assert_eq!(patch.weight(), 1 + MOST_FILTERS * WEIGHT_OF_FILTER);
    assert!(matches!(&patch.members[..], [MemberChange::RemoveMatching(filters)] if filters.len() == MOST_FILTERS));
    assert_eq!(
        parse(MOST_FILTERS + 1).unwrap_err().detail,
        "Operations[10]: more than 10 filters go over all members; name members by 'value', or send fewer"
    );
}
