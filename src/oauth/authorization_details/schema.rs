//! The part of JSON Schema (2020-12) by which clients describe their types of authorization details.
//!
//! What is read is what can be checked in time that grows with the text alone: no references, no patterns, no schema
//! fetched from anywhere. A keyword that is not read is refused when the schema is registered, so that none is thought to
//! hold that does not. Types, `enum`, `const`, bounds of texts, numbers and lists, members of objects, and the annotations
//! `title` and `description`, which people see.

use serde_json::{Map, Value};

/// How deep schemas, and what they describe, may be nested.
pub const DEEPEST: usize = 8;

/// The most bytes of one schema.
pub const LONGEST: usize = 16 * 1024;

/// A schema that was checked; only [`Schema::parse`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a>(&'a Map<String, Value>);

/// Why a schema cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not an object.
    #[error("a schema is a JSON object")]
    NotAnObject,
    /// Not one of those that are read.
    #[error("the keyword `{0}` is not supported in schemas of authorization details")]
    Keyword(String),
    /// A keyword with a value that it cannot have.
    #[error("the value of `{0}` is not what JSON Schema says")]
    Value(String),
    /// More than [`LONGEST`] or [`DEEPEST`].
    #[error("the schema is too large or nested too deeply")]
    Size,
}

const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];

impl<'a> Schema<'a> {
    /// Checks every keyword.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn parse(value: &'a Value) -> Result<Self, SchemaError> {
        if value.to_string().len() > LONGEST {
            return Err(SchemaError::Size);
        }
        check(value, DEEPEST)?;
        value.as_object().map(Self).ok_or(SchemaError::NotAnObject)
    }

    /// A schema that was checked when its client was registered.
    #[must_use]
    pub fn from_stored(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// What people read above what it describes.
    #[must_use]
    pub fn title(self) -> Option<&'a str> {
        self.0.get("title").and_then(Value::as_str)
    }

    /// The schema of a member.
    #[must_use]
    pub fn member(self, name: &str) -> Option<Self> {
        self.0.get("properties")?.get(name)?.as_object().map(Self)
    }

    /// Whether `value` is what it describes.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        self.0.iter().all(|(keyword, rule)| holds(keyword, rule, value)) && self.knows_members(value)
    }

    fn knows_members(self, value: &Value) -> bool {
        let (Some(Value::Bool(false)), Some(members)) = (self.0.get("additionalProperties"), value.as_object()) else {
            return true;
        };
        let known = self.0.get("properties").and_then(Value::as_object);
        members.keys().all(|name| known.is_some_and(|known| known.contains_key(name)))
    }
}

fn check(value: &Value, deepest: usize) -> Result<(), SchemaError> {
    let schema = value.as_object().ok_or(SchemaError::NotAnObject)?;
    let below = deepest.checked_sub(1).ok_or(SchemaError::Size)?;
    for (keyword, rule) in schema {
        let is_right = match keyword.as_str() {
            "type" => words(rule).is_some_and(|types| !types.is_empty() && types.iter().all(|one| TYPES.contains(one))),
            "title" | "description" | "$comment" | "$schema" => rule.is_string(),
            "enum" => rule.as_array().is_some_and(|values| !values.is_empty()),
            "const" | "default" => true,
            "examples" => rule.is_array(),
            "minLength" | "maxLength" | "minItems" | "maxItems" => rule.is_u64(),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => rule.is_number(),
            "uniqueItems" | "additionalProperties" => rule.is_boolean(),
            "required" => rule.is_array() && words(rule).is_some(),
            "items" => check(rule, below).map(|()| true)?,
            "properties" => {
                let members = rule.as_object().ok_or_else(|| SchemaError::Value(keyword.clone()))?;
                members.values().try_for_each(|member| check(member, below)).map(|()| true)?
            }
            other => return Err(SchemaError::Keyword(other.to_owned())),
        };
        if !is_right {
            return Err(SchemaError::Value(keyword.clone()));
        }
    }
    Ok(())
}

fn holds(keyword: &str, rule: &Value, value: &Value) -> bool {
    let length = || u64::try_from(value.as_str().map_or(0, |text| text.chars().count())).unwrap_or(u64::MAX);
    let items = || value.as_array();
    let count = || u64::try_from(items().map_or(0, Vec::len)).unwrap_or(u64::MAX);
    let compared = |fits: fn(f64, f64) -> bool| match (value.as_f64(), rule.as_f64()) {
        (Some(value), Some(rule)) => fits(value, rule),
        _ => true,
    };
    let limit = rule.as_u64().unwrap_or_default();
    match keyword {
        "type" => words(rule).is_some_and(|types| types.into_iter().any(|name| is_of(name, value))),
        "enum" => rule.as_array().is_some_and(|values| values.contains(value)),
        "const" => rule == value,
        "minLength" => !value.is_string() || length() >= limit,
        "maxLength" => !value.is_string() || length() <= limit,
        "minItems" => items().is_none() || count() >= limit,
        "maxItems" => items().is_none() || count() <= limit,
        "minimum" => compared(|value, rule| value >= rule),
        "maximum" => compared(|value, rule| value <= rule),
        "exclusiveMinimum" => compared(|value, rule| value > rule),
        "exclusiveMaximum" => compared(|value, rule| value < rule),
        "uniqueItems" => rule == &Value::Bool(false) || items().is_none_or(|items| are_unique(items)),
        "required" => value.as_object().is_none_or(|members| {
            words(rule).is_some_and(|names| names.into_iter().all(|name| members.contains_key(name)))
        }),
        "items" => items().is_none_or(|items| {
            Schema::from_stored(rule).is_some_and(|schema| items.iter().all(|item| schema.admits(item)))
        }),
        "properties" => value.as_object().is_none_or(|members| {
            let fits = |(name, schema): (&String, &Value)| {
                let schema = Schema::from_stored(schema);
                members.get(name).is_none_or(|member| schema.is_some_and(|schema| schema.admits(member)))
            };
            rule.as_object().is_some_and(|schemas| schemas.iter().all(fits))
        }),
        _ => true,
    }
}

/// One text or a list of them.
fn words(rule: &Value) -> Option<Vec<&str>> {
    match rule {
        Value::String(word) => Some(vec![word]),
        Value::Array(words) => words.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    }
}

fn are_unique(items: &[Value]) -> bool {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_checked_can_be_registered() {
        let deep = |levels: usize| (0..levels).fold(json!({}), |below, _| json!({"items": below}));
        for (schema, expected) in [
            (json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]}), None),
            (json!({"title": "T", "description": "D", "enum": [1], "const": 1, "minimum": 0.5}), None),
            (json!([]), Some(SchemaError::NotAnObject)),
            (json!({"properties": {"a": true}}), Some(SchemaError::NotAnObject)),
            (json!({"$ref": "https://x"}), Some(SchemaError::Keyword("$ref".into()))),
            (json!({"items": {"pattern": "(a+)+$"}}), Some(SchemaError::Keyword("pattern".into()))),
            (json!({"type": "text"}), Some(SchemaError::Value("type".into()))),
            (json!({"type": []}), Some(SchemaError::Value("type".into()))),
            (json!({"minLength": -1}), Some(SchemaError::Value("minLength".into()))),
            (json!({"maximum": "1"}), Some(SchemaError::Value("maximum".into()))),
            (json!({"required": "a"}), Some(SchemaError::Value("required".into()))),
            (json!({"properties": []}), Some(SchemaError::Value("properties".into()))),
            (json!({"additionalProperties": {}}), Some(SchemaError::Value("additionalProperties".into()))),
            (json!({"title": "x".repeat(LONGEST)}), Some(SchemaError::Size)),
            (deep(DEEPEST), Some(SchemaError::Size)),
            (deep(DEEPEST - 1), None),
        ] {
            assert_eq!(Schema::parse(&schema).err(), expected, "{schema:.80}");
        }
    }

    #[test]
    fn each_keyword_is_checked() {
        for (schema, fits, breaks) in [
            (json!({"type": "string"}), json!("a"), json!(1)),
            (json!({"type": ["string", "null"]}), json!(null), json!(true)),
            (json!({"type": "integer"}), json!(2.0), json!(2.5)),
            (json!({"type": "number"}), json!(2.5), json!("2.5")),
            (json!({"enum": ["a", 1]}), json!(1), json!("b")),
            (json!({"const": {"a": 1}}), json!({"a": 1}), json!({"a": 2})),
            (json!({"minLength": 2}), json!("éé"), json!("é")),
            (json!({"maxLength": 2}), json!("éé"), json!("éée")),
            (json!({"minItems": 1}), json!([1]), json!([])),
            (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
            (json!({"minimum": 1}), json!(1), json!(0.9)),
            (json!({"maximum": 1}), json!(1), json!(1.1)),
            (json!({"exclusiveMinimum": 1}), json!(1.1), json!(1)),
            (json!({"exclusiveMaximum": 1}), json!(0), json!(1)),
            (json!({"uniqueItems": true}), json!([1, "1"]), json!([1, 1])),
            (json!({"required": ["a"]}), json!({"a": null}), json!({"b": 1})),
            (json!({"properties": {"a": {"type": "string"}}}), json!({"a": "x", "b": 1}), json!({"a": 1})),
            (json!({"properties": {"a": {}}, "additionalProperties": false}), json!({"a": 1}), json!({"b": 1})),
            (json!({"additionalProperties": false}), json!({}), json!({"b": 1})),
            (json!({"items": {"type": "string"}}), json!(["a"]), json!(["a", 1])),
        ] {
            let schema = Schema::parse(&schema).unwrap();
            assert!(schema.admits(&fits), "{schema:?} {fits}");
            assert!(!schema.admits(&breaks), "{schema:?} {breaks}");
        }
    }
}
