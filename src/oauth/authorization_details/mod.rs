//! Rich authorization requests (RFC 9396): what an app asks for in more words than a scope has.
//!
//! A client declares its types with a [`schema`]. A request is checked against it, shown to the person, kept with the
//! authorization, and told to the API. A token request may narrow what was granted (§6.1, §7): leave details out, and of
//! lists some entries; nothing else, since only the API knows what a member means that is not there.

pub mod schema;

use serde_json::{Map, Value};

use self::schema::{DEEPEST, Schema};
use super::{
    client_metadata::ClientMetadata,
    error::{Code, Refusal, refuse},
    registration::RegistrationError,
};
use crate::keys::strict_json;

/// The most bytes of the parameter.
pub const LONGEST: usize = 4 * 1024;

/// The most details of one request.
pub const MOST: usize = 16;

/// The types of a client, by name, with their schemas; as registered.
pub type Types = Map<String, Value>;

/// Authorization details that were checked against the types of a client, or come from where they were kept.
pub type Details = Vec<Value>;

/// The types of a client.
#[must_use]
pub fn types(metadata: &ClientMetadata) -> Option<&Types> {
    metadata.authorization_details_schemas.as_ref()?.as_object()
}

/// Checks the types that a client declares: each with its schema, no schema without its type.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check_declared(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |why: String| RegistrationError::Member { name: "authorization_details_schemas".to_owned(), why };
    let none = Types::new();
    let schemas = match &metadata.authorization_details_schemas {
        None => &none,
        Some(schemas) => schemas.as_object().ok_or_else(|| wrong("it is an object of schemas by type".to_owned()))?,
    };
    let declared = &metadata.authorization_details_types;
    if let Some(name) = declared.iter().find(|name| !schemas.contains_key(*name)) {
        return Err(wrong(format!("the type `{name}` has no schema; set both members at once")));
    }
    if declared.len() > MOST {
        return Err(wrong(format!("a client declares at most {MOST} types")));
    }
    for (name, schema) in schemas {
        if !declared.contains(name) {
            return Err(wrong(format!("`{name}` is not in authorization_details_types; set both members at once")));
        }
        Schema::parse(schema).map_err(|error| wrong(format!("`{name}`: {error}")))?;
    }
    Ok(())
}

const fn invalid(hint: &'static str) -> Refusal {
    refuse(Code::InvalidAuthorizationDetails, hint)
}

/// Reads the parameter `authorization_details` (§2, §5).
///
/// # Errors
/// `invalid_authorization_details`.
pub fn parse(text: Option<&str>, types: Option<&Types>) -> Result<Details, Refusal> {
    let Some(text) = text else { return Ok(vec![]) };
    if text.len() > LONGEST {
        return Err(invalid("authorization_details is longer than 4 KiB"));
    }
    // Wrapped: the check is of objects.
    if strict_json::check_object(format!("{{\"a\":{text}}}").as_bytes()).is_err() {
        return Err(invalid("authorization_details is not JSON, names a member twice, or is nested too deeply"));
    }
    let details: Details =
        serde_json::from_str(text).map_err(|_| invalid("authorization_details is not a JSON array of objects"))?;
    if details.is_empty() || details.len() > MOST {
        return Err(invalid("authorization_details holds 1 to 16 objects"));
    }
    details.iter().try_for_each(|detail| check(detail, types))?;
    Ok(details)
}

fn check(detail: &Value, types: Option<&Types>) -> Result<(), Refusal> {
    let name = detail.get("type").and_then(Value::as_str).ok_or(invalid("each detail is an object with a type"))?;
    let schema = types.and_then(|types| types.get(name)).and_then(Schema::from_stored);
    let schema = schema.ok_or(invalid("the client has not declared this type of authorization details"))?;
    if depth(detail) > DEEPEST {
        return Err(invalid("authorization_details is nested too deeply"));
    }
    if schema.admits(detail) { Ok(()) } else { Err(invalid("a detail is not what the schema of its type says")) }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// What a token gets of what was `granted`: what is `asked` for, or all of it.
///
/// # Errors
/// `invalid_authorization_details` for more than was granted.
pub fn narrow(granted: &[Value], asked: Details) -> Result<Details, Refusal> {
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    if covers(granted, &asked) { Ok(asked) } else { Err(invalid("a detail was not part of the authorization")) }
}

/// Whether each detail that is asked for is among those that were granted, or narrower than one of them.
#[must_use]
pub fn covers(granted: &[Value], asked: &[Value]) -> bool {
    asked.iter().all(|asked| granted.iter().any(|granted| is_within(asked, granted)))
}

/// Members by RFC 9396 §2.2 of which fewer entries are less; of another list nobody knows what fewer mean.
const SHRINKING: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

/// The same, or with fewer entries in what can shrink; a list that held something is never empty, which may mean anything.
fn is_within(asked: &Value, granted: &Value) -> bool {
    let (Value::Object(asked), Value::Object(granted)) = (asked, granted) else { return asked == granted };
    let is_part = |asked: &Value, granted: &Value| match (asked, granted) {
        (Value::Array(asked), Value::Array(granted)) => {
            asked.is_empty() == granted.is_empty() && asked.iter().all(|item| granted.contains(item))
        }
        _ => asked == granted,
    };
    let fits = |name: &String, value: &Value, other: &Value| {
        if SHRINKING.contains(&name.as_str()) { is_part(value, other) } else { value == other }
    };
    asked.len() == granted.len()
        && asked.iter().all(|(name, value)| granted.get(name).is_some_and(|other| fits(name, value, other)))
}

/// A detail as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// What it is.
    pub title: String,
    /// Its members, one line each.
    pub lines: Vec<(String, String)>,
}

/// The details as people read them: in the words of the schema where it has some.
#[must_use]
pub fn readable(details: &[Value], types: Option<&Types>) -> Vec<Readable> {
    details.iter().filter_map(Value::as_object).map(|detail| describe(detail, types)).collect()
}

fn describe(detail: &Map<String, Value>, types: Option<&Types>) -> Readable {
    let name = detail.get("type").and_then(Value::as_str).unwrap_or_default();
    let schema = types.and_then(|types| types.get(name)).and_then(Schema::from_stored);
    let label = |member: &str| {
        let title = schema.and_then(|schema| schema.member(member)).and_then(Schema::title);
        title.map_or_else(|| member.replace('_', " "), str::to_owned)
    };
    let members = detail.iter().filter(|(member, _)| *member != "type");
    Readable {
        title: schema.and_then(Schema::title).unwrap_or(name).to_owned(),
        lines: members.map(|(member, value)| (label(member), words(value))).collect(),
    }
}

/// A value without the punctuation of JSON.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| format!("{}: {}", name.replace('_', " "), words(value)));
            pairs.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn types() -> Types {
        let schema = json!({
            "title": "Read records",
            "type": "object",
            "required": ["actions"],
            "properties": {
                "type": {"const": "records"},
                "actions": {"title": "May", "type": "array", "items": {"enum": ["read", "write"]}},
                "patient": {"type": "string"},
            },
            "additionalProperties": false,
        });
        Types::from_iter([("records".to_owned(), schema), ("free".to_owned(), json!({}))])
    }

    #[test]
    fn each_bad_request_is_refused() {
        let deep = |levels: usize| format!(r#"[{{"type":"free","a":{}{}}}]"#, "[".repeat(levels), "]".repeat(levels));
        let many = |count: usize| format!("[{}]", vec![r#"{"type":"free"}"#; count].join(","));
        for (case, text, fits) in [
            ("one", r#"[{"type":"records","actions":["read"]}]"#.to_owned(), true),
            ("two types", r#"[{"type":"records","actions":["read"]},{"type":"free","x":{}}]"#.into(), true),
            ("as many as may be", many(MOST), true),
            ("too many", many(MOST + 1), false),
            ("none", "[]".into(), false),
            ("no list", r#"{"type":"free"}"#.into(), false),
            ("no JSON", "[{".into(), false),
            ("two texts", r#"[{"type":"free"}] []"#.into(), false),
            ("closing what is around it", r#"[{"type":"free"}]},{"b":1"#.into(), false),
            ("no object", "[1]".into(), false),
            ("no type", r#"[{"actions":["read"]}]"#.into(), false),
            ("a type that is no text", r#"[{"type":["free"]}]"#.into(), false),
            ("another type", r#"[{"type":"payment"}]"#.into(), false),
            ("twice the same member", r#"[{"type":"free","type":"free"}]"#.into(), false),
            ("against the schema", r#"[{"type":"records","actions":["delete"]}]"#.into(), false),
            ("an unknown member", r#"[{"type":"records","actions":[],"x":1}]"#.into(), false),
            ("nested", deep(DEEPEST - 1), true),
            ("nested too deeply", deep(DEEPEST), false),
            ("nested without end", deep(1500), false),
            ("too long", format!(r#"[{{"type":"free","a":"{}"}}]"#, "x".repeat(LONGEST)), false),
        ] {
            let parsed = parse(Some(&text), Some(&types()));
            assert_eq!(parsed.is_ok(), fits, "{case}: {parsed:?}");
            assert!(fits || parsed.unwrap_err().code == Code::InvalidAuthorizationDetails, "{case}");
        }
        assert_eq!(parse(None, None), Ok(vec![]));
    }

    #[test]
    fn a_token_gets_what_was_granted_or_less() {
        let granted = [json!({"type": "records", "actions": ["read", "write"], "patient": "7", "deep": {"a": [1, 2]}})];
        let with = |name: &str, value: Value| {
            let mut detail = granted[0].clone();
            detail[name] = value;
            detail
        };
        for (case, asked, fits) in [
            ("all", granted[0].clone(), true),
            ("one action", with("actions", json!(["read"])), true),
            ("less of what nobody knows", with("deep", json!({"a": [2]})), false),
            ("another action", with("actions", json!(["read", "delete"])), false),
            ("no action", with("actions", json!([])), false),
            ("another patient", with("patient", json!("8")), false),
            ("one member more", with("x", json!(1)), false),
            ("another type", with("type", json!("free")), false),
            ("without the patient", json!({"type": "records", "actions": ["read"], "deep": {"a": [1, 2]}}), false),
        ] {
            assert_eq!(narrow(&granted, vec![asked.clone()]).is_ok(), fits, "{case}");
        }
        assert_eq!(narrow(&granted, vec![]).unwrap(), granted);
        assert!(narrow(&[], vec![json!({"type": "free"})]).is_err());
    }

    #[test]
    fn each_type_has_its_schema_and_each_schema_its_type() {
        let metadata = |types: &[&str], schemas: Value| ClientMetadata {
            authorization_details_types: types.iter().map(|name| (*name).to_owned()).collect(),
            authorization_details_schemas: Some(schemas),
            ..ClientMetadata::default()
        };
        for (types, schemas, fits) in [
            (&["a"][..], json!({"a": {}}), true),
            (&[], json!({}), true),
            (&["a", "b"], json!({"a": {}}), false),
            (&["a"], json!({"a": {}, "b": {}}), false),
            (&["a"], json!({"a": {"$ref": "x"}}), false),
            (&["a"], json!({"a": 1}), false),
            (&["a"], json!([]), false),
        ] {
            assert_eq!(check_declared(&metadata(types, schemas.clone())).is_ok(), fits, "{types:?} {schemas}");
        }
        assert!(check_declared(&ClientMetadata::default()).is_ok());
    }

    #[test]
    fn people_read_the_words_of_the_schema() {
        let details = [json!({"type": "records", "actions": ["read", "write"], "patient_name": "A", "x": {"b_c": 1}})];
        let [only] = readable(&details, Some(&types())).try_into().unwrap();
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let lines = vec![line("May", "read, write"), line("patient name", "A"), line("x", "b c: 1")];
        assert_eq!(only, Readable { title: "Read records".into(), lines });
    }
}
