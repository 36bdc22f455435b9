//! Who may write what: each attribute belongs to the source that wrote it first, until that source takes it away.
//!
//! What the person or an administrator says belongs to no source; the first source that says otherwise takes it over.

use std::collections::BTreeSet;

use serde_json::Value;

use super::known::{Attributes, Sources, keys, put};
use crate::directory::origin::Origin;

/// What becomes of values for attributes of other sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The source names what it changes: a value that belongs to another one is refused.
    Change,
    /// The source tells all it knows: what belongs to others stays as it is.
    Whole,
}

/// An attribute that another source keeps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{attribute}` is kept by {source_}; change it there")]
pub struct Owned {
    /// The attribute.
    pub attribute: String,
    /// The source that wrote it.
    pub source_: Origin,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Merged {
    pub(super) attributes: Attributes,
    pub(super) sources: Sources,
    /// Keys of the attributes that change.
    pub(super) changed: BTreeSet<String>,
}

/// Brings what `source` wants together with what is seen, `before`, and what sources wrote of it: values and their sources.
///
/// # Errors
/// [`Owned`], where the source names what it changes.
pub(super) fn merge(
    (before, attributes, sources): (&Attributes, &Attributes, &Sources),
    wanted: &Attributes,
    source: &Origin,
    manner: Manner,
) -> Result<Merged, Owned> {
    let mut merged = Merged { attributes: attributes.clone(), sources: sources.clone(), changed: BTreeSet::new() };
    let now: Vec<_> = keys(before).collect();
    let then: Vec<_> = keys(wanted).collect();
    let value_of = |all: &[(String, &Value)], key: &str| {
        all.iter().find(|(name, _)| name == key).map_or(Value::Null, |(_, value)| (*value).clone())
    };
    let names: BTreeSet<&String> = now.iter().chain(&then).map(|(name, _)| name).collect();
    for key in names {
        let (is, wish) = (value_of(&now, key), value_of(&then, key));
        if is == wish {
            continue;
        }
        match (sources.get(key), manner) {
            (Some(owner), Manner::Change) if owner != source => {
                return Err(Owned { attribute: key.clone(), source_: owner.clone() });
            }
            (Some(owner), Manner::Whole) if owner != source => continue,
            // Not to mention what others say is not to deny it.
            (None, Manner::Whole) if wish.is_null() => continue,
            _ => {}
        }
        put(&mut merged.attributes, key, wish);
        merged.sources.insert(key.clone(), source.clone());
        merged.changed.insert(key.clone());
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Attributes {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    /// What is tried, the change, and what changes when it is named and when all is told.
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Attributes), Result<&'a [&'a str], &'a str>, &'a [&'a str]);

    #[test]
    fn a_source_never_overwrites_another_s() {
        let origin = |text: &str| Origin::from_stored(text.to_owned());
        let (scim, ldap) = (origin("connection:a"), origin("ldap:b"));
        let e = "urn:e";
        let before =
            map(json!({"title": "Dr", "phoneNumbers": [1], "nickName": "O", (e): {"department": "X", "b": 1}}));
        let written = map(json!({"title": "Dr", "nickName": "O", (e): {"department": "X", "b": 1}}));
        let sources: Sources = [("title", &ldap), ("nickName", &scim), ("urn:e:department", &ldap), ("urn:e:b", &scim)]
            .map(|(key, source)| (key.to_owned(), source.clone()))
            .into();
        let merge = |wanted: Value, manner| merge((&before, &written, &sources), &map(wanted), &scim, manner);
        let all = |change: &dyn Fn(&mut Attributes)| {
            let mut wanted = before.clone();
            change(&mut wanted);
            Value::Object(wanted)
        };
        let cases: [Case<'_>; 7] = [
            ("nothing", &|_| {}, Ok(&[]), &[]),
            ("its own", &|map| drop(map.insert("nickName".into(), json!("P"))), Ok(&["nickName"]), &["nickName"]),
            ("its own away", &|map| drop(map.remove("nickName")), Ok(&["nickName"]), &["nickName"]),
            ("another's", &|map| drop(map.insert("title".into(), json!("Mr"))), Err("title"), &[]),
            ("another's of an extension", &|map| map["urn:e"]["department"] = json!("Y"), Err("urn:e:department"), &[]),
            ("nobody's", &|map| map["phoneNumbers"] = json!([2]), Ok(&["phoneNumbers"]), &["phoneNumbers"]),
            ("nobody's away", &|map| drop(map.remove("phoneNumbers")), Ok(&["phoneNumbers"]), &[]),
        ];
        for (case, change, named, whole) in cases {
            let changed = |merged: Merged| merged.changed.into_iter().collect::<Vec<_>>();
            let found = merge(all(change), Manner::Change).map(changed).map_err(|owned| owned.attribute);
            let expected = named.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
            assert_eq!(found, expected.map_err(str::to_owned), "{case}");
            assert_eq!(merge(all(change), Manner::Whole).map(changed).unwrap(), whole, "{case}");
        }
        let taken = merge(all(&|map| drop(map.remove("nickName"))), Manner::Change).unwrap();
        assert_eq!(taken.attributes["nickName"], Value::Null, "what is beneath does not come back");
        let part = merge(all(&|map| map["urn:e"]["b"] = json!(2)), Manner::Change).unwrap();
        assert_eq!(part.attributes["urn:e"], json!({"department": "X", "b": 2}));
    }
}
