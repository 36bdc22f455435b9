//! Whether an access token holds, with the reason where it does not: the steps of RFC 9068 §4 for people who write
//! validators (`lanyard token check`, `conformance/vectors/`).
//!
//! Pure: keys, time and expectations are given. Whether a token was revoked, or is presented by whom it is bound to, no
//! validator can see in it; the first is what introspection is for, the second is told as a condition.

use serde::Deserialize;
use serde_json::Value;

use super::Audience;
use crate::{
    clock::Timestamp,
    jose::{self, Alg, Expected, JwkSet, NumericDate, SKEW, Typ},
    keys,
    oauth::confirmation::Confirmation,
};

/// The algorithms that Lanyard signs with.
pub const ALGORITHMS: [Alg; 5] = [Alg::Es256, Alg::EdDsa, Alg::Ed25519, Alg::Rs256, Alg::Ps256];

/// What a validator knows.
#[derive(Debug, Clone, Copy)]
pub struct Expectations<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// Who it is; `None`: `aud` is not looked at.
    pub audience: Option<&'a str>,
    /// When it looks.
    pub now: Timestamp,
}

/// What a token says that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its claims.
    pub claims: Value,
    /// What whoever presents it has to prove besides.
    pub bound_to: Option<Confirmation>,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $said:literal;)*) => {
        /// Why a token does not hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum Reason {
            $($(#[$doc])* #[error($said)] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the vectors.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

reasons! {
    /// Too long, or not three parts.
    Form "form" "it is not a token of three parts of bounded length";
    /// Another alphabet, padding, or bits beyond the end.
    Encoding "encoding" "a part of it is not canonical base64url";
    /// The header.
    Header "header" "its header is not one strict JSON object with members of their types";
    /// `crit`.
    Critical "critical" "its header demands an extension (crit)";
    /// `alg`.
    Algorithm "algorithm" "its algorithm is not one that signs access tokens";
    /// `typ`.
    Type "type" "its typ is not at+jwt: it is another kind of token";
    /// `jwk`, `jku`, `x5u`.
    ForeignKey "foreign-key" "its header brings a key, or the address of one";
    /// No key.
    UnknownKey "unknown-key" "no key of the set has its kid and fits its algorithm";
    /// The signature.
    Signature "signature" "its signature is wrong";
    /// The payload.
    Payload "payload" "its claims are not one strict JSON object";
    /// A claim is missing or of another type.
    Claims "claims" "a claim is missing or of another type";
    /// `iss`.
    Issuer "issuer" "it is of another issuer";
    /// `aud`.
    Audience "audience" "it is for another audience";
    /// `exp`.
    Expired "expired" "it has expired";
    /// `nbf`, `iat`.
    NotYet "not-yet-valid" "it is not valid yet";
}

/// The claims that RFC 9068 §2.2 requires.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: NumericDate,
    iat: NumericDate,
    #[expect(dead_code, reason = "it has to be there, and a text")]
    jti: String,
    #[expect(dead_code, reason = "likewise")]
    sub: String,
    #[expect(dead_code, reason = "likewise")]
    client_id: String,
    nbf: Option<NumericDate>,
    cnf: Option<Confirmation>,
}

/// Checks an access token.
///
/// # Errors
/// [`Reason`]: the first thing that does not hold.
pub fn check(token: &str, keys: &JwkSet, expected: Expectations<'_>) -> Result<Held, Reason> {
    let header = Expected { algorithms: &ALGORITHMS, typ: Typ::Exactly("at+jwt") };
    let verified = jose::verify(token, keys, header)?;
    // Of the two signatures that ECDSA allows, Lanyard makes and takes one (`keys::low_s`).
    if verified.header.alg == Alg::Es256 && !keys::has_low_s(token) {
        return Err(Reason::Signature);
    }
    let claims: Claims = verified.claims().map_err(|_| Reason::Claims)?;
    if claims.iss != expected.issuer {
        return Err(Reason::Issuer);
    }
    if expected.audience.is_some_and(|audience| !claims.aud.names(audience)) {
        return Err(Reason::Audience);
    }
    // A resource server's clock may be ahead, too.
    if claims.exp.at().plus(SKEW) <= expected.now {
        return Err(Reason::Expired);
    }
    if claims.iat.is_ahead(expected.now) || claims.nbf.is_some_and(|date| date.is_ahead(expected.now)) {
        return Err(Reason::NotYet);
    }
    let all = serde_json::from_slice(verified.payload()).map_err(|_| Reason::Payload)?;
    Ok(Held { claims: all, bound_to: claims.cnf })
}

impl From<jose::Refusal> for Reason {
    fn from(refusal: jose::Refusal) -> Self {
        use jose::Refusal as R;
        match refusal {
            R::TooLong | R::NotCompact => Self::Form,
            R::NotCanonical => Self::Encoding,
            R::Header => Self::Header,
            R::Critical => Self::Critical,
            R::Algorithm => Self::Algorithm,
            R::WrongTyp => Self::Type,
            R::ForeignKey | R::EmbeddedKey => Self::ForeignKey,
            R::UnknownKey => Self::UnknownKey,
            R::BadSignature => Self::Signature,
            R::Payload => Self::Payload,
            R::Claims => Self::Claims,
        }
    }
}
