//! Keys: what signs tokens, what seals stored secrets, and how both are replaced.
//!
//! Owns the master key ([`master_key`]), what is derived from it ([`sealing`]), the signing keys with their JWKs, the
//! form of our own tokens ([`jws`], RFC 7515), and the life of a key. Claims, and tokens of other issuers, belong to the
//! protocols.

pub mod algorithm;
pub mod jwk;
pub mod jwks;
pub mod jws;
pub mod keyring;
pub mod life_cycle;
mod loading;
mod low_s;
pub mod master_key;
pub mod rekey;
pub mod rotation;
pub mod sealed_column;
pub mod sealing;
pub mod shared_key;
pub mod signing_key;
pub mod store;
pub(crate) mod strict_json;
pub mod verifying_key;

pub use self::{
    algorithm::Algorithm,
    jwk::KeyId,
    jwks::Jwks,
    jws::{Refusal, Typ, VerifiedToken},
    keyring::{Keyring, Ring},
    life_cycle::Policy,
    loading::LoadFault,
    low_s::has_low_s,
    rotation::{KeyChange, KeyEvent, RotationFault, Task},
    sealed_column::SealedColumn,
    sealing::Sealer,
    signing_key::SigningKey,
    verifying_key::VerifyingKey,
};
