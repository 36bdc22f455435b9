//! The picture of an organization: kept here under the hash of its content, served by this server alone.

use data_encoding::HEXLOWER;

use super::{
    Change, Error, Result,
    organization::{self, Edit, LogoUri, Organization},
};
use crate::{audit::Context, id::OrganizationId, secret::sha256, storage::Tx};

/// Where pictures are served.
pub const PATH: &str = "/brand/";

/// The largest picture, in bytes.
pub const LARGEST: usize = 100 * 1024;

/// A picture and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Hash of the content, with a suffix for the kind: the last part of its path.
    pub name: String,
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub media_type: &'static str,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Recognizes a picture by its first bytes. No SVG: it can carry scripts.
    ///
    /// # Errors
    /// For anything else, and for more than 100 KiB.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() > LARGEST {
            return Err(Error::Refused("a logo has at most 100 KiB"));
        }
        let (suffix, media_type) = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => ("png", "image/png"),
            [0xff, 0xd8, 0xff, ..] => ("jpg", "image/jpeg"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ("webp", "image/webp"),
            _ => return Err(Error::Refused("a logo is a PNG, JPEG or WebP picture")),
        };
        Ok(Self { name: format!("{}.{suffix}", HEXLOWER.encode(&sha256(&bytes))), media_type, bytes })
    }
}

/// Keeps a picture and makes it the organization's logo.
///
/// # Errors
/// When there is no such organization.
pub async fn set(tx: &mut Tx, context: &Context, id: &OrganizationId, picture: &Picture) -> Result<Organization> {
    tx.logos().insert(picture, context.now).await?;
    let uri: LogoUri = format!("{PATH}{}", picture.name).parse().map_err(|_| Error::Refused("no name of a picture"))?;
    organization::update(tx, context, id, Edit { logo_uri: Change::Set(uri), ..Edit::default() }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content() {
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        let picture = Picture::parse(png).unwrap();
        assert_eq!(picture.media_type, "image/png");
        assert!(format!("{PATH}{}", picture.name).parse::<LogoUri>().is_ok());
        for bad in [b"<svg xmlns=".to_vec(), vec![], b"GIF89a".to_vec(), vec![0xff; LARGEST + 1]] {
            assert!(Picture::parse(bad).is_err());
        }
    }
}
