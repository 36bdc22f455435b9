//! Who may write what: each attribute belongs to the source that wrote it, until that source takes it away, ends, or one
//! that goes before it ([`Ranking`]) says otherwise.
//!
//! Values are kept once: the word of a source that was overruled is forgotten, and counts again when that source next
//! says it and nobody before it keeps the attribute.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Ranking,
    known::{Attributes, Sources, keys, put, value_of},
    mapping,
    ranking::Holder,
    verification,
};
use crate::directory::origin::Origin;

/// What becomes of values for attributes of other sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The source names what it changes: a value that belongs to another one is refused.
    Change,
    /// The source tells all it knows: what belongs to others stays as it is.
    Whole,
}

/// An attribute that somebody else keeps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{attribute}` is kept by {keeper}; change it there")]
pub struct Owned {
    /// The attribute.
    pub attribute: String,
    /// Who keeps it, as people call it.
    pub keeper: String,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Merged {
    pub(super) attributes: Attributes,
    pub(super) sources: Sources,
    /// Keys of the attributes that change.
    pub(super) changed: BTreeSet<String>,
}

/// What is seen of a member, and what sources wrote of it.
#[derive(Clone, Copy)]
pub(super) struct Present<'a> {
    pub(super) seen: &'a Attributes,
    pub(super) written: &'a Attributes,
    pub(super) sources: &'a Sources,
    /// Whether no source has spoken of the member before.
    pub(super) is_new: bool,
}

impl<'a> Present<'a> {
    /// Whether anything that `source` wants to be otherwise may be somebody else's, so that the ranking has to be known.
    pub(super) fn is_contested(&self, wanted: &Attributes, source: &Origin) -> bool {
        let verification = verification::key();
        let differs = |key: &str| value_of(self.seen, key) != value_of(wanted, key);
        let keys = keys(self.seen).chain(keys(wanted)).map(|(key, _)| key).filter(|key| *key != verification);
        let mut others = keys.map(|key| (self.holder(&key), key));
        others.any(|(holder, key)| match holder {
            Holder::Nobody => false,
            Holder::Source(origin) => origin != source && differs(&key),
            Holder::People => self.is_new || differs(&key),
        })
    }

    fn holder(&self, key: &str) -> Holder<'a> {
        match (value_of(self.written, key), self.sources.get(key)) {
            (Some(value), Some(origin)) if !value.is_null() => Holder::Source(origin),
            // What a source calls somebody is its own to say, whatever they sign in with.
            (None, _) if key == "userName" => Holder::Nobody,
            (None, _) if value_of(self.seen, key).is_some_and(|value| !value.is_null()) => Holder::People,
            _ => Holder::Nobody,
        }
    }
}

/// Brings what `source` wants together with what is there.
///
/// # Errors
/// [`Owned`], where the source names what it changes.
pub(super) fn merge(
    present: Present<'_>,
    wanted: &Attributes,
    (source, ranking): (&Origin, &Ranking),
    manner: Manner,
) -> Result<Merged, Owned> {
    let (attributes, sources) = (present.written.clone(), present.sources.clone());
    let mut merged = Merged { attributes, sources, changed: BTreeSet::new() };
    let names: BTreeSet<String> = keys(present.seen).chain(keys(wanted)).map(|(name, _)| name).collect();
    let (unmapped, verification) = (mapping::unmapped_key(), verification::key());
    for key in names.into_iter().filter(|key| *key != verification) {
        let (is, wish) = (value_of(present.seen, &key), value_of(wanted, &key));
        // What is unmapped is ours to say.
        let is_same = is == wish || key == unmapped;
        // Whoever brings a member says what it says, though it was known; whoever reads and writes back does not, nor who
        // names what it changes.
        if is_same && !(present.is_new && wish.is_some() && manner == Manner::Whole) {
            continue;
        }
        let holder = present.holder(&key);
        match (ranking.keeper(&key, holder, source), manner) {
            (Some(keeper), Manner::Change) if !is_same => return Err(Owned { attribute: key, keeper }),
            (Some(_), _) => continue,
            // Not to mention what others say is not to deny it.
            (None, Manner::Whole) if wish.is_none() && holder != Holder::Source(source) => continue,
            _ => {}
        }
        if let Some(wish) = wish {
            put_as_said(&mut merged, &key, (wish, source));
        } else {
            put(&mut merged.attributes, &key, Value::Null);
            merged.sources.remove(&key);
        }
        if !is_same {
            merged.changed.insert(key);
        }
    }
    Ok(merged)
}

/// Writes a value as the word of a source.
pub(super) fn put_as_said(merged: &mut Merged, key: &str, (value, source): (&Value, &Origin)) {
    put(&mut merged.attributes, key, value.clone());
    merged.sources.insert(key.to_owned(), source.clone());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::directory::provisioning::Source;

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
        let source = |origin: &Origin| Source { origin: origin.clone(), name: origin.to_string(), precedence: 0 };
        let ranking = Ranking { sources: vec![source(&scim), source(&ldap)], ..Ranking::default() };
        let present = Present { seen: &before, written: &written, sources: &sources, is_new: false };
        let merge = |wanted: Value, manner| merge(present, &map(wanted), (&scim, &ranking), manner);
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
        assert_eq!(taken.sources.get("nickName"), None, "what is taken away is nobody's");
        let part = merge(all(&|map| map["urn:e"]["b"] = json!(2)), Manner::Change).unwrap();
        assert_eq!(part.attributes["urn:e"], json!({"department": "X", "b": 2}));
    }

    #[test]
    fn whoever_brings_a_member_keeps_what_it_says() {
        let origin = |text: &str| Origin::from_stored(text.to_owned());
        let (hr, entra) = (origin("scim:hr"), origin("scim:entra"));
        let (nothing, nobody) = (Attributes::new(), Sources::new());
        let seen = map(json!({"title": "Dr", "nickName": "O"}));
        let ranking = Ranking::default();
        let first = Present { seen: &seen, written: &nothing, sources: &nobody, is_new: true };
        let wanted = map(json!({"title": "Dr", "locale": "da"}));
        assert!(first.is_contested(&wanted, &entra), "people said something");
        let merged = merge(first, &wanted, (&entra, &ranking), Manner::Whole).unwrap();
        assert_eq!(merged.changed.iter().collect::<Vec<_>>(), ["locale"]);
        assert_eq!(merged.sources.keys().collect::<Vec<_>>(), ["locale", "title"]);
        let own = Ranking { own: Some(1), ..Ranking::default() };
        let kept = merge(first, &wanted, (&entra, &own), Manner::Whole).unwrap();
        assert_eq!(kept.sources.keys().collect::<Vec<_>>(), ["locale"], "what people keep stays theirs");

        let named = merge(first, &map(json!({"title": "Mr", "nickName": "O"})), (&entra, &ranking), Manner::Change);
        assert_eq!(
            named.unwrap().sources.keys().collect::<Vec<_>>(),
            ["title"],
            "who names what it changes says no more"
        );

        // Whoever reads and writes back what a lower one wrote does not take it over; whoever says otherwise does.
        let later = Present { seen: &seen, written: &merged.attributes, sources: &merged.sources, is_new: false };
        let source = |origin: &Origin, precedence| Source { origin: origin.clone(), name: "x".into(), precedence };
        let ranking = Ranking { sources: vec![source(&hr, 1), source(&entra, 0)], ..Ranking::default() };
        assert!(!later.is_contested(&seen, &hr), "{merged:?}");
        assert_eq!(merge(later, &seen, (&hr, &ranking), Manner::Whole).unwrap().sources, merged.sources);
        let other = map(json!({"title": "Prof", "nickName": "O"}));
        assert!(later.is_contested(&other, &hr));
        let taken = merge(later, &other, (&hr, &ranking), Manner::Change).unwrap();
        assert_eq!(taken.sources["title"], hr);
        let back = Present { seen: &other, written: &taken.attributes, sources: &taken.sources, is_new: false };
        assert_eq!(merge(back, &wanted, (&entra, &ranking), Manner::Change).unwrap_err().attribute, "title");
        let gone = Ranking { sources: vec![source(&entra, 0)], ..Ranking::default() };
        assert_eq!(merge(back, &wanted, (&entra, &gone), Manner::Whole).unwrap().sources["title"], entra);
    }
}
