use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scim::{document::tests::any_json, error::ScimType};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

fn object(value: Value) -> Document {
    let Value::Object(members) = value else { panic!("an object") };
    members
}

fn patched(kind: ResourceType, resource: &Value, operations: &Value) -> Result<Patched, String> {
    let body = object(json!({"schemas": [PATCH_SCHEMA], "Operations": operations}));
    let told = |error: ScimError| format!("{}: {}", error.scim_type.map_or("", ScimType::name), error.detail);
    let patch = PatchOp::parse(kind, &body, Limits::default()).map_err(told)?;
    patch.apply(&object(resource.clone())).map_err(told)
}

/// A person with these attributes besides the user name.
fn person(more: Value) -> Value {
    let mut person = json!({"schemas": [USER], "userName": "priya"});
    let document = person.as_object_mut().unwrap();
    document.extend(object(more));
    document::say_schemas(ResourceType::User, document);
    person
}

fn check(cases: Vec<(Value, Value, Value)>) {
    for (before, operation, after) in cases {
        let (before, after) = (person(before), person(after));
        let done = patched(ResourceType::User, &before, &json!([operation]));
        let done = done.unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(done.changed, before != after, "{operation}");
        assert_eq!(Value::Object(done.document), after, "{operation}");
    }
}

/// RFC 7644 §3.5.2.1.
#[test]
fn add_joins_what_is_there() {
    let work = json!({"value": "a@b.example", "type": "work"});
    let home = json!({"value": "c@d.example", "type": "home"});
    check(vec![
        (json!({}), json!({"op": "add", "path": "title", "value": "Dr"}), json!({"title": "Dr"})),
        (json!({"title": "Dr"}), json!({"op": "add", "path": "title", "value": "Dr"}), json!({"title": "Dr"})),
        (
            json!({}),
            json!({"op": "add", "value": {"emails": [work], "nickname": "Babs"}}),
            json!({"emails": [work], "nickName": "Babs"}),
        ),
        (
            json!({"emails": [work]}),
            json!({"op": "add", "path": "emails", "value": [home]}),
            json!({"emails": [work, home]}),
        ),
        (
            json!({"emails": [work]}),
            json!({"op": "add", "path": "emails", "value": home}),
            json!({"emails": [work, home]}),
        ),
        (json!({"emails": [work]}), json!({"op": "add", "path": "emails", "value": [work]}), json!({"emails": [work]})),
        (
            json!({"emails": [work]}),
            json!({"op": "add", "path": "emails", "value": [{"value": "a@b.example", "type": "work", "display": "A"}]}),
            json!({"emails": [{"value": "a@b.example", "type": "work", "display": "A"}]}),
        ),
        (
            json!({"name": {"familyName": "Nair"}}),
            json!({"op": "add", "path": "name", "value": {"givenName": "Priya"}}),
            json!({"name": {"familyName": "Nair", "givenName": "Priya"}}),
        ),
        (
            json!({}),
            json!({"op": "add", "path": "name.givenName", "value": "Priya"}),
            json!({"name": {"givenName": "Priya"}}),
        ),
        (json!({"title": "Dr"}), json!({"op": "add", "path": "title", "value": null}), json!({"title": "Dr"})),
        (json!({}), json!({"op": "add", "path": "emails", "value": []}), json!({})),
        (
            json!({}),
            json!({"op": "add", "path": format!("{PRACTITIONER}:specialties"), "value": ["knee", "hip"]}),
            json!({PRACTITIONER: {"specialties": ["knee", "hip"]}}),
        ),
        (
            json!({PRACTITIONER: {"specialties": ["knee"]}}),
            json!({"op": "add", "value": {PRACTITIONER: {"specialties": ["knee", "hip"]}}}),
            json!({PRACTITIONER: {"specialties": ["knee", "hip"]}}),
        ),
    ]);
}

/// RFC 7644 §3.5.2.2.
#[test]
fn remove_takes_away_what_the_path_leads_to() {
    let work = json!({"value": "a@b.example", "type": "work"});
    let home = json!({"value": "c@d.example", "type": "home"});
    let both = json!({"emails": [work, home]});
    check(vec![
        (json!({"title": "Dr"}), json!({"op": "remove", "path": "title"}), json!({})),
        (json!({}), json!({"op": "remove", "path": "title"}), json!({})),
        (both.clone(), json!({"op": "remove", "path": "emails"}), json!({})),
        (both.clone(), json!({"op": "remove", "path": r#"emails[type eq "work"]"#}), json!({"emails": [home]})),
        (
            both.clone(),
            json!({"op": "remove", "path": "emails", "value": [{"value": "c@d.example"}]}),
            json!({"emails": [work]}),
        ),
        (both.clone(), json!({"op": "remove", "path": "emails", "value": [work, home]}), json!({})),
        (
            both.clone(),
            json!({"op": "remove", "path": "emails", "value": {"value": "c@d.example"}}),
            json!({"emails": [work]}),
        ),
        // Nothing is left but what labels a value.
        (both.clone(), json!({"op": "remove", "path": r#"emails[type eq "work"].value"#}), json!({"emails": [home]})),
        (
            both,
            json!({"op": "remove", "path": "emails.type"}),
            json!({"emails": [{"value": "a@b.example"}, {"value": "c@d.example"}]}),
        ),
        (
            json!({"name": {"familyName": "Nair", "givenName": "Priya"}}),
            json!({"op": "remove", "path": "name.givenName"}),
            json!({"name": {"familyName": "Nair"}}),
        ),
        (json!({"name": {"givenName": "Priya"}}), json!({"op": "remove", "path": "name.givenName"}), json!({})),
        (
            json!({ENTERPRISE: {"department": "GP"}}),
            json!({"op": "remove", "path": format!("{ENTERPRISE}:department")}),
            json!({}),
        ),
        (
            json!({PRACTITIONER: {"profession": "GP", "registrationVerification": {"state": "verified"}}}),
            json!({"op": "remove", "path": PRACTITIONER}),
            json!({PRACTITIONER: {"registrationVerification": {"state": "verified"}}}),
        ),
        (
            json!({PRACTITIONER: {"specialties": ["knee", "hip"]}}),
            json!({"op": "remove", "path": format!(r#"{PRACTITIONER}:specialties[value eq "KNEE"]"#)}),
            json!({PRACTITIONER: {"specialties": ["hip"]}}),
        ),
    ]);
}

/// RFC 7644 §3.5.2.3.
#[test]
fn replace_sets_what_the_path_leads_to() {
    let work = json!({"value": "a@b.example", "type": "work", "primary": true});
    let home = json!({"value": "c@d.example", "type": "home"});
    let both = json!({"emails": [work, home]});
    check(vec![
        (json!({"title": "Dr"}), json!({"op": "replace", "path": "title", "value": "Prof"}), json!({"title": "Prof"})),
        (json!({"title": "Dr"}), json!({"op": "replace", "path": "title", "value": null}), json!({})),
        (json!({}), json!({"op": "replace", "path": "active", "value": "False"}), json!({"active": false})),
        (both.clone(), json!({"op": "replace", "path": "emails", "value": [home]}), json!({"emails": [home]})),
        (both.clone(), json!({"op": "replace", "path": "emails", "value": []}), json!({})),
        (
            both.clone(),
            json!({"op": "replace", "path": r#"emails[type eq "home"]"#, "value": {"value": "x@y.example"}}),
            json!({"emails": [work, {"value": "x@y.example"}]}),
        ),
        (
            both.clone(),
            json!({"op": "replace", "path": r#"emails[type eq "home"].value"#, "value": "x@y.example"}),
            json!({"emails": [work, {"value": "x@y.example", "type": "home"}]}),
        ),
        // RFC 7644 §3.5.2: the one primary value gives way.
        (
            both.clone(),
            json!({"op": "replace", "path": r#"emails[type eq "home"].primary"#, "value": "True"}),
            json!({"emails": [
                {"value": "a@b.example", "type": "work", "primary": false},
                {"value": "c@d.example", "type": "home", "primary": true}
            ]}),
        ),
        (
            both,
            json!({"op": "add", "path": "emails", "value": [{"value": "e@f.example", "primary": true}]}),
            json!({"emails": [
                {"value": "a@b.example", "type": "work", "primary": false}, home, {"value": "e@f.example", "primary": true}
            ]}),
        ),
        (
            json!({"name": {"familyName": "Nair", "givenName": "Priya"}}),
            json!({"op": "replace", "path": "name", "value": {"familyName": "Rao", "givenName": null}}),
            json!({"name": {"familyName": "Rao"}}),
        ),
        // What was said of another manager is not true of this one.
        (
            json!({ENTERPRISE: {"manager": {"value": "1", "$ref": "../Users/1"}}}),
            json!({"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": "2"}),
            json!({ENTERPRISE: {"manager": {"value": "2"}}}),
        ),
        (
            json!({ENTERPRISE: {"manager": {"value": "1", "$ref": "../Users/1"}}}),
            json!({"op": "replace", "path": format!("{ENTERPRISE}:manager.value"), "value": "2"}),
            json!({ENTERPRISE: {"manager": {"value": "2"}}}),
        ),
        (
            json!({ENTERPRISE: {"department": "GP", "division": "A"}}),
            json!({"op": "replace", "value": {ENTERPRISE: {"department": "Physio", "schemas": []}, "id": "x", "meta": {}, "schemas": []}}),
            json!({ENTERPRISE: {"department": "Physio", "division": "A"}}),
        ),
        // What cannot be read is not kept.
        (json!({}), json!({"op": "replace", "path": "password", "value": "t1meMa$heen"}), json!({})),
    ]);
}

#[test]
fn a_value_that_the_path_describes_is_made() {
    check(vec![
        (
            json!({}),
            json!({"op": "Add", "path": r#"emails[type eq "work"].value"#, "value": "a@b.example"}),
            json!({"emails": [{"type": "work", "value": "a@b.example"}]}),
        ),
        (
            json!({"addresses": [{"type": "home", "locality": "Perth"}]}),
            json!({"op": "Replace", "path": r#"addresses[type eq "work" and primary eq true]"#, "value": {"locality": "Hobart"}}),
            json!({"addresses": [{"type": "home", "locality": "Perth"}, {"type": "work", "primary": true, "locality": "Hobart"}]}),
        ),
        (
            json!({}),
            json!({"op": "Add", "path": r#"roles[primary eq "True"].value"#, "value": "nurse"}),
            json!({"roles": [{"primary": true, "value": "nurse"}]}),
        ),
    ]);
}

/// RFC 7644 §3.5.2.1 to §3.5.2.3: the examples there that are about people.
#[test]
fn the_examples_of_the_specification_work() {
    let emails = json!([
        {"value": "bjensen@example.com", "type": "work"}, {"value": "b@example.org", "type": "work"},
        {"value": "babs@jensen.org", "type": "home"}
    ]);
    let address = json!({"type": "work", "streetAddress": "911 Universal City Plaza", "locality": "Hollywood",
        "region": "CA", "postalCode": "91608", "country": "US", "primary": true});
    check(vec![
        (
            json!({}),
            json!({"op": "add", "value": {"emails": [{"value": "babs@jensen.org", "type": "home"}], "nickname": "Babs"}}),
            json!({"emails": [{"value": "babs@jensen.org", "type": "home"}], "nickName": "Babs"}),
        ),
        (
            json!({"emails": emails}),
            json!({"op": "remove", "path": "emails[type eq \"work\" and value ew \"example.com\"]"}),
            json!({"emails": [{"value": "b@example.org", "type": "work"}, {"value": "babs@jensen.org", "type": "home"}]}),
        ),
        (
            json!({"addresses": [{"type": "work", "locality": "Perth"}]}),
            json!({"op": "replace", "path": "addresses[type eq \"work\"]", "value": address}),
            json!({"addresses": [address]}),
        ),
        (
            json!({"addresses": [address, {"type": "home"}]}),
            json!({"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway Ave"}),
            json!({"addresses": [{"type": "work", "streetAddress": "1010 Broadway Ave", "locality": "Hollywood",
                "region": "CA", "postalCode": "91608", "country": "US", "primary": true}, {"type": "home"}]}),
        ),
        (
            json!({"emails": emails}),
            json!({"op": "replace", "value": {"emails": [{"value": "bjensen@example.com", "type": "work", "primary": true}], "nickname": "Babs"}}),
            json!({"emails": [{"value": "bjensen@example.com", "type": "work", "primary": true}], "nickName": "Babs"}),
        ),
    ]);
}

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
            json!({"op": "replace", "path": format!("{PRACTITIONER}:registrationVerification.state"), "value": "verified"}),
            "mutability: Operations[0]: 'urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner:registrationVerification.state' is read-only",
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

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn changes_of_members_are_listed_in_order() {
    let group = json!({"schemas": [ResourceType::Group.core().id], "displayName": "GPs"});
    let matching = |inner: &str| {
        let path = PatchPath::parse(ResourceType::Group, &format!("members[{inner}]")).unwrap();
        let PatchPath::Values { filter, .. } = path else { panic!("a value path") };
        MemberChange::RemoveMatching(filter)
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

/// What can be done to e-mail addresses, told without JSON.
#[derive(Debug, Clone)]
enum Deed {
    Add(u8, u8),
    Remove(u8),
    RemoveType(u8),
    Write(u8, u8),
    Replace(Vec<u8>),
    Clear,
}

impl Deed {
    fn operation(&self) -> Value {
        match self {
            Self::Add(value, kind) => json!({"op": "add", "path": "emails", "value": [email(*value, *kind)]}),
            Self::Remove(value) => json!({"op": "remove", "path": format!(r#"emails[value eq "v{value}"]"#)}),
            Self::RemoveType(kind) => {
                json!({"op": "remove", "path": "emails", "value": [{"type": format!("t{kind}")}]})
            }
            Self::Write(value, kind) => {
                json!({"op": "replace", "path": format!(r#"emails[type eq "t{kind}"].value"#), "value": format!("v{value}")})
            }
            Self::Replace(values) => {
                json!({"op": "replace", "value": {"emails": values.iter().map(|value| email(*value, 0)).collect::<Vec<_>>()}})
            }
            Self::Clear => json!({"op": "remove", "path": "emails"}),
        }
    }

    /// None where nothing matches.
    fn done(&self, mut emails: Vec<(u8, u8)>) -> Option<Vec<(u8, u8)>> {
        let count = emails.len();
        match self {
            Self::Add(value, kind) => {
                if !emails.contains(&(*value, *kind)) {
                    emails.push((*value, *kind));
                }
                return Some(emails);
            }
            Self::Write(value, kind) => {
                let mut found = false;
                for email in emails.iter_mut().filter(|email| email.1 == *kind) {
                    (email.0, found) = (*value, true);
                }
                if !found {
                    emails.push((*value, *kind));
                }
                return Some(emails);
            }
            Self::Replace(values) => return Some(values.iter().map(|value| (*value, 0)).collect()),
            Self::Clear => return Some(vec![]),
            Self::Remove(value) => emails.retain(|email| email.0 != *value),
            Self::RemoveType(kind) => emails.retain(|email| email.1 != *kind),
        }
        (emails.len() < count).then_some(emails)
    }
}

fn email(value: u8, kind: u8) -> Value {
    json!({"value": format!("v{value}"), "type": format!("t{kind}")})
}

fn with(emails: &[(u8, u8)]) -> Value {
    match emails {
        [] => person(json!({})),
        emails => {
            person(json!({"emails": emails.iter().map(|(value, kind)| email(*value, *kind)).collect::<Vec<_>>()}))
        }
    }
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let small = 0u8..3;
    prop_oneof![
        3 => (small.clone(), small.clone()).prop_map(|(value, kind)| Deed::Add(value, kind)),
        1 => small.clone().prop_map(Deed::Remove),
        1 => small.clone().prop_map(Deed::RemoveType),
        3 => (small.clone(), small.clone()).prop_map(|(value, kind)| Deed::Write(value, kind)),
        1 => prop::collection::vec(small, 0..3).prop_map(Deed::Replace),
        1 => Just(Deed::Clear),
    ]
}

proptest! {
    #[test]
    fn a_patch_does_what_its_operations_do_one_after_the_other(
        before in prop::collection::vec((0u8..3, 0u8..3), 0..4),
        deeds in prop::collection::vec(any_deed(), 1..6),
    ) {
        let expected = deeds.iter().try_fold(before.clone(), |emails, deed| deed.done(emails));
        let operations: Vec<Value> = deeds.iter().map(Deed::operation).collect();
        match (patched(ResourceType::User, &with(&before), &operations.into()), expected) {
            (Ok(done), Some(expected)) => {
                prop_assert_eq!(done.changed, before != expected);
                prop_assert_eq!(Value::Object(done.document), with(&expected));
            }
            (Err(refused), None) => prop_assert!(refused.starts_with("noTarget"), "{}", refused),
            (done, expected) => prop_assert!(false, "{done:?} is not {expected:?}"),
        }
    }

    /// What is patched could have been sent by PUT just as well.
    #[test]
    fn whatever_is_sent_is_refused_or_gives_a_canonical_resource(
        op in prop::sample::select(vec!["add", "Remove", "replace"]),
        path in prop::option::of(prop::sample::select(vec!["emails", "name", "emails[type eq \"work\"]", "emails.value", "active",
            "emails[type eq \"work\" and primary eq true].display", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "members", "displayName"])),
        value in any_json(),
    ) {
        for (kind, resource) in [
            (ResourceType::User, with(&[(0, 0)])),
            (ResourceType::Group, json!({"schemas": [ResourceType::Group.core().id], "displayName": "GPs"})),
        ] {
            if let Ok(done) = patched(kind, &resource, &json!([{"op": op, "path": path, "value": value}])) {
                prop_assert_eq!(document::create(kind, done.document.clone(), Limits::default()), Ok(done.document));
            }
        }
        if let Value::Object(body) = value {
            let _ = PatchOp::parse(ResourceType::User, &body, Limits::default());
        }
    }
}
