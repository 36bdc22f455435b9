//! How large a resource may be: the sum of its attributes as JSON, where `value` bounds each by itself.
//!
//! One operation of a PATCH may write one text to very many values. What it writes is counted before it is carried out, so
//! that a resource which is refused in the end is not even made.

use std::io;

use serde::Serialize;

use super::{
    document::Document,
    error::{ScimError, invalid_value},
};

/// The most bytes of the attributes of a resource.
pub const LARGEST: usize = 64 * 1024;

/// What is not counted: what Lanyard alone writes, and what is bounded by the number of members.
const UNCOUNTED: [&str; 5] = ["schemas", "id", "meta", "groups", "members"];

/// The length of a value as JSON.
pub(super) fn of(value: &impl Serialize) -> usize {
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

/// The length of the attributes that count.
pub(super) fn of_attributes(document: &Document) -> usize {
    let counted = document.iter().filter(|(name, _)| !UNCOUNTED.contains(&name.as_str()));
    // A name has quotes, a colon and a comma.
    counted.map(|(name, value)| name.len() + 4 + of(value)).sum()
}

/// RFC 7644 §3.12: `invalidValue`.
pub(super) fn check(document: &Document) -> Result<(), ScimError> {
    allow(of_attributes(document), LARGEST)
}

fn allow(size: usize, most: usize) -> Result<(), ScimError> {
    if size <= most {
        return Ok(());
    }
    Err(invalid_value(format!("the attributes of the resource would take {size} bytes as JSON, more than {most}")))
}

/// What may still be written to a resource before it is measured again: it never grows beyond twice what it may have.
pub(super) struct Room {
    most: usize,
    left: usize,
}

impl Room {
    /// Of a resource; one that is larger already may stay so.
    pub(super) fn of(document: &Document) -> Self {
        let most = of_attributes(document).max(LARGEST);
        Self { most, left: LARGEST }
    }

    /// Counts what is about to be written to the resource.
    pub(super) fn take(&mut self, bytes: usize, document: &Document) -> Result<(), ScimError> {
        if bytes > self.left {
            self.check(document)?;
            allow(bytes, LARGEST)?;
            self.left = LARGEST;
        }
        self.left -= bytes;
        Ok(())
    }

    pub(super) fn check(&self, document: &Document) -> Result<(), ScimError> {
        allow(of_attributes(document), self.most)
    }
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(value: Value) -> Document {
        let Value::Object(members) = value else { panic!("an object") };
        members
    }

    #[test]
    fn a_value_is_as_long_as_its_text() {
        for value in [json!("ä\n\u{1}\""), json!({"a": [1, null, true], "b": {}}), json!([])] {
            assert_eq!(of(&value), value.to_string().len(), "{value}");
        }
        let of_all = |value: Value| of_attributes(&object(value));
        assert_eq!(of_all(json!({"title": "Dr", "nickName": "B"})), r#""title":"Dr","nickName":"B","#.len());
        assert_eq!(of_all(json!({"id": "a", "meta": {}, "schemas": [], "members": [], "groups": []})), 0);
    }

    #[test]
    fn room_is_measured_before_it_ends() {
        let (little, much) = (object(json!({"title": "Dr"})), object(json!({"title": "x".repeat(LARGEST)})));
        let mut room = Room::of(&little);
        assert!(room.take(LARGEST, &little).is_ok());
        assert!(room.take(1, &little).is_ok(), "what was overwritten takes no room");
        assert!(room.take(LARGEST, &much).is_err());
        assert!(room.take(LARGEST + 1, &little).is_err());
        assert!(Room::of(&much).check(&much).is_ok(), "it was so large before");
        assert!(Room::of(&little).check(&much).is_err());
        assert_eq!(
            check(&much).unwrap_err().detail,
            "the attributes of the resource would take 65547 bytes as JSON, more than 65536"
        );
    }
}
