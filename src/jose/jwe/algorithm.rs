//! The algorithms: how a key travels (RFC 7518 §4), how content is sealed with it (§5).

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    cipher::{
        AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
    key_wrap::{self, AesKek, KeyWrap as _},
};

use crate::{
    random::Random,
    secret::{equal, sha256},
    text::names,
};

names! {
    /// How the key of the content travels: `alg`.
    KeyManagement:
        /// The key is agreed on.
        EcdhEs = "ECDH-ES",
        /// A key that wraps it is agreed on.
        EcdhEsA128Kw = "ECDH-ES+A128KW",
        /// Likewise, of 256 bits.
        EcdhEsA256Kw = "ECDH-ES+A256KW",
        /// RSA with OAEP and SHA-256.
        RsaOaep256 = "RSA-OAEP-256";
    /// How the content is encrypted: `enc`.
    ContentEncryption:
        /// AES-CBC with HMAC-SHA-256: what is meant where nothing is said.
        A128CbcHs256 = "A128CBC-HS256",
        /// AES-CBC with HMAC-SHA-512.
        A256CbcHs512 = "A256CBC-HS512",
        /// AES-GCM.
        A128Gcm = "A128GCM",
        /// AES-GCM with 256 bits.
        A256Gcm = "A256GCM";
}

impl KeyManagement {
    /// RFC 7518 §4.6.2: one step of the Concat KDF for each 256 bits.
    pub(super) fn derive(self, enc: ContentEncryption, secret: &[u8], (apu, apv): (&[u8], &[u8])) -> Vec<u8> {
        let (id, length) = match self {
            Self::EcdhEsA128Kw => (self.name(), 16),
            Self::EcdhEsA256Kw => (self.name(), 32),
            Self::EcdhEs | Self::RsaOaep256 => (enc.name(), enc.key_len()),
        };
        let mut other = vec![];
        for part in [id.as_bytes(), apu, apv] {
            other.extend(u32_of(part.len()));
            other.extend(part);
        }
        other.extend(u32_of(length * 8));
        let rounds = (1..=length.div_ceil(32)).flat_map(|n| sha256(&[&u32_of(n)[..], secret, &other].concat()));
        rounds.take(length).collect()
    }

    pub(super) fn wrap(self, by: &[u8], key: &[u8]) -> Option<Vec<u8>> {
        let mut wrapped = vec![0; key.len() + 8];
        self.kek(by)?.wrap(key, &mut wrapped).ok()?;
        Some(wrapped)
    }

    pub(super) fn unwrap(self, by: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
        let mut key = vec![0; wrapped.len().checked_sub(8)?];
        self.kek(by)?.unwrap(wrapped, &mut key).ok()?;
        Some(key)
    }

    fn kek(self, by: &[u8]) -> Option<AesKek> {
        let cipher = if self == Self::EcdhEsA128Kw { &key_wrap::AES_128 } else { &key_wrap::AES_256 };
        AesKek::new(cipher, by).ok()
    }
}

fn u32_of(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// Initialization vector, text and tag.
pub(super) type Sealed = (Vec<u8>, Vec<u8>, Vec<u8>);

impl ContentEncryption {
    const fn key_len(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    pub(super) fn fresh_key(self, random: &Random) -> Vec<u8> {
        random.bytes::<64>()[..self.key_len()].to_vec()
    }

    pub(super) fn seal(self, key: &[u8], header: &[u8], content: &[u8], random: &Random) -> Option<Sealed> {
        let mut text = content.to_vec();
        let Some(halves) = self.halves(key) else {
            let (nonce, tag) = self.gcm(key)?.seal_in_place_separate_tag(Aad::from(header), &mut text).ok()?;
            return Some((nonce.as_ref().to_vec(), text, tag.as_ref().to_vec()));
        };
        let iv = random.bytes::<16>();
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(halves.cipher()?).ok()?;
        cipher.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
        let tag = halves.tag(header, &iv, &text);
        Some((iv.to_vec(), text, tag))
    }

    pub(super) fn open(self, key: &[u8], header: &[u8], (iv, mut text, tag): Sealed) -> Option<Vec<u8>> {
        if key.len() != self.key_len() {
            return None;
        }
        let Some(halves) = self.halves(key) else {
            let nonce = Nonce::try_assume_unique_for_key(&iv).ok()?;
            text.extend(&tag);
            return (tag.len() == 16)
                .then(|| {
                    self.gcm(key)?.open_in_place(nonce, Aad::from(header), &mut text).ok().map(|text| text.to_vec())
                })
                .flatten();
        };
        // Before anything is decrypted, so that no padding is ever told of.
        if !equal(&halves.tag(header, &iv, &text), &tag) {
            return None;
        }
        let iv: [u8; 16] = iv.try_into().ok()?;
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(halves.cipher()?).ok()?;
        let opened = cipher.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?;
        Some(opened.to_vec())
    }

    fn gcm(self, key: &[u8]) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(if self == Self::A128Gcm { &AES_128_GCM } else { &AES_256_GCM }, key).ok()
    }

    fn halves(self, key: &[u8]) -> Option<Halves<'_>> {
        let (mac, encryption) = key.split_at_checked(self.key_len() / 2)?;
        match self {
            Self::A128CbcHs256 => Some(Halves { mac, encryption, hash: hmac::HMAC_SHA256 }),
            Self::A256CbcHs512 => Some(Halves { mac, encryption, hash: hmac::HMAC_SHA512 }),
            Self::A128Gcm | Self::A256Gcm => None,
        }
    }
}

/// RFC 7518 §5.2.2.1: one key for the tag, one for the text.
struct Halves<'k> {
    mac: &'k [u8],
    encryption: &'k [u8],
    hash: hmac::Algorithm,
}

impl Halves<'_> {
    fn cipher(&self) -> Option<UnboundCipherKey> {
        UnboundCipherKey::new(if self.encryption.len() == 16 { &AES_128 } else { &AES_256 }, self.encryption).ok()
    }

    fn tag(&self, header: &[u8], iv: &[u8], text: &[u8]) -> Vec<u8> {
        let bits = u64::try_from(header.len()).unwrap_or(u64::MAX).saturating_mul(8).to_be_bytes();
        let key = hmac::Key::new(self.hash, self.mac);
        let whole = hmac::sign(&key, &[header, iv, text, &bits].concat());
        whole.as_ref()[..self.mac.len()].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;

    #[test]
    fn the_key_that_is_agreed_on_is_that_of_the_specification() {
        // RFC 7518 appendix C.
        let secret = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let key = KeyManagement::EcdhEs.derive(ContentEncryption::A128Gcm, &secret, (b"Alice", b"Bob"));
        assert_eq!(BASE64URL_NOPAD.encode(&key), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn the_tag_is_that_of_the_specification() {
        // RFC 7518 appendix B.1.
        let key: Vec<u8> = (0..32).collect();
        let text =
            b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the \
                     enemy without inconvenience";
        let iv = [0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04];
        let header = b"The second principle of Auguste Kerckhoffs";
        let halves = ContentEncryption::A128CbcHs256.halves(&key).unwrap();
        let mut sealed = text.to_vec();
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(halves.cipher().unwrap()).unwrap();
        cipher.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
        let tag = halves.tag(header, &iv, &sealed);
        assert_eq!(data_encoding::HEXLOWER.encode(&tag), "652c3fa36b0a7c5b3219fab3a30bc1c4");
        let opened = ContentEncryption::A128CbcHs256.open(&key, header, (iv.to_vec(), sealed, tag));
        assert_eq!(opened.unwrap(), text);
    }
}
