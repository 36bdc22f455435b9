//! A signed token of somebody else: the compact serialization of RFC 7515 §3.1, and nothing more lenient.
//!
//! Everything is checked before a key is looked at: length, three parts, canonical base64url, a header and claims in which
//! no member stands twice, no `crit`, an algorithm that the caller asked for. Keys come from the caller's set, never from the
//! header, but for [`verify_with_embedded_jwk`], which says whose key it was.

use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    algorithm::Alg,
    jwk::{BadJwk, Jwk},
    jwk_set::JwkSet,
};
use crate::keys::{jws::MAX_TOKEN_LEN, strict_json};

/// What the header must say for a token to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The algorithms that are allowed here.
    pub algorithms: &'a [Alg],
    /// The kind of token.
    pub typ: Typ<'a>,
}

/// What `typ` may be: a media type without `application/`, whatever its case (RFC 7515 §4.1.9).
#[derive(Debug, Clone, Copy)]
pub enum Typ<'a> {
    /// This one.
    Exactly(&'a str),
    /// One of these, or none: of tokens older than explicit typing (RFC 8725 §3.11).
    AbsentOr(&'a [&'a str]),
}

/// The members of a header that mean something here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub alg: Alg,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
    /// `cty`.
    pub cty: Option<String>,
}

/// A token whose signature was checked. Issuer, audience, times and replay were not.
#[derive(Debug)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// The key that signed it.
    pub key: Jwk,
    payload: Vec<u8>,
}

impl Verified {
    /// Its claims: one JSON object with unique members.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Its claims, by type.
    ///
    /// # Errors
    /// [`Refusal::Claims`] when one is missing or of another type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.payload).map_err(|_| Refusal::Claims)
    }
}

/// Why a token is refused; for the log, not for whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than [`MAX_TOKEN_LEN`].
    #[error("longer than 16 KiB")]
    TooLong,
    /// Not three parts.
    #[error("not a token of three parts")]
    NotCompact,
    /// Padding, another alphabet, or bits beyond the end.
    #[error("not canonical base64url")]
    NotCanonical,
    /// Not one JSON object with unique members and bounded depth, or a member of another type.
    #[error("its header is not strict JSON with members of their types")]
    Header,
    /// `crit` (RFC 7515 §4.1.11): no extension is understood.
    #[error("its header demands an extension (`crit`)")]
    Critical,
    /// `none`, an HMAC, an unknown one, or one that is not allowed here.
    #[error("its algorithm is not allowed here")]
    Algorithm,
    /// Another kind of token.
    #[error("its `typ` is that of another kind of token")]
    WrongTyp,
    /// A key, or the address of one, in a header where keys are registered.
    #[error("its header brings a key of its own")]
    ForeignKey,
    /// The header's key is missing or bad.
    #[error("the key in its header is missing or refused")]
    EmbeddedKey,
    /// No key of the set has this name, kind and use.
    #[error("no registered key fits it")]
    UnknownKey,
    /// The signature is not one of this header and payload.
    #[error("its signature is wrong")]
    BadSignature,
    /// Not one JSON object with unique members and bounded depth.
    #[error("its claims are not strict JSON")]
    Payload,
    /// The members wanted are not there, or of another type.
    #[error("its claims are missing or of other types")]
    Claims,
}

/// Checks the form and the signature of a token by one of these keys.
///
/// # Errors
/// [`Refusal`]; [`Refusal::UnknownKey`] and [`Refusal::BadSignature`] alone can be cured by newer keys.
pub fn verify(token: &str, keys: &JwkSet, expected: Expected<'_>) -> Result<Verified, Refusal> {
    let parts = Parts::of(token)?;
    let (header, members) = parts.header(expected)?;
    // RFC 8725 §3.10: never fetched, never believed.
    if ["jwk", "jku", "x5u"].iter().any(|foreign| members.contains_key(*foreign)) {
        return Err(Refusal::ForeignKey);
    }
    let (signature, payload) = (parts.signature()?, parts.payload()?);
    let candidates: Vec<&Jwk> = keys.candidates(header.alg, header.kid.as_deref()).collect();
    if candidates.is_empty() {
        return Err(Refusal::UnknownKey);
    }
    let signer = candidates.into_iter().find(|key| key.is_signed(header.alg, parts.signed, &signature));
    let key = signer.ok_or(Refusal::BadSignature)?.clone();
    Ok(Verified { header, key, payload })
}

/// Checks the form and the signature of a token by the public key in its own header: the sender holds that key, no more.
///
/// # Errors
/// [`Refusal`].
pub fn verify_with_embedded_jwk(token: &str, expected: Expected<'_>) -> Result<Verified, Refusal> {
    let parts = Parts::of(token)?;
    let (header, members) = parts.header(expected)?;
    let embedded = members.get("jwk").and_then(Value::as_object).ok_or(Refusal::EmbeddedKey)?;
    let key = Jwk::of(embedded).map_err(|_: BadJwk| Refusal::EmbeddedKey)?;
    if !key.may_verify(header.alg) {
        return Err(Refusal::EmbeddedKey);
    }
    let (signature, payload) = (parts.signature()?, parts.payload()?);
    if !key.is_signed(header.alg, parts.signed, &signature) {
        return Err(Refusal::BadSignature);
    }
    Ok(Verified { header, key, payload })
}

/// Claims that nobody has vouched for: to learn which client a token says it comes from, whose keys then decide.
///
/// # Errors
/// [`Refusal`].
pub fn unverified_claims<T: DeserializeOwned>(token: &str) -> Result<T, Refusal> {
    serde_json::from_slice(&Parts::of(token)?.payload()?).map_err(|_| Refusal::Claims)
}

/// The parts of a token, none of them looked into.
struct Parts<'a> {
    header: &'a str,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Refusal::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::NotCompact)?;
        if payload.contains('.') {
            return Err(Refusal::NotCompact);
        }
        Ok(Self { header, signed, payload, signature })
    }

    fn header(&self, expected: Expected<'_>) -> Result<(Header, Map<String, Value>), Refusal> {
        let members = decode(self.header)?;
        strict_json::check_object(&members).map_err(|_| Refusal::Header)?;
        let members: Map<String, Value> = serde_json::from_slice(&members).map_err(|_| Refusal::Header)?;
        if members.contains_key("crit") {
            return Err(Refusal::Critical);
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::Header),
        };
        let alg = Alg::named(&text("alg")?.ok_or(Refusal::Header)?).ok_or(Refusal::Algorithm)?;
        if !expected.algorithms.contains(&alg) {
            return Err(Refusal::Algorithm);
        }
        let header = Header { alg, kid: text("kid")?, typ: text("typ")?, cty: text("cty")? };
        if !expected.typ.is_met_by(header.typ.as_deref()) {
            return Err(Refusal::WrongTyp);
        }
        Ok((header, members))
    }

    fn payload(&self) -> Result<Vec<u8>, Refusal> {
        let payload = decode(self.payload)?;
        strict_json::check_object(&payload).map_err(|_| Refusal::Payload)?;
        Ok(payload)
    }

    fn signature(&self) -> Result<Vec<u8>, Refusal> {
        decode(self.signature)
    }
}

impl Typ<'_> {
    fn is_met_by(self, typ: Option<&str>) -> bool {
        let short = |typ: &str| {
            let (start, rest) = typ.split_at_checked("application/".len()).unwrap_or_default();
            let rest = if start.eq_ignore_ascii_case("application/") { rest } else { typ };
            rest.to_ascii_lowercase()
        };
        match (self, typ.map(short)) {
            (Self::Exactly(wanted), Some(typ)) => typ == wanted.to_ascii_lowercase(),
            (Self::Exactly(_), None) => false,
            (Self::AbsentOr(_), None) => true,
            (Self::AbsentOr(allowed), Some(typ)) => allowed.iter().any(|wanted| typ == wanted.to_ascii_lowercase()),
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    // `data-encoding` refuses padding, white space and trailing bits that are not zero.
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Refusal::NotCanonical)
}

#[cfg(test)]
mod tests;
