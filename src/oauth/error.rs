//! What a client is told when a request is refused: each registered code with its status, once.
//!
//! RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core 1.0 §3.1.2.6, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8707 §2, RFC 8628 §3.5.

use std::{borrow::Cow, time::Duration};

use crate::{storage, web::ParameterError};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $registered:literal $status:literal;)*) => {
        /// A registered error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The registered name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $registered,)* }
            }

            /// The HTTP status where the code is answered in a body.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// A parameter is missing, unknown in its value, or sent twice.
    InvalidRequest = "invalid_request" 400;
    /// Client authentication failed.
    InvalidClient = "invalid_client" 401;
    /// The code or refresh token is invalid, expired, revoked, used, or another client's.
    InvalidGrant = "invalid_grant" 400;
    /// The client may not do this.
    UnauthorizedClient = "unauthorized_client" 400;
    /// The grant type is not known here.
    UnsupportedGrantType = "unsupported_grant_type" 400;
    /// The scope is malformed or more than the client may have.
    InvalidScope = "invalid_scope" 400;
    /// The person or the organization's rules said no.
    AccessDenied = "access_denied" 400;
    /// The person has not decided yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending" 400;
    /// The same, and the client asks too often (RFC 8628 §3.5).
    SlowDown = "slow_down" 400;
    /// Nobody decided in time (RFC 8628 §3.5).
    ExpiredToken = "expired_token" 400;
    /// Nobody of that name uses the client (CIBA Core 1.0 §13).
    UnknownUserId = "unknown_user_id" 400;
    /// The message for the person cannot be shown (CIBA Core 1.0 §13).
    InvalidBindingMessage = "invalid_binding_message" 400;
    /// Another response type than `code`.
    UnsupportedResponseType = "unsupported_response_type" 400;
    /// A fault of ours.
    ServerError = "server_error" 500;
    /// Too much work at the moment.
    TemporarilyUnavailable = "temporarily_unavailable" 503;
    /// The person must sign in, and `prompt=none` forbids a page.
    LoginRequired = "login_required" 400;
    /// The person must do something, and `prompt=none` forbids a page.
    InteractionRequired = "interaction_required" 400;
    /// The person must allow the app, and `prompt=none` forbids a page.
    ConsentRequired = "consent_required" 400;
    /// The person must choose an account, and `prompt=none` forbids a page.
    AccountSelectionRequired = "account_selection_required" 400;
    /// The request object is malformed, or not the client's (RFC 9101 §7).
    InvalidRequestObject = "invalid_request_object" 400;
    /// There is no request object at that address.
    InvalidRequestUri = "invalid_request_uri" 400;
    /// The parameter `registration` is not supported.
    RegistrationNotSupported = "registration_not_supported" 400;
    /// The resource is not one that the client may ask for.
    InvalidTarget = "invalid_target" 400;
    /// A detail is malformed, of an unknown type, or more than was granted (RFC 9396 §5).
    InvalidAuthorizationDetails = "invalid_authorization_details" 400;
    /// An address that cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri" 400;
    /// Another member that cannot be registered (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata" 400;
    /// A software statement that cannot be believed (RFC 7591 §3.2.2).
    InvalidSoftwareStatement = "invalid_software_statement" 400;
    /// A software statement of somebody who is not trusted (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement" 400;
    /// Nobody can prove who they are as well as is asked for.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements" 400;
    /// The DPoP proof is missing, malformed, another request's, or used (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof" 400;
    /// The DPoP proof lacks the nonce that the answer brings (RFC 9449 §8).
    UseDpopNonce = "use_dpop_nonce" 400;
    /// The access token is malformed, expired, revoked or not ours.
    InvalidToken = "invalid_token" 401;
    /// The sign-in behind the access token is too old or not sure enough (RFC 9470 §3).
    InsufficientUserAuthentication = "insufficient_user_authentication" 401;
    /// The access token does not carry the scope that is needed.
    InsufficientScope = "insufficient_scope" 403;
    /// The kind of token cannot be revoked.
    UnsupportedTokenType = "unsupported_token_type" 400;
}

/// A code with a short hint for the client's developers.
///
/// Hints hold no `"`, no `\` and nothing beyond printable ASCII (RFC 6749 §5.2), and nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {hint}", code.name())]
pub struct Refusal {
    /// What is wrong.
    pub code: Code,
    /// What to look at.
    pub hint: Cow<'static, str>,
}

/// Refuses with a hint.
#[must_use]
pub const fn refuse(code: Code, hint: &'static str) -> Refusal {
    Refusal { code, hint: Cow::Borrowed(hint) }
}

impl From<ParameterError> for Refusal {
    fn from(error: ParameterError) -> Self {
        Self { code: Code::InvalidRequest, hint: Cow::Owned(error.to_string()) }
    }
}

/// What a sign-in has to be like for a resource (RFC 9470 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in is too old or not sure enough")]
pub struct Challenge {
    /// No older than so many seconds.
    pub max_age: Option<u64>,
    /// As sure as this.
    pub acr: Option<&'static str>,
}

impl Challenge {
    /// The refusal that comes with it.
    pub const REFUSAL: Refusal =
        refuse(Code::InsufficientUserAuthentication, "the sign-in is too old or not sure enough; ask for another one");

    /// Its parameters, as they follow others in `WWW-Authenticate`.
    #[must_use]
    pub fn parameters(&self) -> String {
        let acr = self.acr.map(|acr| format!(", acr_values=\"{acr}\""));
        let age = self.max_age.map(|age| format!(", max_age=\"{age}\""));
        [acr, age].into_iter().flatten().collect()
    }
}

/// So much was asked from one network that it has to wait this long (RFC 6585 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests from this network")]
pub struct TooMany(pub Duration);

/// Why an endpoint does not answer with what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's doing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody nearby asks too much.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The person has to sign in anew, or better.
    #[error(transparent)]
    StepUp(#[from] Challenge),
    /// Our doing.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// No key can sign.
    #[error("no signing key for {0}")]
    NoKey(crate::keys::Algorithm),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_registered_once() {
        for (at, code) in Code::ALL.iter().enumerate() {
            assert!(!Code::ALL[..at].iter().any(|other| other.name() == code.name()), "{}", code.name());
            assert!((400..=503).contains(&code.status()));
        }
    }
}
