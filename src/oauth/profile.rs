//! FAPI 2.0 (Security Profile, Message Signing) as a profile of a client: what it turns on, and what it refuses.
//!
//! A client has a profile or has none. One that has cannot be registered with less than it demands, and its requests are
//! held to it: pushed requests, PKCE, tokens bound to a key, authentication by keys, short codes. Message signing adds
//! signed requests, answers and introspection.

use std::time::Duration;

use super::{
    client::{AuthenticationMethod, Client, GrantType},
    error::{Code, Refusal, refuse},
    registration::{Registration, RegistrationError},
};
use crate::{jose::Alg, keys::Algorithm};

const LONGEST_CODE: Duration = Duration::from_secs(60);

/// A profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// FAPI 2.0 Security Profile.
    Security,
    /// FAPI 2.0 Message Signing, on top of it.
    MessageSigning,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Security, Self::MessageSigning];

    /// As it is registered.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Security => "fapi2-security",
            Self::MessageSigning => "fapi2-message-signing",
        }
    }

    /// The profile of a client.
    #[must_use]
    pub fn of(client: &Client) -> Option<Self> {
        Self::named(client.metadata.profile.as_deref()?)
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == text)
    }

    /// What a client may sign with, where it registered none (Security Profile §5.4).
    #[must_use]
    pub fn algorithms(client: &Client) -> &'static [Alg] {
        if Self::of(client).is_some() { Alg::FAPI } else { Alg::ALL }
    }

    /// The longest life of a code (Security Profile §5.3.2.1), where `configured` says more.
    #[must_use]
    pub fn code_life(client: &Client, configured: Duration) -> Duration {
        if Self::of(client).is_some() { configured.min(LONGEST_CODE) } else { configured }
    }

    /// Checks the sender constraint of a token request (Security Profile §5.3.2.1): every access token is bound.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn check_token(client: &Client, is_bound: bool) -> Result<(), Refusal> {
        if Self::of(client).is_some() && !is_bound {
            return Err(refuse(Code::InvalidRequest, "the profile of the client wants tokens bound by DPoP or mTLS"));
        }
        Ok(())
    }
}

/// Turns on what the profile of a client implies, and checks that nothing contradicts it.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn apply(registration: &mut Registration) -> Result<(), RegistrationError> {
    let wrong = |name: &str, why: &str| Err(RegistrationError::Member { name: name.to_owned(), why: why.to_owned() });
    let Some(name) = registration.metadata.profile.clone() else { return Ok(()) };
    let Some(profile) = Profile::named(&name) else {
        return wrong("profile", "it is `fapi2-security` or `fapi2-message-signing`");
    };
    if !is_by_key(registration.authentication) {
        return wrong(
            "token_endpoint_auth_method",
            "the profile wants private_key_jwt, tls_client_auth or self_signed_tls_client_auth",
        );
    }
    if registration.is_pkce_waived {
        return wrong("profile", "the profile wants PKCE, which was waived for this client");
    }
    let algorithms = [registration.id_token_algorithm, registration.access_token_algorithm];
    if algorithms.contains(&Algorithm::Rs256) {
        return wrong("id_token_signed_response_alg", "the profile wants PS256, ES256 or EdDSA");
    }
    let metadata = &mut registration.metadata;
    let signing = [
        ("token_endpoint_auth_signing_alg", &metadata.token_endpoint_auth_signing_alg),
        ("request_object_signing_alg", &metadata.request_object_signing_alg),
        ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
        ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        ("backchannel_authentication_request_signing_alg", &metadata.backchannel_authentication_request_signing_alg),
    ];
    let is_allowed = |name: &str| Alg::FAPI.iter().any(|alg| alg.name() == name);
    if let Some((member, _)) = signing.into_iter().find(|(_, alg)| alg.as_deref().is_some_and(|alg| !is_allowed(alg))) {
        return wrong(member, "the profile wants PS256, ES256 or EdDSA");
    }
    if !metadata.dpop_bound_access_tokens && !metadata.tls_client_certificate_bound_access_tokens {
        return wrong(
            "profile",
            "the profile wants dpop_bound_access_tokens or tls_client_certificate_bound_access_tokens",
        );
    }
    metadata.require_pushed_authorization_requests = registration.grant_types.contains(&GrantType::AuthorizationCode);
    if profile == Profile::MessageSigning {
        if metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
            return wrong("profile", "message signing wants jwks or jwks_uri");
        }
        metadata.require_signed_request_object = true;
        metadata.authorization_signed_response_alg.get_or_insert_with(|| Algorithm::Ps256.name().to_owned());
        metadata.introspection_signed_response_alg.get_or_insert_with(|| Algorithm::Ps256.name().to_owned());
    }
    Ok(())
}

const fn is_by_key(method: AuthenticationMethod) -> bool {
    !matches!(method, AuthenticationMethod::None | AuthenticationMethod::SecretBasic | AuthenticationMethod::SecretPost)
}
