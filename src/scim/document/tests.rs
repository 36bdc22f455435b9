use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::{
    filter::Filter,
    patch::{PATCH_SCHEMA, PatchOp},
    schema::Kind,
};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

fn object(value: Value) -> Document {
    let Value::Object(members) = value else { panic!("an object") };
    members
}

fn created(kind: ResourceType, body: Value) -> Result<Value, (&'static str, String)> {
    let refused = |error: ScimError| (error.scim_type.map_or("none", ScimType::name), error.detail);
    create(kind, object(body), Limits::default()).map(Value::Object).map_err(refused)
}

#[test]
fn a_body_becomes_a_canonical_resource() {
    for (given, expected) in [
        (
            json!({"schemas": [CORE], "userName": "bjensen", "externalId": "bjensen", "name": {"formatted": "Ms. Barbara J Jensen III"}}),
            json!({"schemas": [CORE], "userName": "bjensen", "externalId": "bjensen", "name": {"formatted": "Ms. Barbara J Jensen III"}}),
        ),
        // RFC 7643 §2.1, §2.5 and what is read only.
        (
            json!({"SCHEMAS": [CORE.to_uppercase()], "USERNAME": "p", "id": "x", "meta": {"a": 1}, "groups": [1],
                "title": null, "emails": [], "Active": "True"}),
            json!({"schemas": [CORE], "userName": "p", "active": true}),
        ),
        // Entra ID uses an extension that it does not name; another names one that it does not use.
        (
            json!({"schemas": [CORE], "userName": "p", ENTERPRISE.to_lowercase(): {"Department": "GP", "division": null}}),
            json!({"schemas": [CORE, ENTERPRISE], "userName": "p", ENTERPRISE: {"department": "GP"}}),
        ),
        (
            json!({"schemas": [CORE, ENTERPRISE], "userName": "p", ENTERPRISE: {"schemas": [ENTERPRISE]}}),
            json!({"schemas": [CORE], "userName": "p"}),
        ),
        // A password is checked and never kept.
        (
            json!({"schemas": [CORE], "userName": "p", "password": "t1meMa$heen"}),
            json!({"schemas": [CORE], "userName": "p"}),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", PRACTITIONER: {"specialties": ["knee", "hip"],
                "unmapped": [{"type": "roles", "value": "x"}], "registrationExpires": "2027-01-01T00:00:00Z"}}),
            json!({"schemas": [CORE, PRACTITIONER], "userName": "p", PRACTITIONER: {"specialties": ["knee", "hip"],
                "registrationExpires": "2027-01-01T00:00:00Z"}}),
        ),
    ] {
        assert_eq!(created(ResourceType::User, given.clone()), Ok(expected), "{given}");
    }
}

#[test]
fn a_body_that_does_not_fit_is_refused_by_name() {
    for (given, scim_type, detail) in [
        (json!({"userName": "p"}), "invalidSyntax", format!("'schemas' must name '{CORE}'")),
        (json!({"schemas": CORE, "userName": "p"}), "invalidSyntax", "'schemas' must be an array of strings".into()),
        (
            json!({"schemas": [CORE, 1], "userName": "p"}),
            "invalidSyntax",
            "'schemas' must be an array of strings".into(),
        ),
        (json!({"schemas": [ENTERPRISE], "userName": "p"}), "invalidSyntax", format!("'schemas' must name '{CORE}'")),
        (
            json!({"schemas": [CORE, "urn:x:y"], "userName": "p"}),
            "invalidSyntax",
            "'schemas' names 'urn:x:y', no schema of User".into(),
        ),
        (
            json!({"schemas": [CORE], "Schemas": [CORE], "userName": "p"}),
            "invalidSyntax",
            "'schemas' is given twice".into(),
        ),
        (json!({"schemas": [CORE]}), "invalidValue", "'userName' is required".into()),
        (json!({"schemas": [CORE], "userName": null}), "invalidValue", "'userName' is required".into()),
        (json!({"schemas": [CORE], "userName": " "}), "invalidValue", "'userName' is required".into()),
        (
            json!({"schemas": [CORE], "userName": "p", "USERNAME": "q"}),
            "invalidSyntax",
            "'userName' is given twice".into(),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", "nickname2": 1}),
            "invalidSyntax",
            "'nickname2' is not an attribute of User".into(),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", "members": []}),
            "invalidSyntax",
            "'members' is not an attribute of User".into(),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", ENTERPRISE: {"desk": 7}}),
            "invalidSyntax",
            format!("'{ENTERPRISE}:desk' is not an attribute"),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", ENTERPRISE: {"department": 7}}),
            "invalidValue",
            format!("'{ENTERPRISE}:department' must be a string"),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", ENTERPRISE: "GP"}),
            "invalidValue",
            format!("'{ENTERPRISE}' must be an object"),
        ),
        (
            json!({"schemas": [CORE], "userName": "p", "password": 1}),
            "invalidValue",
            "'password' must be a string".into(),
        ),
    ] {
        assert_eq!(created(ResourceType::User, given.clone()), Err((scim_type, detail)), "{given}");
    }
}

#[test]
fn a_group_has_as_many_members_as_the_request_allows() {
    let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let of_members = |count: usize| {
        object(json!({"schemas": [group, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "displayName": "GPs", "members": vec![json!({"value": "mem_1", "display": "Priya", "$ref": null}); count]}))
    };
    let made = create(ResourceType::Group, of_members(3), Limits { members: 3 }).unwrap();
    assert_eq!(made["schemas"], json!([group]));
    assert_eq!(made["members"], json!(vec![json!({"value": "mem_1"}); 3]));
    let refused = create(ResourceType::Group, of_members(4), Limits { members: 3 }).unwrap_err();
    assert_eq!(refused.detail, "'members' has 4 values, more than 3");
    assert!(create(ResourceType::Group, of_members(1001), Limits::default()).is_ok());
}

/// RFC 7644 §3.5.1.
#[test]
fn a_replacement_leaves_what_lanyard_alone_writes() {
    let current =
        object(json!({"schemas": [CORE, ENTERPRISE, PRACTITIONER], "id": "mem_1", "userName": "old", "title": "Dr",
        "meta": {"version": "W/\"1\""}, ENTERPRISE: {"department": "GP"},
        PRACTITIONER: {"profession": "GP", "unmapped": [{"type": "roles", "value": "x"}]}}));
    let body = json!({"schemas": [CORE], "id": "mem_2", "userName": "new"});
    let replaced = replace(ResourceType::User, object(body), &current, Limits::default()).map(Value::Object);
    let expected = json!({"schemas": [CORE, PRACTITIONER], "id": "mem_1", "userName": "new", "meta": {"version": "W/\"1\""},
        PRACTITIONER: {"unmapped": [{"type": "roles", "value": "x"}]}});
    assert_eq!(replaced, Ok(expected));
}

/// RFC 7644 §3.5.1.
#[test]
fn what_can_be_set_once_stays() {
    let badge = Attribute { mutability: Mutability::Immutable, ..*ResourceType::User.attribute("title").unwrap() };
    for (before, after, expected) in [
        (json!({}), json!({"title": "a"}), Some(json!({"title": "a"}))),
        (json!({"title": "a"}), json!({"title": "a"}), Some(json!({"title": "a"}))),
        (json!({"title": "a"}), json!({}), Some(json!({"title": "a"}))),
        (json!({"title": "a"}), json!({"title": "b"}), None),
    ] {
        let mut changed = object(after);
        let outcome = keep(&badge, &object(before), &mut changed, &Place::top("title"));
        if let Some(expected) = expected {
            assert_eq!((outcome, Value::Object(changed)), (Ok(()), expected));
        } else {
            let refused = ScimError::new(ScimType::Mutability, "'title' cannot be changed once it is set");
            assert_eq!(outcome, Err(refused));
        }
    }
}

/// A value that an attribute may have, and what is kept of it.
fn sample(attribute: &Attribute) -> (Value, Option<Value>) {
    let (sent, kept) = match attribute.kind {
        Kind::Complex => {
            let samples = attribute.sub_attributes.iter().map(|sub| (sub.name, sample(sub)));
            let sent: Document = samples.clone().map(|(name, (sent, _))| (name.to_owned(), sent)).collect();
            let kept: Document = samples.filter_map(|(name, (_, kept))| Some((name.to_owned(), kept?))).collect();
            (Value::Object(sent), Value::Object(kept))
        }
        Kind::Boolean => (json!("True"), json!(true)),
        Kind::DateTime => (json!("2026-11-22T08:30:00Z"), json!("2026-11-22T08:30:00Z")),
        _ => (json!("aaaa"), json!("aaaa")),
    };
    let is_kept = !matches!(attribute.mutability, Mutability::ReadOnly | Mutability::WriteOnly);
    let listed = |value: Value| if attribute.multi_valued { json!([value]) } else { value };
    (listed(sent), is_kept.then(|| listed(kept)))
}

/// Every attribute of every schema, by POST and by PATCH, and each is found afterwards.
#[test]
fn every_attribute_can_be_sent_in_its_own_way() {
    for kind in ResourceType::ALL {
        let (mut body, mut expected) = (json!({}), json!({}));
        for attribute in kind.core().attributes {
            let (sent, kept) = sample(attribute);
            body[attribute.name] = sent;
            if let Some(kept) = kept {
                expected[attribute.name] = kept;
            }
        }
        for schema in kind.extensions() {
            for attribute in schema.attributes {
                let (sent, kept) = sample(attribute);
                body[schema.id][attribute.name] = sent;
                if let Some(kept) = kept {
                    expected[schema.id][attribute.name] = kept;
                }
            }
        }
        say_schemas(kind, expected.as_object_mut().unwrap());
        let operations = json!({"schemas": [PATCH_SCHEMA], "Operations": [{"op": "add", "value": body}]});
        body["schemas"] = json!([kind.core().id]);
        assert_eq!(create(kind, object(body), Limits::default()).map(Value::Object), Ok(expected.clone()));

        let patch = PatchOp::parse(kind, &object(operations), Limits::default()).unwrap();
        let mut patched = Value::Object(patch.apply(&Document::new()).unwrap().document);
        // Members are changes of their own.
        if let Some(members) = expected.get("members") {
            patched["members"] = members.clone();
        }
        assert_eq!(patched, expected);
        check_found(kind, &object(expected));
    }
}

fn check_found(kind: ResourceType, document: &Document) {
    let extensions = kind.extensions().iter().flat_map(|schema| {
        schema.attributes.iter().map(|attribute| (format!("{}:{}", schema.id, attribute.name), attribute))
    });
    let core = kind.core().attributes.iter().map(|attribute| (attribute.name.to_owned(), attribute));
    for (path, attribute) in core.chain(extensions) {
        if attribute.mutability == Mutability::WriteOnly {
            continue;
        }
        let filter = Filter::parse(kind, &format!("{path} pr")).unwrap();
        assert_eq!(filter.matches(document), attribute.is_writable(), "{filter}");
    }
}

#[test]
fn json_with_two_meanings_is_refused() {
    for (body, passes) in [
        (r#"{"userName":"a"}"#, true),
        (r#"{"userName":"a","userName":"b"}"#, false),
        (r#"{"name":{"givenName":"a","givenName":"b"}}"#, false),
        ("[]", false),
        ("", false),
    ] {
        let parsed = parse(body.as_bytes());
        assert_eq!(parsed.is_ok(), passes, "{body}");
        assert!(parsed.is_ok() || parsed.unwrap_err().scim_type == Some(ScimType::InvalidSyntax));
    }
}

/// Any JSON, of names that the schema knows more often than chance would have it.
pub(in crate::scim) fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("userName"),
        Just("emails"),
        Just("VALUE"),
        Just("type"),
        Just("primary"),
        Just("schemas"),
        Just("manager"),
        Just("name"),
        Just("members"),
        Just("active"),
        Just(CORE),
        Just(ENTERPRISE),
        Just("op"),
        Just("path"),
        Just("x"),
        Just("Operations"),
        Just("$ref"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!(CORE)),
        Just(json!("replace")),
    ];
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

fn check_shape(attribute: &Attribute, value: &Value) {
    match value {
        Value::Array(items) if attribute.multi_valued => items.iter().for_each(|item| check_single(attribute, item)),
        value => {
            assert!(!attribute.multi_valued);
            check_single(attribute, value);
        }
    }
}

fn check_single(attribute: &Attribute, value: &Value) {
    match (attribute.kind, value) {
        (Kind::Complex, Value::Object(members)) => {
            members.iter().for_each(|(name, value)| check_shape(attribute.sub_attribute(name).unwrap(), value));
        }
        (Kind::Boolean, value) => assert!(value.is_boolean()),
        (_, value) => assert!(value.is_string(), "{value}"),
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_refused_or_canonical(mut body in prop::collection::btree_map("[a-zA-Z]{1,4}", any_json(), 0..3), more in any_json()) {
        body.insert("schemas".into(), json!([CORE]));
        body.insert("userName".into(), json!("p"));
        body.insert("emails".into(), more.clone());
        for kind in ResourceType::ALL {
            let Ok(document) = create(kind, body.clone().into_iter().collect(), Limits::default()) else { continue };
            for (name, value) in &document {
                check_shape(kind.attribute(name).unwrap(), value);
            }
            // What is canonical stays as it is.
            prop_assert_eq!(create(kind, document.clone(), Limits::default()), Ok(document));
        }
        let _ = create(ResourceType::User, object_or_empty(Some(more)), Limits::default());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }
}

#[test]
fn a_body_is_as_large_as_a_resource_may_be() {
    let photos = |many: usize| {
        let all: Vec<Value> = (0..many).map(|n| json!({"value": format!("{n}{}", "x".repeat(8000))})).collect();
        json!({"schemas": [ResourceType::User.core().id], "userName": "a", "photos": all})
    };
    assert!(created(ResourceType::User, photos(8)).is_ok());
    let (scim_type, detail) = created(ResourceType::User, photos(9)).unwrap_err();
    assert_eq!(scim_type, "invalidValue");
    assert_eq!(detail, "the attributes of the resource would take 72152 bytes as JSON, more than 65536");
}
