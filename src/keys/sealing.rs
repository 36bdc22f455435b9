//! Stored secrets, sealed under keys derived from the master key.
//!
//! AES-256-GCM under a key derived by HKDF-SHA256 (RFC 5869), with the place a value is stored at as associated data:
//! moved to another row or column, it does not open. A value names its master key, so that several can be in use while
//! `lanyard keys rekey` replaces one.
//!
//! ```text
//! sealed value = version (1) ‖ id of the master key (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
//! ```

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{self, HKDF_SHA256, Prk, Salt},
};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::{
    master_key::{MasterKey, MasterKeyFault, MasterKeySource, MasterKeys},
    sealed_column::SealedColumn,
};
use crate::{random::Random, secret::SecretSlice};

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;
const HEAD_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
const TAG_LEN: usize = 16;

/// Seals and opens stored secrets.
pub struct Sealer {
    source: MasterKeySource,
    keys: ArcSwap<Vec<DerivedKey>>,
}

/// Why a sealed value does not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenFault {
    /// Not a sealed value.
    #[error("not a sealed value")]
    Malformed,
    /// Sealed with a master key that this node does not have.
    #[error(
        "sealed with master key {0}, which this node does not have; restore the key file that belongs to this database"
    )]
    UnknownMasterKey(String),
    /// Changed, or moved from another place.
    #[error("a sealed value was changed or moved")]
    Altered,
}

impl Sealer {
    /// Derives all keys; the flag says whether this start made the master key.
    ///
    /// # Errors
    /// As [`MasterKeySource::load`].
    pub fn start(source: MasterKeySource, random: &Random) -> Result<(Self, bool), MasterKeyFault> {
        let keys = source.load(random)?;
        let sealer = Self { source, keys: ArcSwap::from_pointee(derive_all(&keys)) };
        Ok((sealer, keys.was_created()))
    }

    /// A sealer with a key that every test knows.
    ///
    /// # Panics
    /// Never: the key has the right length.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let text = data_encoding::BASE64.encode(&[7; 32]);
        Self::start(MasterKeySource::Text(text.into()), &Random::system()).expect("32 bytes are a key").0
    }

    /// Seals `plaintext` for one column of one row.
    ///
    /// # Panics
    /// Never: AES-GCM refuses only texts of more than 64 GiB.
    #[must_use]
    pub fn seal(&self, column: SealedColumn, row: &str, plaintext: &[u8]) -> Vec<u8> {
        let keys = self.keys.load();
        let current = &keys[0];
        // Room is made for all of it at once, so that no copy of the plaintext stays behind.
        let mut body = Vec::with_capacity(plaintext.len() + TAG_LEN);
        body.extend_from_slice(plaintext);
        let nonce = current
            .seal
            .seal_in_place_append_tag(Aad::from(column.place(row)), &mut body)
            .expect("AES-GCM seals any text of less than 64 GiB");
        let mut sealed = Vec::with_capacity(HEAD_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&current.id);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        sealed
    }

    /// Opens what [`Self::seal`] made for the same column and row.
    ///
    /// A value of a master key that is not known reads the key file anew: `keys rekey` may have just replaced it.
    ///
    /// # Errors
    /// [`OpenFault`].
    pub fn open(&self, column: SealedColumn, row: &str, sealed: &[u8]) -> Result<SecretSlice<u8>, OpenFault> {
        let (id, nonce, body) = split(sealed).ok_or(OpenFault::Malformed)?;
        let mut keys = self.keys.load_full();
        if !keys.iter().any(|key| key.id == id) {
            self.reload();
            keys = self.keys.load_full();
        }
        let key =
            keys.iter().find(|key| key.id == id).ok_or_else(|| OpenFault::UnknownMasterKey(HEXLOWER.encode(&id)))?;
        let mut text = Zeroizing::new(body.to_vec());
        let plaintext = key
            .seal
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(column.place(row)), &mut text)
            .map_err(|_| OpenFault::Altered)?;
        Ok(SecretSlice::from(plaintext.to_vec()))
    }

    /// Whether `sealed` rests on another master key than the current one.
    #[must_use]
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        split(sealed).is_none_or(|(id, ..)| id != self.keys.load()[0].id)
    }

    /// The id of the master key that seals, for people to compare.
    #[must_use]
    pub fn current_id(&self) -> String {
        HEXLOWER.encode(&self.keys.load()[0].id)
    }

    /// Reads the master keys anew; what cannot be read leaves the present ones in use.
    pub fn reload(&self) {
        if let Ok(keys) = self.source.read() {
            self.keys.store(Arc::new(derive_all(&keys)));
        }
    }

    /// Where the master keys are kept.
    #[must_use]
    pub const fn source(&self) -> &MasterKeySource {
        &self.source
    }
}

/// What is derived from one master key.
struct DerivedKey {
    id: [u8; KEY_ID_LEN],
    seal: RandomizedNonceKey,
}

impl DerivedKey {
    fn of(master: &MasterKey) -> Self {
        let seal = Zeroizing::new(expand::<32>(&root(master), b"seal"));
        let seal = RandomizedNonceKey::new(&AES_256_GCM, seal.as_slice()).expect("32 bytes are an AES-256 key");
        Self { id: key_id(master), seal }
    }
}

/// A fingerprint that names a master key without telling anything of it.
pub(super) fn key_id(master: &MasterKey) -> [u8; KEY_ID_LEN] {
    expand(&root(master), b"id")
}

fn derive_all(keys: &MasterKeys) -> Vec<DerivedKey> {
    keys.iter().map(DerivedKey::of).collect()
}

fn root(master: &MasterKey) -> Prk {
    Salt::new(HKDF_SHA256, b"lanyard").extract(master.as_slice())
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(root: &Prk, label: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    root.expand(&[b"lanyard/1/", label], Length(N))
        .and_then(|okm| okm.fill(&mut out))
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    out
}

fn split(sealed: &[u8]) -> Option<([u8; KEY_ID_LEN], [u8; NONCE_LEN], &[u8])> {
    let (&version, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (nonce, body) = rest.split_first_chunk()?;
    (version == VERSION && body.len() >= TAG_LEN).then_some((*id, *nonce, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret;

    const COLUMN: SealedColumn = SealedColumn::SIGNING_KEY;

    fn sealer(text: &str) -> Sealer {
        Sealer::start(MasterKeySource::Text(text.into()), &Random::system()).expect("a sealer").0
    }

    fn key(byte: u8) -> String {
        data_encoding::BASE64.encode(&[byte; 32])
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place_alone() {
        let sealer = sealer(&key(1));
        for plaintext in [&b""[..], b"a", &[7; 1000]] {
            let value = sealer.seal(COLUMN, "row", plaintext);
            let opened = sealer.open(COLUMN, "row", &value).expect("opens");
            assert_eq!(opened.expose_secret(), plaintext);
            assert_eq!(sealer.open(COLUMN, "other row", &value).err(), Some(OpenFault::Altered));
            assert_eq!(sealer.open(SealedColumn::OTHER, "row", &value).err(), Some(OpenFault::Altered));
        }
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let sealer = sealer(&key(1));
        assert_ne!(sealer.seal(COLUMN, "row", b"same"), sealer.seal(COLUMN, "row", b"same"));
    }

    #[test]
    fn any_changed_byte_or_length_is_refused() {
        let sealer = sealer(&key(1));
        let value = sealer.seal(COLUMN, "row", b"secret");
        for index in 0..value.len() {
            let mut changed = value.clone();
            changed[index] ^= 1;
            assert!(sealer.open(COLUMN, "row", &changed).is_err(), "byte {index}");
            assert!(sealer.open(COLUMN, "row", &value[..index]).is_err(), "first {index} bytes");
        }
        assert!(sealer.open(COLUMN, "row", &[&value[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_previous_master_key_opens_and_the_current_one_seals() {
        let (old, both) = (sealer(&key(1)), sealer(&format!("{},{}", key(2), key(1))));
        let value = old.seal(COLUMN, "row", b"secret");
        assert!(both.is_outdated(&value) && !old.is_outdated(&value));
        assert_eq!(both.open(COLUMN, "row", &value).expect("opens").expose_secret(), b"secret");
        let again = both.seal(COLUMN, "row", b"secret");
        assert!(!both.is_outdated(&again));
        assert_eq!(old.open(COLUMN, "row", &again).err(), Some(OpenFault::UnknownMasterKey(both.current_id())));
    }

    #[test]
    fn a_key_file_replaced_while_running_is_read_when_it_is_needed() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = MasterKeySource::File(folder.path().join("master.key"));
        let (running, created) = Sealer::start(source.clone(), &Random::system()).expect("a sealer");
        assert!(created);
        let keys = source.load(&Random::system()).expect("read");
        source.replace(&keys.succeeded_by_fresh(&Random::system())).expect("replaced");
        let (rekeyed, created) = Sealer::start(source, &Random::system()).expect("a sealer");
        assert!(!created);
        let value = rekeyed.seal(COLUMN, "row", b"secret");
        assert_eq!(running.open(COLUMN, "row", &value).expect("opens").expose_secret(), b"secret");
        assert_eq!(running.current_id(), rekeyed.current_id());
    }

    #[test]
    fn a_value_sealed_by_the_first_version_opens() {
        // A change here would make every stored secret unreadable. Made with another implementation of HKDF and AES-GCM.
        let sealer = sealer(&key(1));
        assert_eq!(sealer.current_id(), "067f64ee");
        let value = HEXLOWER
            .decode(b"01067f64ee000102030405060708090a0b99851e7917109eade0ab3950c0ef0c5a52220b1c85e7")
            .expect("hexadecimal");
        assert_eq!(sealer.open(COLUMN, "row", &value).expect("opens").expose_secret(), b"secret");
    }
}
