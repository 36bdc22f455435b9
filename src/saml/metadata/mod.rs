//! Metadata (`saml-metadata-2.0`): what identity providers say of themselves (`theirs`), and what Lanyard says of itself as a
//! service provider (`ours`).

mod ours;
mod theirs;

pub(in crate::saml) use self::theirs::address;
pub use self::{
    ours::{ServiceProvider, written},
    theirs::{Binding, Endpoint, Fault, IdentityProvider, read},
};

#[cfg(test)]
mod tests;
