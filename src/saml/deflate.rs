//! DEFLATE (RFC 1951), as the Redirect binding has it (bindings §3.4.4.1): no more comes out than is wanted.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

/// Why nothing comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not compressed like this.
    #[error("it is not compressed by DEFLATE")]
    Broken,
    /// More would come out than is wanted.
    #[error("more comes out of it than a message may have")]
    TooLarge,
}

/// What was compressed, of `most` bytes at most; no more memory than that is taken.
///
/// # Errors
/// [`Fault`].
pub fn inflate(bytes: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut text = vec![];
    let room = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    DeflateDecoder::new(bytes).take(room).read_to_end(&mut text).map_err(|_| Fault::Broken)?;
    if text.len() > most { Err(Fault::TooLarge) } else { Ok(text) }
}

/// Compresses.
///
/// # Panics
/// Never: memory takes all that is written to it.
#[must_use]
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![], Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all that is written to it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_comes_out() {
        for text in [&b""[..], b"<a/>", &[b'x'; 5000]] {
            assert_eq!(inflate(&deflate(text), 5000).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = deflate(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(inflate(&bomb, 256 << 10), Err(Fault::TooLarge));
        assert_eq!(inflate(&deflate(&[b'x'; 100]), 99), Err(Fault::TooLarge));
        assert_eq!(inflate(&deflate(&[b'x'; 100]), 100).map(|text| text.len()), Ok(100));
    }

    #[test]
    fn what_is_cut_or_something_else_is_told() {
        let whole = deflate(b"<samlp:AuthnRequest ID=\"_1\"/>");
        for bytes in [&whole[..whole.len() / 2], b"<samlp:AuthnRequest/>", &[0xff; 20]] {
            assert_eq!(inflate(bytes, 1000), Err(Fault::Broken), "{bytes:?}");
        }
    }
}
