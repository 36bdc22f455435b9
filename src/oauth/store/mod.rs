//! Clients, authorizations and tokens in the database.

mod access_tokens;
mod client_documents;
mod clients;
mod codes;
mod consents;
mod deferred_requests;
mod dynamic;
mod families;
mod logouts;
mod pushed_requests;
mod refresh_tokens;
mod stored_requests;

use serde::{Deserialize, Serialize};

use crate::storage::{Error, Result};

pub use access_tokens::{AccessTokens, OpaqueToken};
pub use client_documents::ClientDocuments;
pub use clients::Clients;
pub use codes::{AuthorizationCodes, StoredCode};
pub use consents::{Allowed, Consents};
pub use deferred_requests::{Asks, Decision, DeferredRequest, DeferredRequests};
pub use dynamic::{InitialToken, InitialTokens, SelfRegistered, SelfRegisteredClients};
pub use families::{Before, Families, Family, Particulars};
pub use logouts::{Late, Logout, Logouts, Outcome, State, Told};
pub use pushed_requests::PushedRequests;
pub use refresh_tokens::{RefreshTokens, StoredRefreshToken};
pub use stored_requests::StoredRequests;

/// A list as it is stored: JSON.
fn to_json(list: &impl Serialize) -> String {
    serde_json::to_string(list).expect("lists of texts are JSON")
}

fn from_json<T: for<'de> Deserialize<'de>>(text: &str, column: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt(column))
}
