//! What a person is called, where a source changes a name: as somebody said it, else by its parts.
//!
//! A name to be shown (`displayName`, `name.formatted`) that nobody said follows `givenName` and `familyName`; one that
//! somebody said, a source or people here, stays until they say another.

use serde_json::Value;

use super::{
    Attributes, Known, Manner, Record, facts,
    ownership::{Merged, put_as_said},
};
use crate::{directory::origin::Origin, text::Name};

/// Takes out of what a source wants how the whole name is written, where it named other parts of it alone: what is seen of
/// that was not its word.
pub(super) fn leave_unsaid(wanted: &mut Attributes, (before, known): (&Attributes, &Known)) {
    let is_said = known.record.as_ref().is_some_and(|record| formatted(&record.attributes).is_some());
    if !is_said
        && wanted.get("name") != before.get("name")
        && formatted(wanted) == formatted(before)
        && let Some(Value::Object(name)) = wanted.get_mut("name")
    {
        name.remove(FORMATTED);
    }
}

/// Keeps the name to be shown that a source tells beside another name, though it is the same: it was said.
pub(super) fn keep_told(merged: &mut Merged, wanted: &Attributes, (source, manner): (&Origin, Manner)) {
    let told = wanted.get(DISPLAY_NAME).filter(|_| manner == Manner::Whole && merged.changed.contains("name"));
    if let Some(told) = told
        && !merged.attributes.contains_key(DISPLAY_NAME)
    {
        put_as_said(merged, DISPLAY_NAME, (told, source));
    }
}

/// What the person is called with this record; none where that stays as it is.
pub(super) fn of(known: &Known, record: &Record) -> Option<Name> {
    if let Some(said) = said(&record.attributes) {
        return Some(said);
    }
    let had_said = known.record.as_ref().is_some_and(|before| said(&before.attributes).is_some());
    let parts = [&known.given_name, &known.family_name];
    let made = joined(parts.map(|part| part.as_deref())).or_else(|| known.user_name().parse().ok());
    if !had_said && made.as_ref() != Some(&known.name) {
        return None;
    }
    let part = |part| record.attributes.get("name").and_then(|name| name.get(part)).and_then(Value::as_str);
    joined(["givenName", "familyName"].map(part))
}

const DISPLAY_NAME: &str = "displayName";
const FORMATTED: &str = "formatted";

fn formatted(attributes: &Attributes) -> Option<&str> {
    attributes.get("name")?.get(FORMATTED)?.as_str()
}

/// As somebody wrote it.
fn said(attributes: &Attributes) -> Option<Name> {
    let display = attributes.get(DISPLAY_NAME).and_then(Value::as_str);
    [display, formatted(attributes)].into_iter().flatten().find_map(|text| text.parse().ok())
}

fn joined(parts: [Option<&str>; 2]) -> Option<Name> {
    facts::joined(parts).parse().ok()
}
