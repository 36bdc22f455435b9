//! Assertions that were encrypted to us (XML Encryption 1.1; core §6).
//!
//! The key of the content comes by RSA-OAEP, the content by AES-GCM, or by AES-CBC where a signature around the ciphertext
//! has been checked: CBC alone tells whoever sends many changed ones what is inside. RSA 1.5 is not opened at all, for the
//! same reason. Whatever fails, there is one answer.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    cipher::{AES_128, AES_256, AES_CBC_IV_LEN, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
        OaepPrivateDecryptingKey,
    },
};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{
    credential::Credential,
    names,
    xml::{Element, Unexpected, Xml},
};

/// Keys that one content is encrypted to, at most.
const MOST_RECIPIENTS: usize = 8;

/// Why an assertion stays closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something is missing, or there twice.
    #[error("an encrypted assertion is not as the specification has it: {0}")]
    Form(#[from] Unexpected),
    /// How it was encrypted.
    #[error("an assertion is encrypted by `{0}`, which is not accepted")]
    Algorithm(String),
    /// By CBC, and nobody vouches for the ciphertext.
    #[error(
        "an assertion is encrypted by AES-CBC in a response that is not signed; let the response be signed, or use AES-GCM"
    )]
    Unprotected,
    /// It does not open with any of our keys, or is not XML then.
    #[error("an encrypted assertion does not open with our key")]
    Closed,
}

/// Whether a signature around the ciphertext was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// It was.
    Signed,
    /// There is none.
    Unsigned,
}

/// Opens an `EncryptedAssertion` with the first of our keys that fits.
///
/// # Errors
/// [`Fault`].
pub fn open(encrypted: Element<'_>, credentials: &[&Credential], around: Around) -> Result<Xml, Fault> {
    let data = encrypted.only(names::ENCRYPTION, "EncryptedData")?;
    let content = Content::named(algorithm(data.only(names::ENCRYPTION, "EncryptionMethod")?))?;
    if content.is_cbc && around == Around::Unsigned {
        return Err(Fault::Unprotected);
    }
    let ciphertext = cipher_value(data)?;
    let mut keys = vec![];
    for key in encrypted_keys(encrypted, data) {
        let oaep = oaep(key.only(names::ENCRYPTION, "EncryptionMethod")?)?;
        keys.push((oaep, cipher_value(key)?));
    }
    if keys.is_empty() || keys.len() > MOST_RECIPIENTS {
        return Err(Fault::Form(Unexpected::Missing("EncryptedKey")));
    }
    let pairs = keys.iter().flat_map(|key| credentials.iter().map(move |credential| (key, credential)));
    let opened = pairs.into_iter().find_map(|((oaep, wrapped), credential)| {
        let key = unwrapped(credential.opening(), oaep, wrapped)?;
        content.opened(&key, &ciphertext)
    });
    Xml::message(&opened.ok_or(Fault::Closed)?).map_err(|_| Fault::Closed)
}

/// They lie in the `KeyInfo` of the content, or beside it (core §6.2).
fn encrypted_keys<'x>(encrypted: Element<'x>, data: Element<'x>) -> Vec<Element<'x>> {
    let inside = data.named(names::SIGNATURE, "KeyInfo").flat_map(|info| info.named(names::ENCRYPTION, "EncryptedKey"));
    inside.chain(encrypted.named(names::ENCRYPTION, "EncryptedKey")).take(MOST_RECIPIENTS + 1).collect()
}

fn algorithm(method: Element<'_>) -> &str {
    method.attribute("Algorithm").unwrap_or_default()
}

fn unknown(algorithm: &str) -> Fault {
    Fault::Algorithm(algorithm.chars().take(100).collect())
}

fn cipher_value(element: Element<'_>) -> Result<Vec<u8>, Fault> {
    let data = element.only(names::ENCRYPTION, "CipherData")?;
    let text: String = data.only(names::ENCRYPTION, "CipherValue")?.text()?.split_ascii_whitespace().collect();
    BASE64.decode(text.as_bytes()).map_err(|_| Fault::Closed)
}

/// The hash and the mask of RSA-OAEP (§5.5.2).
fn oaep(method: Element<'_>) -> Result<&'static OaepAlgorithm, Fault> {
    const MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    let name = algorithm(method);
    if ![MGF1P, OAEP].contains(&name) || method.optional(names::ENCRYPTION, "OAEPparams")?.is_some() {
        return Err(unknown(name));
    }
    let digest = method.optional(names::SIGNATURE, "DigestMethod")?.map(algorithm);
    let mask = method.optional(names::ENCRYPTION_11, "MGF")?.map(algorithm).filter(|_| name == OAEP);
    Ok(match (digest, mask) {
        (
            None | Some("http://www.w3.org/2000/09/xmldsig#sha1"),
            None | Some("http://www.w3.org/2009/xmlenc11#mgf1sha1"),
        ) => &OAEP_SHA1_MGF1SHA1,
        (Some(names::SHA256), Some("http://www.w3.org/2009/xmlenc11#mgf1sha256")) => &OAEP_SHA256_MGF1SHA256,
        (Some("http://www.w3.org/2001/04/xmldsig-more#sha384"), Some("http://www.w3.org/2009/xmlenc11#mgf1sha384")) => {
            &OAEP_SHA384_MGF1SHA384
        }
        (Some("http://www.w3.org/2001/04/xmlenc#sha512"), Some("http://www.w3.org/2009/xmlenc11#mgf1sha512")) => {
            &OAEP_SHA512_MGF1SHA512
        }
        (digest, mask) => return Err(unknown(mask.or(digest).unwrap_or(name))),
    })
}

fn unwrapped(
    key: &OaepPrivateDecryptingKey,
    oaep: &'static OaepAlgorithm,
    wrapped: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut room = Zeroizing::new(vec![0; key.key_size_bytes()]);
    let length = key.decrypt(oaep, wrapped, &mut room, None).ok()?.len();
    room.truncate(length);
    Some(room)
}

/// How content is encrypted.
struct Content {
    key_length: usize,
    is_cbc: bool,
}

impl Content {
    fn named(name: &str) -> Result<Self, Fault> {
        let (key_length, is_cbc) = match name {
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => (16, true),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => (32, true),
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (16, false),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (32, false),
            other => return Err(unknown(other)),
        };
        Ok(Self { key_length, is_cbc })
    }

    /// The nonce, or the initialization vector, stands before the ciphertext.
    fn opened(&self, key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        if key.len() != self.key_length {
            return None;
        }
        if self.is_cbc { cbc(key, ciphertext) } else { gcm(key, ciphertext) }
    }
}

fn gcm(key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = ciphertext.split_first_chunk::<NONCE_LEN>()?;
    let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut body = body.to_vec();
    let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut body).ok()?;
    Some(opened.to_vec())
}

fn cbc(key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let (vector, body) = ciphertext.split_first_chunk::<AES_CBC_IV_LEN>()?;
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    let key = PaddedBlockDecryptingKey::cbc_iso10126(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    let mut body = body.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(*vector));
    let opened = key.decrypt(&mut body, context).ok()?;
    Some(opened.to_vec())
}

#[cfg(test)]
mod tests;
