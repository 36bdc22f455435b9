//! An entry, as a directory tells it.

use std::{collections::BTreeMap, str};

/// One entry. Names of attributes are lower case; values are bytes, since some are no text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its name: unique in its directory, until it is renamed or moved.
    pub dn: String,
    attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// An entry of these attributes.
    #[must_use]
    pub fn new(dn: impl Into<String>, attributes: impl IntoIterator<Item = (String, Vec<Vec<u8>>)>) -> Self {
        let folded = attributes.into_iter().map(|(name, values)| (name.to_ascii_lowercase(), values));
        Self { dn: dn.into(), attributes: folded.collect() }
    }

    /// The first value of `name` that is text and not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// All its values that are text and not empty; nobody is called with a zero byte, and not every database takes one.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name)
            .iter()
            .filter_map(|value| str::from_utf8(value).ok())
            .filter(|text| !text.trim().is_empty() && !text.contains('\0'))
    }

    /// The first value of `name`.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.all(name).first().map(Vec::as_slice)
    }

    /// The first value of `name`, as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// All values of `name`.
    #[must_use]
    pub fn all(&self, name: &str) -> &[Vec<u8>] {
        self.attributes.get(&name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Attributes with their values.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &[Vec<u8>])> {
        self.attributes.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Takes `name` of which a directory told a part only, as Active Directory does with long lists
    /// (`member;range=0-1499`): the values, and where those that are missing begin.
    #[must_use]
    pub fn take_range(&mut self, name: &str) -> Option<(Vec<Vec<u8>>, Option<u64>)> {
        let begins = format!("{};range=", name.to_ascii_lowercase());
        let key = self.attributes.keys().find(|key| key.starts_with(&begins))?.clone();
        let (_, last) = key.strip_prefix(&begins)?.split_once('-')?;
        let next = last.parse::<u64>().ok().map(|last| last.saturating_add(1));
        Some((self.attributes.remove(&key)?, next))
    }

    /// Adds values to `name`.
    pub fn add(&mut self, name: &str, mut values: Vec<Vec<u8>>) {
        self.attributes.entry(name.to_ascii_lowercase()).or_default().append(&mut values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &[&[u8]])]) -> Entry {
        let owned = |(name, values): &(&str, &[&[u8]])| {
            ((*name).to_owned(), values.iter().map(|value| value.to_vec()).collect())
        };
        Entry::new("cn=x", attributes.iter().map(owned))
    }

    #[test]
    fn values_are_read_by_folded_names() {
        let entry = entry(&[
            ("sAMAccountName", &[b"ada"]),
            ("flags", &[b" 512 "]),
            ("photo", &[b"\xff\xd8"]),
            ("mail", &[b" ", b"a@b.example"]),
        ]);
        assert_eq!(entry.text("samaccountname"), Some("ada"));
        assert_eq!(entry.number("Flags"), Some(512));
        assert_eq!(entry.number("sAMAccountName"), None);
        assert_eq!((entry.text("photo"), entry.bytes("photo")), (None, Some(&b"\xff\xd8"[..])), "no text");
        assert_eq!(entry.text("mail"), Some("a@b.example"), "what is empty says nothing");
        assert_eq!(entry.text("cn"), None);
    }

    #[test]
    fn a_part_of_a_long_list_says_where_the_rest_begins() {
        for (name, values, next) in [
            ("member;range=0-1499", 2, Some(Some(1500))),
            ("Member;Range=1500-*", 2, Some(None)),
            ("member", 0, None),
            ("member;range=", 0, None),
            ("memberof;range=0-1", 0, None),
        ] {
            let mut entry = entry(&[(name, &[b"a", b"b"])]);
            let taken = entry.take_range("member");
            assert_eq!(taken.as_ref().map(|(_, next)| *next), next, "{name}");
            assert_eq!(taken.map_or(0, |(values, _)| values.len()), values, "{name}");
        }
    }
}
