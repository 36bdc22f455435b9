//! What is said beside a search: pages, changes since the last time, what was deleted. Values are BER.

use ldap3::{
    asn1::{ASNTag as _, Enumerated, IResult, Integer, OctetString, PL, Sequence, StructureTag, Tag, parse_tag, write},
    controls::{Control, RawControl},
};

/// Simple paged results (RFC 2696).
const PAGED: &str = "1.2.840.113556.1.4.319";
/// Changes since a cookie, of Active Directory ([MS-ADTS] §3.1.1.3.4.1.3).
const DIR_SYNC: &str = "1.2.840.113556.1.4.841";
/// Deleted objects, too ([MS-ADTS] §3.1.1.3.4.1.14).
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
/// Content synchronization (RFC 4533 §2.2 to 2.4).
const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";

/// What a directory offers, as its root says (RFC 4512 §5.1, `supportedControl`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// Pages.
    Pages,
    /// Changes, by DirSync.
    DirSync,
    /// Changes, by RFC 4533.
    Sync,
}

impl Offered {
    /// The object identifier.
    #[must_use]
    pub const fn oid(self) -> &'static str {
        match self {
            Self::Pages => PAGED,
            Self::DirSync => DIR_SYNC,
            Self::Sync => SYNC_REQUEST,
        }
    }
}

/// What became of an entry (RFC 4533 §2.3, §2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is as it was.
    Present(Vec<u8>),
    /// It was added or changed.
    Changed(Vec<u8>),
    /// It was deleted, or is no longer among those that were asked for.
    Deleted(Vec<u8>),
}

pub(super) fn page(size: u16, cookie: &[u8]) -> RawControl {
    critical(PAGED, Some(encoded(vec![integer(i64::from(size)), octets(cookie)])))
}

/// `flags` as the document says; the most bytes of an answer are for the server to choose.
pub(super) fn dir_sync(flags: i64, cookie: &[u8]) -> RawControl {
    critical(DIR_SYNC, Some(encoded(vec![integer(flags), integer(0), octets(cookie)])))
}

pub(super) fn show_deleted() -> RawControl {
    critical(SHOW_DELETED, None)
}

/// Changes since `cookie`, then the end (`refreshOnly`).
pub(super) fn sync(cookie: Option<&[u8]>) -> RawControl {
    let mode = Tag::Enumerated(Enumerated { inner: 1, ..Enumerated::default() });
    let parts = [Some(mode), cookie.map(octets)].into_iter().flatten().collect();
    critical(SYNC_REQUEST, Some(encoded(parts)))
}

/// Where the next page begins; empty after the last.
pub(super) fn next_page(controls: &[Control]) -> Option<Vec<u8>> {
    let [_, cookie] = <[StructureTag; 2]>::try_from(parts(value(controls, PAGED)?)?).ok()?;
    cookie.expect_primitive()
}

/// Whether there is more, and the cookie to go on with.
pub(super) fn next_changes(controls: &[Control]) -> Option<(bool, Vec<u8>)> {
    let [more, _, cookie] = <[StructureTag; 3]>::try_from(parts(value(controls, DIR_SYNC)?)?).ok()?;
    Some((is_set(more)?, cookie.expect_primitive()?))
}

/// What became of the entry that these came with.
pub(super) fn sync_state(controls: &[Control]) -> Option<Change> {
    let mut parts = parts(value(controls, SYNC_STATE)?)?.into_iter();
    let state = parts.next()?.expect_primitive()?;
    let uuid = parts.next()?.expect_primitive()?;
    match *state.as_slice() {
        [0] => Some(Change::Present(uuid)),
        [1 | 2] => Some(Change::Changed(uuid)),
        [3] => Some(Change::Deleted(uuid)),
        _ => None,
    }
}

/// The cookie of the next time, and whether all that was not named is as it was (otherwise it is gone).
pub(super) fn sync_done(controls: &[Control]) -> Option<(Option<Vec<u8>>, bool)> {
    let (mut cookie, mut tells_deletes) = (None, false);
    for part in parts(value(controls, SYNC_DONE)?)? {
        match part.id {
            1 => tells_deletes = is_set(part)?,
            4 => cookie = part.expect_primitive(),
            _ => return None,
        }
    }
    Some((cookie, tells_deletes))
}

/// What a message between entries says (RFC 4533 §2.5): changes, and a cookie.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) changes: Vec<Change>,
    pub(super) cookie: Option<Vec<u8>>,
}

/// `message`: the intermediate response, whose second part holds it.
pub(super) fn sync_info(message: StructureTag) -> Option<Info> {
    let value = message.expect_constructed()?.into_iter().find(|part| part.id == 1)?.expect_primitive()?;
    let choice = parsed(&value)?;
    let mut info = Info::default();
    match choice.id {
        0 => info.cookie = choice.expect_primitive(),
        1 | 2 => {
            let cookie = choice.expect_constructed()?.into_iter().find(|part| part.id == 4);
            info.cookie = cookie.and_then(StructureTag::expect_primitive);
        }
        3 => {
            let (mut deletes, mut named) = (false, vec![]);
            for part in choice.expect_constructed()? {
                match part.id {
                    1 => deletes = is_set(part)?,
                    4 => info.cookie = part.expect_primitive(),
                    17 => named = part.expect_constructed()?,
                    _ => return None,
                }
            }
            let change = if deletes { Change::Deleted } else { Change::Present };
            info.changes = named.into_iter().filter_map(StructureTag::expect_primitive).map(change).collect();
        }
        _ => return None,
    }
    Some(info)
}

fn critical(oid: &str, value: Option<Vec<u8>>) -> RawControl {
    RawControl { ctype: oid.to_owned(), crit: true, val: value }
}

fn integer(inner: i64) -> Tag {
    Tag::Integer(Integer { inner, ..Integer::default() })
}

fn octets(bytes: &[u8]) -> Tag {
    Tag::OctetString(OctetString { inner: bytes.to_vec(), ..OctetString::default() })
}

fn encoded(parts: Vec<Tag>) -> Vec<u8> {
    let sequence = Sequence { inner: parts, ..Sequence::default() }.into_structure();
    let mut bytes = bytes::BytesMut::new();
    write::encode_into(&mut bytes, sequence).expect("memory takes whatever is written to it");
    bytes.to_vec()
}

fn value<'c>(controls: &'c [Control], oid: &str) -> Option<&'c [u8]> {
    controls.iter().find(|control| control.1.ctype == oid)?.1.val.as_deref()
}

fn parsed(bytes: &[u8]) -> Option<StructureTag> {
    match parse_tag(bytes) {
        IResult::Ok((_, tag)) => Some(tag),
        IResult::Err(_) => None,
    }
}

fn parts(value: &[u8]) -> Option<Vec<StructureTag>> {
    parsed(value)?.expect_constructed()
}

/// A number or a truth value that is not zero.
fn is_set(tag: StructureTag) -> Option<bool> {
    match tag.payload {
        PL::P(bytes) => Some(bytes.iter().any(|byte| *byte != 0)),
        PL::C(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(oid: &str, value: &[u8]) -> Vec<Control> {
        vec![Control(None, RawControl { ctype: oid.to_owned(), crit: false, val: Some(value.to_vec()) })]
    }

    #[test]
    fn questions_are_encoded_as_their_documents_say() {
        for (case, asked, expected) in [
            ("a first page", page(500, b""), &b"\x30\x06\x02\x02\x01\xf4\x04\x00"[..]),
            ("a later one", page(1, b"ab"), b"\x30\x07\x02\x01\x01\x04\x02ab"),
            ("first changes", dir_sync(0, b""), b"\x30\x08\x02\x01\x00\x02\x01\x00\x04\x00"),
            ("as the account may see", dir_sync(1, b"c"), b"\x30\x09\x02\x01\x01\x02\x01\x00\x04\x01c"),
            ("all content", sync(None), b"\x30\x03\x0a\x01\x01"),
            ("changes of it", sync(Some(b"rid=1")), b"\x30\x0a\x0a\x01\x01\x04\x05rid=1"),
        ] {
            assert_eq!(asked.val.as_deref(), Some(expected), "{case}");
            assert!(asked.crit, "{case}: whoever does not know it says so");
        }
        assert_eq!(show_deleted().val, None);
    }

    #[test]
    fn answers_are_read_and_broken_ones_are_none() {
        assert_eq!(next_page(&control(PAGED, b"\x30\x07\x02\x01\x00\x04\x02ab")), Some(b"ab".to_vec()));
        assert_eq!(next_page(&control(PAGED, b"\x30\x05\x02\x01\x00\x04\x00")), Some(vec![]));
        assert_eq!(next_page(&control(DIR_SYNC, b"\x30\x05\x02\x01\x00\x04\x00")), None);
        let changes = |value: &[u8]| next_changes(&control(DIR_SYNC, value));
        assert_eq!(changes(b"\x30\x09\x02\x01\x01\x02\x01\x00\x04\x01c"), Some((true, b"c".to_vec())));
        assert_eq!(changes(b"\x30\x09\x02\x01\x00\x02\x01\x00\x04\x01c"), Some((false, b"c".to_vec())));
        let state = |value: &[u8]| sync_state(&control(SYNC_STATE, value));
        assert_eq!(state(b"\x30\x06\x0a\x01\x02\x04\x01u"), Some(Change::Changed(b"u".to_vec())));
        assert_eq!(state(b"\x30\x06\x0a\x01\x03\x04\x01u"), Some(Change::Deleted(b"u".to_vec())));
        assert_eq!(state(b"\x30\x06\x0a\x01\x09\x04\x01u"), None);
        let done = |value: &[u8]| sync_done(&control(SYNC_DONE, value));
        assert_eq!(done(b"\x30\x06\x04\x01c\x01\x01\xff"), Some((Some(b"c".to_vec()), true)));
        assert_eq!(done(b"\x30\x00"), Some((None, false)));
        for broken in [&b""[..], b"\x30", b"\x30\x05\x02", b"\x04\x01a", b"\x30\x03\x30\x01\x00", b"\xff\xff\xff"] {
            for (oid, read) in [
                (PAGED, next_page(&control(PAGED, broken)).is_none()),
                (DIR_SYNC, changes(broken).is_none()),
                (SYNC_STATE, state(broken).is_none()),
            ] {
                assert!(read, "{oid} {broken:?}");
            }
        }
    }

    #[test]
    fn what_is_said_between_entries_is_read() {
        let message = |value: &[u8]| {
            let inner = Tag::Sequence(Sequence {
                inner: vec![Tag::OctetString(OctetString {
                    id: 1,
                    class: ldap3::asn1::TagClass::Context,
                    inner: value.to_vec(),
                })],
                ..Sequence::default()
            });
            sync_info(inner.into_structure())
        };
        let of =
            |changes: Vec<Change>, cookie: Option<&[u8]>| Some(Info { changes, cookie: cookie.map(<[u8]>::to_vec) });
        for (case, value, expected) in [
            ("a cookie", &b"\x80\x01c"[..], of(vec![], Some(b"c"))),
            ("deletes were told", b"\xa1\x03\x04\x01c", of(vec![], Some(b"c"))),
            ("what is there was told", b"\xa2\x03\x04\x01c", of(vec![], Some(b"c"))),
            (
                "deleted ones",
                b"\xa3\x0b\x01\x01\xff\x31\x06\x04\x01a\x04\x01b",
                of(vec![Change::Deleted(b"a".to_vec()), Change::Deleted(b"b".to_vec())], None),
            ),
            ("those that are there", b"\xa3\x05\x31\x03\x04\x01a", of(vec![Change::Present(b"a".to_vec())], None)),
            ("something else", b"\xa9\x00", None),
            ("nothing", b"", None),
        ] {
            assert_eq!(message(value), expected, "{case}");
        }
    }
}
