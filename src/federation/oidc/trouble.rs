//! Why an upstream did not bring somebody in: for the audit log and administrators, never for strangers.

use crate::{
    jose::{Refusal, numeric_date::Untimely},
    outbound::{Fault, Untrusted, documents::Unavailable},
};

/// Why nobody came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// What it says of itself could not be read.
    #[error("its metadata cannot be read: {0}")]
    Unavailable(#[from] Unavailable),
    /// What it says of itself is not usable.
    #[error("its metadata cannot be used: {0}")]
    Metadata(&'static str),
    /// It was not reached.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Nobody was sent there with this state, in this browser, lately; or they came back before.
    #[error("nobody was sent there with this `state` from this browser, or they came back before")]
    State,
    /// The answer is that of another issuer (RFC 9207): somebody mixes upstreams up.
    #[error("the answer names another issuer, or none where it has to")]
    MixedUp,
    /// It let nobody in, and said so.
    #[error("it answered `{0}`")]
    Denied(String),
    /// The code was not exchanged.
    #[error("it gave no tokens: {0}")]
    NoTokens(String),
    /// There was none.
    #[error("it gave no ID token")]
    NoIdToken,
    /// A token is not of it.
    #[error("a token of it is not believed: {0}")]
    Untrusted(#[from] Untrusted),
    /// A token does not count now.
    #[error("a token of it does not count: {0}")]
    Untimely(#[from] Untimely),
    /// A claim is not what it has to be.
    #[error("`{0}` in a token of it is not what it has to be")]
    Claim(&'static str),
    /// Userinfo is of somebody else (OpenID Connect Core §5.3.4).
    #[error("userinfo is of somebody else")]
    AnotherSubject,
    /// Something that was asked for besides could not be read.
    #[error("{0} could not be read: {1}")]
    Besides(&'static str, String),
    /// We cannot prove ourselves there.
    #[error("the private key of this client cannot be used")]
    PrivateKey,
    /// It was used before.
    #[error("the token was used before")]
    Replayed,
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Untrusted(refusal.into())
    }
}
