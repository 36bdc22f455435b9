//! What a client registers beyond its addresses, scopes and grants (RFC 7591 §2 and the registries behind it), as stored.
//!
//! Every member is optional, and absent means what its specification says is the default. A rule that uses a member owns
//! its meaning; this file owns the names alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::trusted_issuer::TrustedIssuer;
use crate::id::UserId;

/// Defines the members with their registered names; a member that says nothing is not written.
macro_rules! members {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        /// Metadata of a client, under their registered names.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct ClientMetadata {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_default")] pub $name: $type,)*
        }

        impl ClientMetadata {
            /// Every member.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        }
    };
}

members! {
    // ── keys and client authentication: RFC 7591 §2, RFC 7523, RFC 8705 §2 ──
    /// Its public keys, a JWK set by value.
    jwks: Option<Value>;
    /// The address of its JWK set.
    jwks_uri: Option<String>;
    /// The one algorithm of its assertions.
    token_endpoint_auth_signing_alg: Option<String>;
    /// Subject of its certificate (RFC 4514).
    tls_client_auth_subject_dn: Option<String>;
    /// A DNS name of its certificate.
    tls_client_auth_san_dns: Option<String>;
    /// A URI of its certificate.
    tls_client_auth_san_uri: Option<String>;
    /// An IP address of its certificate.
    tls_client_auth_san_ip: Option<String>;
    /// A mail address of its certificate.
    tls_client_auth_san_email: Option<String>;
    /// Its tokens are bound to its certificate (RFC 8705 §3.4).
    tls_client_certificate_bound_access_tokens: bool;
    /// Its tokens are bound to a key by DPoP (RFC 9449 §5.2).
    dpop_bound_access_tokens: bool;

    // ── authorization requests: RFC 9126 §6, RFC 9101 §10.5, RFC 9396 §10 ──
    /// It pushes every authorization request.
    require_pushed_authorization_requests: bool;
    /// It signs every authorization request.
    require_signed_request_object: bool;
    /// The one algorithm of its request objects.
    request_object_signing_alg: Option<String>;
    /// How its request objects are encrypted.
    request_object_encryption_alg: Option<String>;
    /// Likewise the content.
    request_object_encryption_enc: Option<String>;
    /// Where its request objects may lie.
    request_uris: Vec<String>;
    /// Types of authorization details that it may ask for.
    authorization_details_types: Vec<String>;
    /// A JSON Schema for each of its types of authorization details, by type.
    authorization_details_schemas: Option<Value>;
    /// The longest time since the person proved who they are, in seconds, where a request says nothing.
    default_max_age: Option<i64>;
    /// ID tokens always say when that was.
    require_auth_time: bool;
    /// What is asked of a sign-in where a request says nothing.
    default_acr_values: Vec<String>;
    /// A profile that turns on what it needs and refuses the rest: `fapi2-security` or `fapi2-message-signing`.
    profile: Option<String>;

    // ── answers: JARM §3, OpenID Connect Registration 1.0 §2, RFC 9701 §6 ──
    /// How answers of the authorization endpoint are signed.
    authorization_signed_response_alg: Option<String>;
    /// How they are encrypted.
    authorization_encrypted_response_alg: Option<String>;
    /// Likewise the content.
    authorization_encrypted_response_enc: Option<String>;
    /// How its ID tokens are encrypted.
    id_token_encrypted_response_alg: Option<String>;
    /// Likewise the content.
    id_token_encrypted_response_enc: Option<String>;
    /// How userinfo is signed.
    userinfo_signed_response_alg: Option<String>;
    /// How it is encrypted.
    userinfo_encrypted_response_alg: Option<String>;
    /// Likewise the content.
    userinfo_encrypted_response_enc: Option<String>;
    /// How introspection is signed.
    introspection_signed_response_alg: Option<String>;
    /// How it is encrypted.
    introspection_encrypted_response_alg: Option<String>;
    /// Likewise the content.
    introspection_encrypted_response_enc: Option<String>;
    /// `pairwise` or `public`.
    subject_type: Option<String>;
    /// Which clients share pairwise subjects.
    sector_identifier_uri: Option<String>;

    // ── signing out: Back-Channel Logout 1.0 §2.2, Front-Channel Logout 1.0 §2 ──
    /// Logout tokens name the session.
    backchannel_logout_session_required: bool;
    /// What a browser loads when the person signs out.
    frontchannel_logout_uri: Option<String>;
    /// It is told which session.
    frontchannel_logout_session_required: bool;

    // ── grants: RFC 8693, RFC 7523 §2.1, CIBA Core 1.0 §4 ──
    /// What it may exchange tokens for beyond its own.
    token_exchange: Option<TokenExchange>;
    /// Whose assertions it may exchange.
    jwt_bearer_issuers: Vec<TrustedIssuer>;
    /// `poll` or `ping`.
    backchannel_token_delivery_mode: Option<String>;
    /// Where it is told that a decision was made.
    backchannel_client_notification_endpoint: Option<String>;
    /// The one algorithm of its signed requests.
    backchannel_authentication_request_signing_alg: Option<String>;
    /// People give it a code of their own.
    backchannel_user_code_parameter: bool;

    // ── what people and administrators see: RFC 7591 §2 ──
    /// Its home page.
    client_uri: Option<String>;
    /// Its picture.
    logo_uri: Option<String>;
    /// Its privacy text.
    policy_uri: Option<String>;
    /// Its terms.
    tos_uri: Option<String>;
    /// Who answers for it.
    contacts: Vec<String>;
    /// The software, across its installations.
    software_id: Option<String>;
    /// Its version.
    software_version: Option<String>;
    /// Where a sign-in can be begun from outside.
    initiate_login_uri: Option<String>;
    /// `web` or `native`.
    application_type: Option<String>;
}

/// What a client may do with tokens that were issued to others and are meant for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenExchange {
    /// Act as the person, which the new token does not tell; the audit log does.
    pub impersonation: bool,
    /// The ids of those as whom it may act; nobody else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<UserId>,
}

impl TokenExchange {
    /// Whether the client may act as this person.
    #[must_use]
    pub fn lets_impersonate(&self, user: &UserId) -> bool {
        self.impersonation && self.subjects.contains(user)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_written() {
        assert_eq!(serde_json::to_string(&ClientMetadata::default()).unwrap(), "{}");
        let some = ClientMetadata { dpop_bound_access_tokens: true, ..ClientMetadata::default() };
        let text = serde_json::to_string(&some).unwrap();
        assert_eq!(text, r#"{"dpop_bound_access_tokens":true}"#);
        assert_eq!(serde_json::from_str::<ClientMetadata>(&text).unwrap(), some);
        assert!(serde_json::from_str::<ClientMetadata>(r#"{"dpop":true}"#).is_err());
    }
}
