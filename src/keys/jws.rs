//! Tokens as text: the compact serialization of RFC 7515 §3.1, and nothing more lenient.
//!
//! This reads **our own** tokens (access tokens, `id_token_hint`). Their header is not parsed but compared, byte by byte,
//! with those that our keys write: `alg` never comes from the token (RFC 8725 §3.1), and there is no way in for `crit`,
//! `jwk`, `jku`, `x5c`, repeated members or an unknown `typ`. The form of the header is therefore a contract between the
//! versions of Lanyard that run side by side.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, de::DeserializeOwned};

use super::{algorithm::Algorithm, jwk::KeyId, strict_json};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// What a token is, told in its header, so that none can stand for another (RFC 8725 §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ {
    /// RFC 9068 §2.1.
    AccessToken,
    /// OpenID Connect Core §2.
    IdToken,
    /// OpenID Connect Back-Channel Logout §2.4.
    LogoutToken,
    /// An answer of the authorization endpoint (JARM).
    AuthorizationResponse,
    /// Userinfo (OpenID Connect Core §5.3.2).
    UserInfo,
    /// RFC 9701 §5.
    Introspection,
}

impl Typ {
    pub(super) const ALL: [Self; 6] = [
        Self::AccessToken,
        Self::IdToken,
        Self::LogoutToken,
        Self::AuthorizationResponse,
        Self::UserInfo,
        Self::Introspection,
    ];

    /// The value of the header member `typ`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::LogoutToken => "logout+jwt",
            Self::AuthorizationResponse => "oauth-authz-resp+jwt",
            Self::UserInfo => "userinfo+jwt",
            Self::Introspection => "token-introspection+jwt",
        }
    }
}

/// The encoded headers of the tokens of one key, by [`Typ`].
#[derive(Debug)]
pub(super) struct Headers([Box<str>; Typ::ALL.len()]);

impl Headers {
    pub(super) fn of(algorithm: Algorithm, kid: &KeyId) -> Self {
        Self(Typ::ALL.map(|typ| {
            let header = format!(r#"{{"typ":"{}","alg":"{algorithm}","kid":"{kid}"}}"#, typ.name());
            BASE64URL_NOPAD.encode(header.as_bytes()).into()
        }))
    }

    pub(super) fn of_typ(&self, typ: Typ) -> &str {
        &self.0[typ as usize]
    }

    /// Which kind of token this header begins; `None` when this key never wrote it.
    pub(super) fn typ_of(&self, header: &str) -> Option<Typ> {
        Typ::ALL.into_iter().find(|typ| self.of_typ(*typ) == header)
    }
}

/// Why a token is refused; for the log, not for the client.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than [`MAX_TOKEN_LEN`].
    #[error("longer than a token of ours can be")]
    TooLong,
    /// Not three parts.
    #[error("not a token of three parts")]
    NotCompact,
    /// No key that is published writes such a header.
    #[error("its header is not one that a published key of ours writes")]
    ForeignHeader,
    /// A token of ours, for another use.
    #[error("a token of another kind")]
    WrongTyp,
    /// Padding, another alphabet, or bits beyond the end.
    #[error("not canonical base64url")]
    NotCanonical,
    /// The signature is not one of this header and payload.
    #[error("its signature is wrong")]
    BadSignature,
    /// Not one JSON object with unique members and bounded depth.
    #[error("its payload is not strict JSON")]
    BadPayload,
    /// The members wanted are not there, or of another type.
    #[error("its claims are not those of such a token")]
    UnexpectedClaims,
}

/// The parts of a token, none of them looked into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    pub(super) header: &'a str,
    pub(super) signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, Refusal> {
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

    pub(super) fn signature(&self) -> Result<Vec<u8>, Refusal> {
        decode(self.signature)
    }

    /// The payload, to be asked for once the signature was checked.
    pub(super) fn payload(&self) -> Result<Vec<u8>, Refusal> {
        let payload = decode(self.payload)?;
        strict_json::check_object(&payload).map_err(|_| Refusal::BadPayload)?;
        Ok(payload)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    // `data-encoding` refuses padding, white space and trailing bits that are not zero.
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Refusal::NotCanonical)
}

/// The key that a header names, whoever wrote it: for looking up a key that is published no more, whose own headers the
/// token's is then compared with.
#[must_use]
pub fn key_named(token: &str) -> Option<KeyId> {
    #[derive(Deserialize)]
    struct Header {
        kid: String,
    }
    let header = decode(Compact::split(token).ok()?.header).ok()?;
    let named = serde_json::from_slice::<Header>(&header).ok().map(|header| header.kid);
    // PostgreSQL takes no NUL, and no key of ours has one in its name.
    named.filter(|kid| !kid.contains('\0')).map(|kid| KeyId::from_text(&kid))
}

/// A token whose signature by one of our keys was checked. Issuer, audience and times were not.
#[derive(Debug)]
pub struct VerifiedToken {
    pub(super) kid: KeyId,
    pub(super) payload: Vec<u8>,
}

impl VerifiedToken {
    /// The key that signed it.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// Its claims.
    ///
    /// # Errors
    /// [`Refusal::UnexpectedClaims`].
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.payload).map_err(|_| Refusal::UnexpectedClaims)
    }
}
