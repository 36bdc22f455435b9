//! Encrypted content in five parts: the compact serialization of RFC 7516 §3.1.
//!
//! To a client by a key that it registered ([`encrypt`]), and from a client by the one key of ours ([`PrivateKey`]). Key
//! management by RFC 7518 §4.3 (RSA-OAEP-256) and §4.6 (ECDH-ES, alone or with AES Key Wrap), content by §5.2 and §5.3. Not
//! here: `RSA1_5`, which leaks; `zip`; passwords and shared secrets.

pub mod algorithm;

use std::fmt;

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, UnparsedPublicKey},
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

pub use self::algorithm::{ContentEncryption, KeyManagement};
use super::{
    jwk::{Curve, Jwk, Material},
    jwk_set::JwkSet,
};
use crate::{keys::strict_json, random::Random, secret::sha256};

/// The longest token that is looked at, in bytes: a signed one of 16 KiB, in base64 once more.
pub const MAX_LEN: usize = 24 * 1024;

/// Why something cannot be encrypted: the client has no key for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("none of the registered keys can be encrypted to like this")]
pub struct NoKey;

/// Why a token is not opened; for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than [`MAX_LEN`], not five parts, or not canonical base64url.
    #[error("not an encrypted token in five parts")]
    Form,
    /// Not strict JSON with what is needed, or with what is not understood.
    #[error("its header is not one of an encrypted token")]
    Header,
    /// Another `alg` or `enc` than ours.
    #[error("it is encrypted in a way that is not offered")]
    Algorithm,
    /// It does not open with our key.
    #[error("it does not open")]
    Sealed,
}

/// How a client wants something encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encryption {
    /// `alg`.
    pub alg: KeyManagement,
    /// `enc`.
    pub enc: ContentEncryption,
}

/// Whether one of the keys can be encrypted to.
#[must_use]
pub fn can_encrypt(keys: &JwkSet, alg: KeyManagement) -> bool {
    receiver(keys, alg).is_some()
}

fn receiver(keys: &JwkSet, alg: KeyManagement) -> Option<&Jwk> {
    keys.keys().iter().find(|key| key.may_encrypt(alg.name()) && fits(key.material(), alg))
}

/// What a token held, and how it was encrypted.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// `alg`.
    pub alg: KeyManagement,
    /// `enc`.
    pub enc: ContentEncryption,
    /// What was encrypted.
    pub content: Vec<u8>,
}

/// Encrypts to the first key of the client that can be used; `cty` says what is inside.
///
/// # Errors
/// [`NoKey`].
pub fn encrypt(
    content: &[u8],
    keys: &JwkSet,
    Encryption { alg, enc }: Encryption,
    (cty, random): (Option<&str>, &Random),
) -> Result<String, NoKey> {
    let to = receiver(keys, alg).ok_or(NoKey)?;
    let mut header = Map::from_iter([("alg".to_owned(), json!(alg.name())), ("enc".to_owned(), json!(enc.name()))]);
    header.extend(to.kid.as_ref().map(|kid| ("kid".to_owned(), json!(kid))));
    header.extend(cty.map(|cty| ("cty".to_owned(), json!(cty))));
    let (key, encrypted_key) = share(to, (alg, enc), &mut header, random).ok_or(NoKey)?;
    let header = BASE64URL_NOPAD.encode(Value::Object(header).to_string().as_bytes());
    let (iv, text, tag) = enc.seal(&key, header.as_bytes(), content, random).ok_or(NoKey)?;
    let parts = [&encrypted_key, &iv, &text, &tag].map(|part| BASE64URL_NOPAD.encode(part));
    Ok(format!("{header}.{}", parts.join(".")))
}

fn fits(material: &Material, alg: KeyManagement) -> bool {
    matches!(
        (material, alg),
        (Material::Rsa { .. }, KeyManagement::RsaOaep256)
            | (Material::Ec { .. }, KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw)
    )
}

/// The key of the content, and how it travels.
fn share(
    to: &Jwk,
    (alg, enc): (KeyManagement, ContentEncryption),
    header: &mut Map<String, Value>,
    random: &Random,
) -> Option<(Vec<u8>, Vec<u8>)> {
    match to.material() {
        Material::Rsa { n, e } => {
            let public: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().ok()?;
            let public = OaepPublicEncryptingKey::new(public).ok()?;
            let (key, mut sealed) = (enc.fresh_key(random), vec![0; public.ciphertext_size()]);
            let length = public.encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut sealed, None).ok()?.len();
            sealed.truncate(length);
            Some((key, sealed))
        }
        Material::Ec { curve, x, y } => {
            let curve_of = curve_algorithm(*curve);
            let ephemeral = agreement::PrivateKey::generate(curve_of).ok()?;
            let public = ephemeral.compute_public_key().ok()?;
            header.insert("epk".to_owned(), ec_jwk(*curve, public.as_ref()));
            let peer = UnparsedPublicKey::new(curve_of, [&[4][..], x, y].concat());
            let agreed =
                agreement::agree(&ephemeral, peer, (), |secret| Ok(alg.derive(enc, secret, (b"", b"")))).ok()?;
            if alg == KeyManagement::EcdhEs {
                return Some((agreed, vec![]));
            }
            let key = enc.fresh_key(random);
            let wrapped = alg.wrap(&agreed, &key)?;
            Some((key, wrapped))
        }
        Material::Ed25519 { .. } => None,
    }
}

fn curve_algorithm(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
    }
}

/// A point as the cryptography library writes it, as a JWK.
fn ec_jwk(curve: Curve, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(curve.coordinate_len());
    json!({"kty": "EC", "crv": curve.name(), "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y)})
}

/// The key of ours that others encrypt to: on P-256, made of 32 random bytes.
pub struct PrivateKey {
    key: agreement::PrivateKey,
    jwk: Value,
}

impl PrivateKey {
    /// The key of this seed.
    ///
    /// # Panics
    /// Never: of the texts that are tried all but one in four billion are a key.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Self {
        let candidates = (0..=u8::MAX).map(|n| sha256(&[seed, &[n]].concat()));
        let mut keys = candidates.filter_map(|bytes| agreement::PrivateKey::from_private_key(&ECDH_P256, &bytes).ok());
        let key = keys.next().expect("nearly every text of 32 bytes is a key");
        let point = key.compute_public_key().expect("a private key has a public one");
        let mut jwk = ec_jwk(Curve::P256, point.as_ref());
        let public = Jwk::parse(&jwk.to_string()).expect("a point of ours is a JWK");
        jwk["kid"] = json!(public.thumbprint());
        jwk["use"] = json!("enc");
        Self { key, jwk }
    }

    /// The public half, as the JWKS shows it.
    #[must_use]
    pub const fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Opens a token that was encrypted to it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn decrypt(&self, token: &str) -> Result<Opened, Refusal> {
        let parts: Vec<&str> = token.split('.').take(6).collect();
        let [header, encrypted_key, iv, text, tag] = parts[..] else { return Err(Refusal::Form) };
        if token.len() > MAX_LEN {
            return Err(Refusal::Form);
        }
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Refusal::Form);
        let (members, alg, enc) = read_header(&decode(header)?)?;
        let encrypted_key = decode(encrypted_key)?;
        let sealed = (decode(iv)?, decode(text)?, decode(tag)?);
        let key = self.agreed(&members, (alg, enc), &encrypted_key)?;
        let content = enc.open(&key, header.as_bytes(), sealed).ok_or(Refusal::Sealed)?;
        Ok(Opened { alg, enc, content })
    }

    fn agreed(
        &self,
        header: &Map<String, Value>,
        (alg, enc): (KeyManagement, ContentEncryption),
        encrypted_key: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let epk = header.get("epk").and_then(Value::as_object).ok_or(Refusal::Header)?;
        let public = Jwk::parse(&Value::Object(epk.clone()).to_string()).map_err(|_| Refusal::Header)?;
        let Material::Ec { curve: Curve::P256, x, y } = public.material() else { return Err(Refusal::Algorithm) };
        let party = |name: &str| match header.get(name) {
            None => Ok(vec![]),
            Some(Value::String(text)) => BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Refusal::Header),
            Some(_) => Err(Refusal::Header),
        };
        let parties = (party("apu")?, party("apv")?);
        let peer = UnparsedPublicKey::new(&ECDH_P256, [&[4][..], x, y].concat());
        let agreed = agreement::agree(&self.key, peer, Refusal::Sealed, |secret| {
            Ok(alg.derive(enc, secret, (&parties.0, &parties.1)))
        })?;
        match alg {
            KeyManagement::EcdhEs if encrypted_key.is_empty() => Ok(agreed),
            KeyManagement::EcdhEs | KeyManagement::RsaOaep256 => Err(Refusal::Sealed),
            wrapped => wrapped.unwrap(&agreed, encrypted_key).ok_or(Refusal::Sealed),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.jwk["kid"])
    }
}

/// What clients may encrypt to [`PrivateKey`] by.
pub const OURS: &[KeyManagement] = &[KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw, KeyManagement::EcdhEsA256Kw];

fn read_header(text: &[u8]) -> Result<(Map<String, Value>, KeyManagement, ContentEncryption), Refusal> {
    strict_json::check_object(text).map_err(|_| Refusal::Header)?;
    let members: Map<String, Value> = serde_json::from_slice(text).map_err(|_| Refusal::Header)?;
    if ["crit", "zip", "jwk", "jku", "x5u"].iter().any(|name| members.contains_key(*name)) {
        return Err(Refusal::Header);
    }
    let name = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let alg = KeyManagement::named(name("alg")).filter(|alg| OURS.contains(alg)).ok_or(Refusal::Algorithm)?;
    let enc = ContentEncryption::named(name("enc")).ok_or(Refusal::Algorithm)?;
    Ok((members, alg, enc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> (PrivateKey, JwkSet) {
        let key = PrivateKey::from_seed(&[7; 32]);
        let set = JwkSet::parse(&json!({"keys": [key.jwk()]}).to_string()).unwrap();
        (key, set)
    }

    #[test]
    fn what_is_encrypted_to_us_opens() {
        let ((key, set), random) = (ours(), Random::seeded(1));
        for alg in OURS {
            for enc in ContentEncryption::ALL {
                for content in [&b""[..], b"x", &[b'a'; 4000]] {
                    let how = Encryption { alg: *alg, enc: *enc };
                    let token = encrypt(content, &set, how, (Some("JWT"), &random)).unwrap();
                    assert_eq!(key.decrypt(&token).unwrap().content, content, "{how:?}");
                    let other = PrivateKey::from_seed(&[8; 32]);
                    assert_eq!(other.decrypt(&token).err(), Some(Refusal::Sealed), "{how:?}");
                }
            }
        }
        let how = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A128Gcm };
        assert_eq!(encrypt(b"", &set, how, (None, &random)), Err(NoKey));
    }

    #[test]
    fn whatever_is_changed_does_not_open() {
        let ((key, set), random) = (ours(), Random::seeded(2));
        for alg in OURS {
            for enc in ContentEncryption::ALL {
                let token = encrypt(b"content", &set, Encryption { alg: *alg, enc: *enc }, (None, &random)).unwrap();
                for at in 0..token.len() {
                    let mut bytes = token.clone().into_bytes();
                    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                    let changed = String::from_utf8(bytes).unwrap();
                    assert!(key.decrypt(&changed).is_err(), "{alg:?} {enc:?} {at}");
                }
                for end in [0, 1, token.len() / 2, token.len() - 1] {
                    assert!(key.decrypt(&token[..end]).is_err(), "{alg:?} {enc:?} {end}");
                }
            }
        }
    }

    #[test]
    fn headers_are_read_strictly() {
        let ((key, set), random) = (ours(), Random::seeded(3));
        let how = Encryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A128Gcm };
        let token = encrypt(b"content", &set, how, (None, &random)).unwrap();
        let (header, rest) = token.split_once('.').unwrap();
        let header = String::from_utf8(BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
        for (from, to, expected) in [
            ("ECDH-ES", "RSA1_5", Refusal::Algorithm),
            ("ECDH-ES", "RSA-OAEP-256", Refusal::Algorithm),
            ("ECDH-ES", "dir", Refusal::Algorithm),
            ("A128GCM", "A192GCM", Refusal::Algorithm),
            ("A128GCM", "A256GCM", Refusal::Sealed),
            ("{", r#"{"crit":["x"],"#, Refusal::Header),
            ("{", r#"{"zip":"DEF","#, Refusal::Header),
            ("{", r#"{"alg":"ECDH-ES","#, Refusal::Header),
            ("epk", "epl", Refusal::Header),
            ("P-256", "P-384", Refusal::Header),
            (r#""x":""#, r#""d":"AA","x":""#, Refusal::Header),
            ("{", r#"{"apu":7,"#, Refusal::Header),
        ] {
            let changed = BASE64URL_NOPAD.encode(header.replacen(from, to, 1).as_bytes());
            assert_eq!(key.decrypt(&format!("{changed}.{rest}")).err(), Some(expected), "{from} {to}");
        }
        for form in ["", "....", "a.b.c", &format!("{token}.x"), &format!("{token}="), &"a".repeat(MAX_LEN + 1)] {
            assert!(key.decrypt(form).is_err(), "{form:.40}");
        }
    }
}
