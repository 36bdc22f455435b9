//! Tokens of others: what clients sign (assertions, request objects, DPoP proofs) and the keys that they register.
//!
//! RFC 7515 (JWS, compact form alone), RFC 7517 (JWK), RFC 7518 (algorithms), RFC 7638 (thumbprints), RFC 8037 (Ed25519),
//! RFC 8725 (what to be strict about), RFC 9864 (`Ed25519` as a name). Owns the form, the header and the signature; who may
//! say what in the claims, and how often, belongs to the protocols. Tokens of our own are in [`crate::keys::jws`].
//!
//! Directly on aws-lc-rs, as `keys` is: a strict reading (canonical base64url, no member twice, no `crit`, bounded length
//! and depth) has to come before any library looks at the token, and what remains after it is one call that verifies.
//! `jsonwebtoken` would parse the header and the key once more for each token, knows neither ES512 nor the names of RFC 9864,
//! and takes half the speed.

pub mod algorithm;
pub mod jwe;
pub mod jwk;
pub mod jwk_set;
pub mod jws;
pub mod numeric_date;
#[cfg(test)]
pub(crate) mod testing;

pub use self::{
    algorithm::Alg,
    jwk::{BadJwk, Jwk, Material},
    jwk_set::JwkSet,
    jws::{Expected, Header, Refusal, Typ, Verified, unverified_claims, verify, verify_with_embedded_jwk},
    numeric_date::{NumericDate, Period, SKEW, Untimely},
};
