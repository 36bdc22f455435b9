//! Cursors (RFC 9865): where a list goes on. A cursor is a text with a MAC over it and over what is listed, so that none is
//! kept, and none leads on in another list.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::error::{ScimError, ScimType};
use crate::{clock::Timestamp, secret::equal, web::Site};

const PURPOSE: &str = "scim cursor";

/// How long a cursor leads on.
pub const LIFE: Duration = Duration::from_hours(1);

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After so many.
    Skip(u64),
    /// After the resource of this id.
    After(String),
}

/// The cursor of a position in the list that these texts identify.
#[must_use]
pub fn seal(site: &Site, list: &[&str], position: &Position, now: Timestamp) -> String {
    let place = match position {
        Position::Skip(many) => format!("s{many}"),
        Position::After(id) => format!("a{id}"),
    };
    let text = format!("{place}.{}", now.0);
    let mac = mac(site, list, &text);
    format!("{}.{mac}", BASE64URL_NOPAD.encode(text.as_bytes()))
}

/// The position that a cursor leads to.
///
/// # Errors
/// `invalidCursor` for one of another list, `expiredCursor`.
pub fn open(site: &Site, list: &[&str], cursor: &str, now: Timestamp) -> Result<Position, ScimError> {
    let invalid =
        || ScimError::new(ScimType::InvalidCursor, "'cursor' is not one of this list; begin again with an empty one");
    let (text, sent) = cursor.split_once('.').ok_or_else(invalid)?;
    let text = BASE64URL_NOPAD.decode(text.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| equal(mac(site, list, text).as_bytes(), sent.as_bytes())).ok_or_else(invalid)?;
    let (place, made) = text.rsplit_once('.').ok_or_else(invalid)?;
    let made = Timestamp(made.parse().map_err(|_| invalid())?);
    if now.since(made) >= LIFE {
        return Err(ScimError::new(
            ScimType::ExpiredCursor,
            "'cursor' is older than an hour; begin again with an empty one",
        ));
    }
    match place.split_at(1) {
        ("s", many) => many.parse().map(Position::Skip).map_err(|_| invalid()),
        (_, id) => Ok(Position::After(id.to_owned())),
    }
}

fn mac(site: &Site, list: &[&str], text: &str) -> String {
    let parts: Vec<&str> = list.iter().copied().chain([text]).collect();
    BASE64URL_NOPAD.encode(&site.mac(PURPOSE, &parts)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, random::Random, secret::SecretSlice};

    #[test]
    fn a_cursor_leads_on_in_its_own_list_for_an_hour() {
        let secret = SecretSlice::from(vec![7; 32]);
        let site =
            Site::new("https://id.example".parse().unwrap(), &secret, Clock::fixed(Timestamp(0)), Random::seeded(1));
        let now = Timestamp(5);
        for position in [Position::Skip(7), Position::After("mem_1".into())] {
            let cursor = seal(&site, &["org", "filter"], &position, now);
            assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{cursor}");
            let opened = |list: &[&str], cursor: &str, at| {
                open(&site, list, cursor, at).map_err(|error| error.scim_type.unwrap())
            };
            let late = Timestamp(5 + 3_600_000);
            assert_eq!(opened(&["org", "filter"], &cursor, Timestamp(late.0 - 1)), Ok(position));
            assert_eq!(opened(&["org", "filter"], &cursor, late), Err(ScimType::ExpiredCursor));
            assert_eq!(opened(&["other", "filter"], &cursor, now), Err(ScimType::InvalidCursor));
            assert_eq!(opened(&["org", "filter"], &cursor[1..], now), Err(ScimType::InvalidCursor));
            assert_eq!(opened(&["org", "filter"], "", now), Err(ScimType::InvalidCursor));
        }
    }
}
