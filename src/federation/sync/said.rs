//! What a directory says of an entry, as far as it is compared with what it said before.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;

use crate::{
    clock::Timestamp,
    ldap::{
        Entry, Preset,
        account::{self, Standing},
    },
    secret::sha256,
    upstream::entry::Class,
};

/// Attributes that change without anything being otherwise.
const VOLATILE: [&str; 2] = ["usnchanged", "modifytimestamp"];

/// What is longer, in bytes, nobody types.
const LONGEST_NAME: usize = 256;

/// An entry with what is remembered of it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) entry: Entry,
    /// What stays when it is renamed or moved.
    pub(super) anchor: String,
    /// Its name, in lower case.
    pub(super) dn: String,
    /// Of all that it says.
    pub(super) digest: String,
    pub(super) account: Option<String>,
    pub(super) number: Option<i64>,
    /// What a person may type to sign in.
    pub(super) names: BTreeSet<String>,
    pub(super) ends_at: Option<Timestamp>,
    /// Whether a person may be let in.
    pub(super) standing: Standing,
}

impl Said {
    /// Reads an entry; none when it has nothing that stays. `salt` stands for how it is read.
    pub(super) fn of(
        entry: Entry,
        class: Class,
        (preset, salt, now): (Preset, &[u8], Timestamp),
        names: &[String],
    ) -> Option<Self> {
        let anchor = anchor(&entry, preset)?;
        let (standing, ends_at) = match class {
            Class::Person => (account::standing(&entry, preset, now), account::ends(&entry, preset)),
            Class::Group => (Standing::Open, None),
        };
        let (account, number) = match (preset, class) {
            (Preset::ActiveDirectory, Class::Person) => (None, entry.number("primaryGroupID")),
            (Preset::ActiveDirectory, Class::Group) => (None, entry.bytes("objectSid").and_then(last_of_sid)),
            (Preset::OpenLdap, Class::Person) => (entry.text("uid").map(str::to_lowercase), entry.number("gidNumber")),
            (Preset::OpenLdap, Class::Group) => (None, entry.number("gidNumber")),
        };
        let names = names.iter().flat_map(|name| entry.texts(name)).map(|name| name.trim().to_lowercase());
        let names = names.filter(|name| (1..=LONGEST_NAME).contains(&name.len())).collect();
        let digest = digest(&entry, salt, standing != Standing::Open);
        Some(Self { dn: folded(&entry.dn), anchor, digest, account, number, names, ends_at, standing, entry })
    }

    /// The names of a group's members that name entries, and those that name accounts.
    pub(super) fn members(&self, preset: Preset) -> (Vec<String>, Vec<String>) {
        let (by_entry, by_account) = preset.members();
        let entries = by_entry.iter().flat_map(|name| self.entry.texts(name)).map(folded).collect();
        let accounts = by_account.iter().flat_map(|name| self.entry.texts(name)).map(str::to_lowercase).collect();
        (entries, accounts)
    }
}

/// What stays of an entry when it is renamed or moved, as text: both kinds are 16 bytes (RFC 4530, [MS-ADTS] §3.1.1.1.5).
pub(super) fn anchor(entry: &Entry, preset: Preset) -> Option<String> {
    match preset {
        Preset::ActiveDirectory => entry.bytes(preset.anchor()).map(hex),
        Preset::OpenLdap => entry.text(preset.anchor()).map(str::to_lowercase),
    }
}

/// Sixteen bytes as the directory writes its anchors.
pub(super) fn anchor_of(bytes: &[u8], preset: Preset) -> String {
    let plain = hex(bytes);
    match (preset, bytes.len()) {
        (Preset::OpenLdap, 16) => {
            let part = |from: usize, to: usize| &plain[from..to];
            [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
        }
        _ => plain,
    }
}

/// A name as it is compared: directories see no difference between small and capital letters.
pub(super) fn folded(dn: &str) -> String {
    dn.to_lowercase()
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The relative identifier at the end of a SID ([MS-DTYP] §2.4.2): the number by which people have a primary group.
fn last_of_sid(sid: &[u8]) -> Option<i64> {
    sid.last_chunk::<4>().map(|bytes| i64::from(u32::from_le_bytes(*bytes)))
}

fn digest(entry: &Entry, salt: &[u8], is_closed: bool) -> String {
    let mut text = salt.to_vec();
    let mut add = |bytes: &[u8]| {
        text.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        text.extend_from_slice(bytes);
    };
    add(entry.dn.as_bytes());
    add(&[u8::from(is_closed)]);
    for (name, values) in entry.attributes().filter(|(name, _)| !VOLATILE.contains(name)) {
        add(name.as_bytes());
        let mut values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        values.sort_unstable();
        add(&(values.len() as u64).to_be_bytes());
        values.into_iter().for_each(&mut add);
    }
    hex(&sha256(&text)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::in_filter;

    fn entry(dn: &str, attributes: &[(&str, &[&[u8]])]) -> Entry {
        let owned = |(name, values): &(&str, &[&[u8]])| {
            ((*name).to_owned(), values.iter().map(|value| value.to_vec()).collect())
        };
        Entry::new(dn, attributes.iter().map(owned))
    }

    const AD: Preset = Preset::ActiveDirectory;

    fn said(entry: Entry, class: Class, preset: Preset) -> Option<Said> {
        Said::of(entry, class, (preset, b"salt", Timestamp(1_795_334_400_000)), &["mail".to_owned()])
    }

    #[test]
    fn what_is_said_is_the_same_until_it_means_something_else() {
        let guid: &[u8] = &[0xab; 16];
        let plain = |extra: &[(&str, &[&[u8]])]| {
            let known: [(&str, &[&[u8]]); 2] = [("objectGUID", &[guid]), ("mail", &[b"a", b"b"])];
            let attributes = [&known, extra].concat();
            said(entry("CN=Ada", &attributes), Class::Person, AD).unwrap().digest
        };
        let before = plain(&[]);
        for (case, extra, is_same) in [
            ("a counter", ("uSNChanged", b"17" as &[u8]), true),
            ("when it was changed", ("modifyTimestamp", b"20261123"), true),
            ("a title", ("title", b"GP"), false),
            ("an account that is open", ("userAccountControl", b"512"), false),
        ] {
            assert_eq!(plain(&[(extra.0, &[extra.1])]) == before, is_same, "{case}");
        }
        let turned = entry("CN=Ada", &[("mail", &[b"b", b"a"]), ("objectGUID", &[guid])]);
        assert_eq!(said(turned, Class::Person, AD).unwrap().digest, before, "the order of values says nothing");
        let moved = entry("CN=Ada,OU=New", &[("mail", &[b"b", b"a"]), ("objectGUID", &[guid])]);
        assert_ne!(said(moved, Class::Person, AD).unwrap().digest, before, "it has another name");
        let joined = entry("CN=Ada", &[("mail", &[b"ab"]), ("objectGUID", &[guid])]);
        assert_ne!(said(joined, Class::Person, AD).unwrap().digest, before);
        assert!(said(entry("CN=Ada", &[("mail", &[b"a"])]), Class::Person, AD).is_none(), "nothing of it stays");
    }

    #[test]
    fn an_anchor_is_sixteen_bytes_however_it_is_written() {
        let bytes: Vec<u8> = (0..16).collect();
        let (ad, open) = ("000102030405060708090a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(anchor_of(&bytes, AD), ad);
        assert_eq!(anchor_of(&bytes, Preset::OpenLdap), open);
        assert_eq!(in_filter(ad, AD), r"\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f");
        assert_eq!(in_filter(open, Preset::OpenLdap), open);
    }

    #[test]
    fn a_group_has_the_number_by_which_people_name_it() {
        let sid: &[u8] = &[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 1, 2, 0, 0];
        let group = entry("CN=Users", &[("objectGUID", &[&[1; 16]]), ("objectSid", &[sid])]);
        assert_eq!(said(group, Class::Group, AD).unwrap().number, Some(513));
        let person = entry("CN=Ada", &[("objectGUID", &[&[1; 16]]), ("primaryGroupID", &[b"513"])]);
        assert_eq!(said(person, Class::Person, AD).unwrap().number, Some(513));
        let posix = entry(
            "cn=all",
            &[
                ("entryUUID", &[b"A"]),
                ("gidNumber", &[b"100"]),
                ("memberUid", &[b"Ada", b"ben"]),
                ("member", &[b"UID=x"]),
            ],
        );
        let posix = said(posix, Class::Group, Preset::OpenLdap).unwrap();
        assert_eq!((posix.number, posix.anchor.as_str()), (Some(100), "a"));
        let (entries, accounts) = posix.members(Preset::OpenLdap);
        assert_eq!((entries, accounts), (vec!["uid=x".to_owned()], vec!["ada".to_owned(), "ben".to_owned()]));
    }
}
