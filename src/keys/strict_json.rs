//! JSON that has one meaning: an object, no member twice (RFC 8725 §2.4, RFC 7515 §4), nothing nested deeply.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep objects and arrays may lie in each other.
const MAX_DEPTH: u8 = 16;

/// Checks that `text` is such an object.
///
/// # Errors
/// The library's, which tells the place.
pub(crate) fn check_object(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    Level { left: MAX_DEPTH, only_object: true }.deserialize(&mut json)?;
    json.end()
}

#[derive(Clone, Copy)]
struct Level {
    left: u8,
    only_object: bool,
}

impl Level {
    fn below<E: Error>(self) -> Result<Self, E> {
        let left = self.left.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { left, only_object: false })
    }

    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.only_object { Err(E::custom("not an object")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(Error::custom("a member is repeated"));
            }
            members.next_value_seed(below)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.scalar()?;
        let below = self.below()?;
        while items.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unambiguous_object_passes() {
        let deep = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        for (text, passes) in [
            ("{}".to_owned(), true),
            (r#"{"a":1,"b":{"a":[1,-2.5,"x",null,true,{"a":[]}]}}"#.into(), true),
            (deep(16), true),
            (deep(17), false),
            (deep(5000), false),
            ("[".repeat(5000), false),
            (r#"{"a":1,"a":1}"#.into(), false),
            (r#"{"a":1,"\u0061":2}"#.into(), false),
            (r#"{"b":{"a":1,"a":2}}"#.into(), false),
            (r#"{"b":[{"a":1,"a":2}]}"#.into(), false),
            ("{} {}".into(), false),
            (r#"{"a":1,}"#.into(), false),
            (r#"{"a":NaN}"#.into(), false),
            ("[{}]".into(), false),
            (r#""text""#.into(), false),
            ("1".into(), false),
            ("null".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(check_object(text.as_bytes()).is_ok(), passes, "{text:.60}");
        }
        assert!(check_object(b"{\"a\":\"\xff\"}").is_err());
    }
}
