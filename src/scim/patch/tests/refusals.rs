//! What is refused, and how.

use super::*;
use crate::scim::value;

/// Each is refused on a person with one address of work.
fn check_refusals(cases: Vec<(Value, &str)>) {
    let person = person(json!({"emails": [{"value": "a", "type": "work"}]}));
    for (operation, expected) in cases {
        let refused = patched(ResourceType::User, &person, &json!([operation])).expect_err(&operation.to_string());
        assert_eq!(refused, expected, "{operation}");
    }
}

#[test]
fn what_means_nothing_is_refused_by_name() {
    check_refusals(vec![
        (json!(7), "invalidSyntax: Operations[0]: an operation must be an object"),
        (json!({"path": "title"}), "invalidSyntax: Operations[0]: 'op' must be 'add', 'remove' or 'replace'"),
        (
            json!({"op": "move", "path": "title"}),
            "invalidSyntax: Operations[0]: 'op' must be 'add', 'remove' or 'replace', not 'move'",
        ),
        (json!({"op": "add", "path": 7, "value": 1}), "invalidSyntax: Operations[0]: 'path' must be a string"),
        (json!({"op": "add", "path": "title"}), "invalidValue: Operations[0]: 'value' is required"),
        (
            json!({"op": "add", "value": "x"}),
            "invalidValue: Operations[0]: 'value' must be an object where there is no 'path'",
        ),
        (json!({"op": "remove"}), "noTarget: Operations[0]: 'path' is required to remove something"),
        (
            json!({"op": "add", "path": "nick", "value": "x"}),
            "invalidPath: Operations[0]: 'nick' is not an attribute of User",
        ),
        (
            json!({"op": "add", "value": {"nick": "x"}}),
            "invalidSyntax: Operations[0]: 'nick' is not an attribute of User",
        ),
        (json!({"op": "add", "path": "title", "value": 7}), "invalidValue: Operations[0]: 'title' must be a string"),
        (
            json!({"op": "add", "path": r#"emails[type eq "x"].value"#, "value": 7}),
            "invalidValue: Operations[0]: 'emails[type eq \"x\"].value' must be a string",
        ),
        (
            json!({"op": "add", "path": "name", "value": {"nick": "x"}}),
            "invalidSyntax: Operations[0]: 'name.nick' is not an attribute",
        ),
    ]);
}

#[test]
fn whether_a_member_may_act_is_never_unsaid() {
    let refused = "mutability: Operations[0]: 'active' cannot be removed; set it to true or false";
    check_refusals(vec![
        (json!({"op": "remove", "path": "active"}), refused),
        (json!({"op": "remove", "path": "urn:ietf:params:scim:schemas:core:2.0:User:Active"}), refused),
        (json!({"op": "replace", "path": "active", "value": null}), refused),
        (json!({"op": "replace", "value": {"active": null}}), refused),
    ]);
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    check_refusals(vec![
        (
            json!({"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": 7}}),
            "invalidValue: Operations[0]: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value' must be a string",
        ),
        (
            json!({"op": "add", "path": "title", "value": "a", "Value": "b"}),
            "invalidSyntax: Operations[0]: 'value' is given twice",
        ),
        (
            json!({"op": "add", "path": format!(r#"emails[value eq "{}"].type"#, "x".repeat(200)), "value": 7}),
            &format!("invalidValue: Operations[0]: 'emails[value eq \"{}…' must be a string", "x".repeat(83)),
        ),
        (json!({"op": "replace", "path": "id", "value": "x"}), "mutability: Operations[0]: 'id' is read-only"),
        (json!({"op": "replace", "path": "groups", "value": []}), "mutability: Operations[0]: 'groups' is read-only"),
        (json!({"op": "remove", "path": "schemas"}), "mutability: Operations[0]: 'schemas' is read-only"),
        (json!({"op": "remove", "path": "meta.version"}), "mutability: Operations[0]: 'meta.version' is read-only"),
        (
            json!({"op": "replace", "path": format!("{PRACTITIONER}:unmapped.value"), "value": "x"}),
            "mutability: Operations[0]: 'urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner:unmapped.value' is read-only",
        ),
        (
            json!({"op": "remove", "path": "userName"}),
            "mutability: Operations[0]: 'userName' is required and cannot be removed",
        ),
        (json!({"op": "replace", "path": "userName", "value": null}), "invalidValue: 'userName' is required"),
        (json!({"op": "replace", "path": "userName", "value": " "}), "invalidValue: 'userName' is required"),
        (
            json!({"op": "remove", "path": r#"emails[type eq "home"]"#}),
            "noTarget: Operations[0]: 'emails' has no value that matches",
        ),
        (
            json!({"op": "remove", "path": "emails", "value": [{"value": "b"}]}),
            "noTarget: Operations[0]: 'emails' has no value that matches",
        ),
        (
            json!({"op": "remove", "path": "emails", "value": [{}]}),
            "invalidValue: Operations[0]: 'value' names no value to remove",
        ),
        (
            json!({"op": "remove", "path": "emails.value", "value": "a"}),
            "invalidValue: Operations[0]: 'value' cannot say which 'emails.value' to remove",
        ),
        (
            json!({"op": "remove", "path": "emails", "value": []}),
            "invalidValue: Operations[0]: 'value' names no value to remove",
        ),
        (
            json!({"op": "replace", "path": r#"emails[type eq "home" or type eq "x"].value"#, "value": "b"}),
            "noTarget: Operations[0]: 'emails' has no value that matches",
        ),
        (
            json!({"op": "replace", "path": r#"emails[type ne "work"].value"#, "value": "b"}),
            "noTarget: Operations[0]: 'emails' has no value that matches",
        ),
        (
            json!({"op": "add", "path": "emails", "value": vec![json!({"value": "x"}); 1001]}),
            "invalidValue: Operations[0]: 'emails' has 1001 values, more than 1000",
        ),
    ]);
}

#[test]
fn the_operation_that_fails_says_its_number() {
    let person = person(json!({"emails": [{"value": "a", "type": "work"}]}));
    let second = json!([{"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": "emails[type pr and value eq \"b\"]"}]);
    let refused = patched(ResourceType::User, &person, &second).unwrap_err();
    assert_eq!(refused, "noTarget: Operations[1]: 'emails' has no value that matches");
}

#[test]
fn a_body_of_another_shape_is_refused() {
    for (body, expected) in [
        (json!({}), format!("'schemas' must name '{PATCH_SCHEMA}'")),
        (json!({"schemas": [USER], "Operations": []}), format!("'schemas' must name '{PATCH_SCHEMA}'")),
        (json!({"schemas": [PATCH_SCHEMA]}), "'Operations' must be an array of at least one operation".into()),
        (
            json!({"schemas": [PATCH_SCHEMA], "Operations": {}}),
            "'Operations' must be an array of at least one operation".into(),
        ),
        (
            json!({"schemas": [PATCH_SCHEMA], "Operations": vec![0; 1001]}),
            "'Operations' has 1001 operations, more than 1000".into(),
        ),
    ] {
        let refused = PatchOp::parse(ResourceType::User, &object(body), Limits::default()).unwrap_err();
        assert_eq!(refused.detail, expected);
    }
}

/// Every attribute is within its own bounds.
#[test]
fn a_resource_that_would_grow_too_large_is_not_made() {
    let long = "x".repeat(value::LONGEST_TEXT);
    let many: Vec<Value> = (0..value::MOST_VALUES).map(|n| json!({"type": n.to_string()})).collect();
    let add = json!({"op": "add", "path": "addresses", "value": many});
    let written = json!({"op": "replace", "path": "addresses.formatted", "value": long});
    let matching = json!({"op": "replace", "path": "addresses[type sw \"1\"].region", "value": long});
    let one_more =
        |n: usize| json!({"op": "add", "path": "photos", "value": [{"value": format!("{n}{}", &long[4..])}]});
    let piled: Vec<Value> = (0..1000).map(one_more).collect();
    for (case, operations, expected) in [
        ("one text to many", json!([add, written]), "Operations[1]: the attributes of the resource would take 8"),
        ("to those that match", json!([add, matching]), "Operations[1]: the attributes of the resource would take 9"),
        ("one after the other", json!(piled), "Operations[14]: the attributes of the resource would take "),
        ("by one", json!(&piled[..9]), "the attributes of the resource would take 7"),
    ] {
        let refused = patched(ResourceType::User, &person(json!({})), &operations).expect_err(case);
        assert!(refused.starts_with(&format!("invalidValue: {expected}")), "{case}: {refused}");
        assert!(refused.ends_with(" bytes as JSON, more than 65536"), "{case}: {refused}");
    }
    // What has grown before may become less.
    let photos: Vec<Value> = (0..20).map(|n| json!({"value": format!("{n}{}", &long[4..])})).collect();
    let large = person(json!({"photos": photos, "title": "Dr"}));
    let less = patched(ResourceType::User, &large, &json!([{"op": "remove", "path": "title"}])).unwrap();
    assert!(less.changed);
    let more = json!([{"op": "replace", "path": "title", "value": "Professor"}]);
    assert!(patched(ResourceType::User, &large, &more).is_err());
}
