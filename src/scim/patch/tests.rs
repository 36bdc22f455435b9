//! What each operation does to a resource (RFC 7644 §3.5.2.1 to §3.5.2.3).

mod members;
mod model;
mod refusals;

use serde_json::{Value, json};

use super::*;
use crate::scim::error::ScimType;

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
            json!({PRACTITIONER: {"profession": "GP", "unmapped": [{"type": "roles", "value": "x"}]}}),
            json!({"op": "remove", "path": PRACTITIONER}),
            json!({PRACTITIONER: {"unmapped": [{"type": "roles", "value": "x"}]}}),
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
