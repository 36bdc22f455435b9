//! SQL of SAML: our keys, what was asked and answered, and metadata that were fetched.

mod keys;
mod metadata;
mod requests;

pub use self::{
    keys::{SamlKeys, StoredKey},
    metadata::{Fetched, SamlMetadata},
    requests::{Answered, Pending, SamlRequests, Waiting},
};
