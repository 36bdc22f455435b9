//! SAML 2.0 (OASIS, March 2005): core, bindings, profiles and metadata.
//!
//! `xml`: the guards before any parser, and reading and writing elements. `signature`: the only door to signatures; what is
//! read afterwards is what was signed. `encryption`: what was encrypted to us. `certificate`: whom we believe. `credential`: our
//! key and its certificate; `our_keys`: those over time. `metadata`: theirs, and ours. `deflate`, `redirect`, `sending`: messages on their way. `names`: the names of the
//! specifications. `sp`: where staff come from another identity provider, Lanyard being the service provider.
//!
//! But for `endpoint/`, `page/`, `store/`, `our_keys`, `sp::peer` and `sp::sign_in` everything here is pure: no file, database or connection. What libxmlsec1 does takes about a millisecond, and it writes
//! why a signature does not hold to standard error.

pub mod certificate;
pub mod credential;
pub mod deflate;
pub mod encryption;
pub mod endpoint;
pub mod metadata;
pub mod names;
pub mod our_keys;
pub mod page;
pub mod redirect;
pub mod sending;
pub mod signature;
pub mod sp;
pub mod store;
pub mod xml;

#[cfg(test)]
pub(crate) mod testing;
