//! In which country an address is: by a file of the operator's in the format of `MaxMind` DB, and nobody else is asked.
//!
//! The file is read into memory when the server starts, and again whenever it has changed: whoever brings it up to date
//! puts a new one in its place. One that cannot be read is logged and changes nothing: the former one goes on. Private
//! addresses are in no country; of those that the file does not know, or where there is none, the country is not known.
//!
//! The one door of `maxminddb`.

pub mod testing;

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use maxminddb::{Reader, geoip2};

/// A country, by its code of two letters (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Text that is no code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of two letters")]
pub struct NotACountry;

impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match *text.as_bytes() {
            [one, other] if text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Ok(Self([one.to_ascii_uppercase(), other.to_ascii_uppercase()]))
            }
            _ => Err(NotACountry),
        }
    }
}

impl Country {
    /// Its two letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A point on the globe, in thousandths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// North of the equator.
    pub latitude: i64,
    /// East of Greenwich.
    pub longitude: i64,
}

impl Point {
    /// The way to another, along the surface, in kilometres (the haversine formula).
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "degrees and kilometres are small"
    )]
    pub fn kilometres_to(self, other: Self) -> i64 {
        let radians = |thousandths: i64| (thousandths as f64 / 1000.0).to_radians();
        let (here, there) = (radians(self.latitude), radians(other.latitude));
        let across = radians(other.longitude - self.longitude);
        let half = ((there - here) / 2.0).sin().powi(2) + here.cos() * there.cos() * (across / 2.0).sin().powi(2);
        (2.0 * 6371.0 * half.clamp(0.0, 1.0).sqrt().asin()) as i64
    }
}

/// Where somebody comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub address: IpAddr,
    /// Its country, where that is known.
    pub country: Option<Country>,
}

impl Place {
    /// Whether the address is of a network of somebody's own, which is in no country.
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self.address.to_canonical() {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        }
    }
}

/// How a file was when it was read: another one has another length, or another time.
type Mark = (u64, Option<SystemTime>);

/// The countries of addresses.
#[derive(Debug, Default)]
pub struct Countries {
    file: Option<PathBuf>,
    reader: RwLock<Option<Arc<Reader<Vec<u8>>>>>,
    /// Of the file that was looked at last, readable or not: it is tried once.
    seen: Mutex<Option<Mark>>,
}

impl Countries {
    /// By this file; of no address, where there is none.
    #[must_use]
    pub fn of(file: Option<&Path>) -> Self {
        let countries = Self { file: file.map(Path::to_owned), ..Self::default() };
        countries.refresh();
        countries
    }

    /// Whether a file is configured and was read.
    #[must_use]
    pub fn are_known(&self) -> bool {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The country of an address.
    #[must_use]
    pub fn of_address(&self, address: IpAddr) -> Option<Country> {
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let found = reader.lookup(address.to_canonical()).ok()?;
        let found: geoip2::Country<'_> = found.decode().ok()??;
        // Where somebody is, or else where the network is registered.
        found.country.iso_code.or(found.registered_country.iso_code)?.parse().ok()
    }

    /// Where an address is, where the file says so (those with cities do).
    #[must_use]
    pub fn point_of(&self, address: IpAddr) -> Option<Point> {
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let found = reader.lookup(address.to_canonical()).ok()?;
        let found: geoip2::City<'_> = found.decode().ok()??;
        Some(Point {
            latitude: thousandths(found.location.latitude?)?,
            longitude: thousandths(found.location.longitude?)?,
        })
    }

    /// Reads the file anew if it has changed; blocks while it reads.
    pub fn refresh(&self) {
        let Some(path) = &self.file else { return };
        let mark = std::fs::metadata(path).ok().map(|found| (found.len(), found.modified().ok()));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if mark.is_some() && *seen == mark {
            return;
        }
        let was_missing = seen.is_none() && self.are_known();
        *seen = mark;
        drop(seen);
        let read = Reader::open_readfile(path).map_err(|cause| cause.to_string());
        match read.and_then(|reader| checked(reader, path)) {
            Ok(reader) => {
                *self.reader.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reader));
                tracing::info!(file = %path.display(), "The file of countries was read.");
            }
            Err(_) if was_missing => {}
            Err(cause) => {
                tracing::error!(file = %path.display(), %cause, "The file of countries cannot be read; a former one goes on.");
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees are small")]
fn thousandths(degrees: f64) -> Option<i64> {
    (degrees.abs() <= 180.0).then_some((degrees * 1000.0) as i64)
}

/// Looks whether a file can be read, and when it was made: Unix seconds.
///
/// # Errors
/// Why it cannot be read.
pub fn made_at(path: &Path) -> Result<u64, String> {
    let reader = Reader::open_readfile(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    Ok(checked(reader, path)?.metadata().build_epoch)
}

/// A file that is cut off or broken is told by a few addresses.
fn checked(reader: Reader<Vec<u8>>, path: &Path) -> Result<Reader<Vec<u8>>, String> {
    for address in ["1.1.1.1", "100.0.0.1", "200.0.0.1", "255.255.255.254"] {
        let address: IpAddr = address.parse().map_err(|_| String::new())?;
        let found = reader.lookup(address).map_err(|cause| format!("{}: {cause}", path.display()))?;
        found.decode::<geoip2::Country<'_>>().map_err(|cause| format!("{}: {cause}", path.display()))?;
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_in_the_country_of_its_network() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("countries.mmdb");
        std::fs::write(
            &file,
            testing::file(&[("192.0.2.0/24", "DK"), ("192.0.2.128/25", "SE"), ("2001:db8::/32", "NO")]),
        )
        .unwrap();
        let countries = Countries::of(Some(&file));
        for (address, expected) in [
            ("192.0.2.7", Some("DK")),
            ("::ffff:192.0.2.7", Some("DK")),
            ("192.0.2.200", Some("SE")),
            ("2001:db8::7", Some("NO")),
            ("198.51.100.7", None),
            ("2001:db9::7", None),
        ] {
            assert_eq!(countries.of_address(at(address)).as_ref().map(Country::code), expected, "{address}");
            assert_eq!(countries.point_of(at(address)), None, "a file of countries says no more");
        }
        std::fs::write(
            &file,
            testing::file(&[("192.0.2.0/24", "DK 55.676 12.568"), ("198.51.100.0/24", "NZ -36.849 174.763")]),
        )
        .unwrap();
        countries.refresh();
        let point = |address| countries.point_of(at(address)).map(|point| (point.latitude, point.longitude));
        assert_eq!((point("192.0.2.7"), point("198.51.100.7")), (Some((55_676, 12_568)), Some((-36_849, 174_763))));
        assert_eq!(countries.of_address(at("198.51.100.7")).map(|one| one.to_string()).as_deref(), Some("NZ"));
    }

    #[test]
    fn a_new_file_counts_and_a_broken_or_missing_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("countries.mmdb");
        let countries = Countries::of(Some(&file));
        let code = || countries.of_address(at("192.0.2.7")).map(|found| found.to_string());
        assert_eq!((countries.are_known(), code()), (false, None));
        let whole = testing::file(&[("192.0.2.0/24", "DK")]);
        for (content, expected) in [
            (b"no database".to_vec(), None),
            (whole.clone(), Some("DK")),
            (whole[..whole.len() / 2].to_vec(), Some("DK")),
            (vec![], Some("DK")),
            (testing::file(&[("192.0.2.0/24", "SE"), ("198.51.100.0/24", "SE")]), Some("SE")),
        ] {
            std::fs::write(&file, content).unwrap();
            countries.refresh();
            assert_eq!(code().as_deref(), expected);
        }
        std::fs::remove_file(&file).unwrap();
        countries.refresh();
        assert_eq!(code().as_deref(), Some("SE"));
        assert_eq!(Countries::of(None).of_address(at("192.0.2.7")), None);
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let point = |latitude, longitude| Point { latitude, longitude };
        let copenhagen = point(55_676, 12_568);
        for (there, expected) in [
            (copenhagen, 0..1),
            (point(55_605, 13_004), 25..32),
            (point(40_417, -3_703), 2_050..2_100),
            (point(-36_849, 174_763), 17_500..17_700),
            (point(90_000, 0), 3_800..3_830),
        ] {
            assert!(expected.contains(&copenhagen.kilometres_to(there)), "{}", copenhagen.kilometres_to(there));
            assert_eq!(there.kilometres_to(copenhagen), copenhagen.kilometres_to(there));
        }
    }

    #[test]
    fn a_country_has_two_letters() {
        for (text, expected) in
            [("DK", Some("DK")), ("dk", Some("DK")), ("D", None), ("DNK", None), ("D1", None), ("", None)]
        {
            assert_eq!(text.parse::<Country>().ok().map(|one| one.to_string()).as_deref(), expected, "{text}");
        }
    }
}
