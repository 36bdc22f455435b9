//! What this server can do (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), derived from the lists that the code decides by.

use serde::Serialize;

use super::{
    authorization::{Prompt, ResponseMode},
    backchannel::DELIVERY_MODES,
    client::{AuthenticationMethod, GrantType},
    dpop,
    scope::Scope,
    sector,
    token::Person,
};
use crate::{
    authentication::assurance,
    config::{Config, Issuer},
    jose::{
        Alg,
        jwe::{self, ContentEncryption, KeyManagement},
    },
    keys::Algorithm,
};

/// Where the endpoints are.
#[expect(missing_docs, reason = "each is named by its endpoint")]
pub mod path {
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    pub const TOKEN: &str = "/oauth2/token";
    pub const PAR: &str = "/oauth2/par";
    pub const USERINFO: &str = "/oauth2/userinfo";
    pub const INTROSPECT: &str = "/oauth2/introspect";
    pub const REVOKE: &str = "/oauth2/revoke";
    pub const JWKS: &str = "/oauth2/jwks";
    pub const DEVICE_AUTHORIZATION: &str = "/oauth2/device_authorization";
    pub const BACKCHANNEL_AUTHENTICATION: &str = "/oauth2/backchannel-authentication";
    pub const DEVICE: &str = "/device";
    pub const DEVICE_QR: &str = "/device/qr";
    pub const LOGOUT: &str = "/oauth2/logout";
    pub const REGISTER: &str = "/oauth2/register";
    pub const REGISTERED: &str = "/oauth2/register/{client_id}";
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
}

/// The metadata document; both well-known addresses serve it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the document")]
#[expect(missing_docs, reason = "the members are defined in OpenID Connect Discovery 1.0 §3 and RFC 8414 §2")]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub require_pushed_authorization_requests: bool,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub device_authorization_endpoint: String,
    pub backchannel_authentication_endpoint: String,
    pub backchannel_token_delivery_modes_supported: [&'static str; 2],
    pub backchannel_authentication_request_signing_alg_values_supported: Vec<&'static str>,
    pub backchannel_user_code_parameter_supported: bool,
    pub end_session_endpoint: String,
    pub registration_endpoint: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub subject_types_supported: [&'static str; 2],
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<EndpointAliases>,
    pub code_challenge_methods_supported: [&'static str; 1],
    pub claims_supported: Vec<&'static str>,
    pub claim_types_supported: [&'static str; 2],
    pub ui_locales_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    #[serde(flatten)]
    pub tokens: TokenForms,
    pub authorization_response_iss_parameter_supported: bool,
    pub acr_values_supported: [&'static str; assurance::ALL.len()],
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_id_metadata_document_supported: bool,
}

/// How request objects and answers may be signed and encrypted.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the members are defined in OpenID Connect Discovery 1.0 §3, JARM §4 and RFC 9701 §7")]
pub struct TokenForms {
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    pub request_object_encryption_alg_values_supported: Vec<&'static str>,
    pub request_object_encryption_enc_values_supported: Vec<&'static str>,
    pub id_token_encryption_alg_values_supported: Vec<&'static str>,
    pub id_token_encryption_enc_values_supported: Vec<&'static str>,
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    pub userinfo_encryption_alg_values_supported: Vec<&'static str>,
    pub userinfo_encryption_enc_values_supported: Vec<&'static str>,
    pub authorization_signing_alg_values_supported: Vec<&'static str>,
    pub authorization_encryption_alg_values_supported: Vec<&'static str>,
    pub authorization_encryption_enc_values_supported: Vec<&'static str>,
    pub introspection_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_encryption_alg_values_supported: Vec<&'static str>,
    pub introspection_encryption_enc_values_supported: Vec<&'static str>,
}

impl TokenForms {
    fn all() -> Self {
        let own: Vec<&'static str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        let algs: Vec<&'static str> = KeyManagement::ALL.iter().map(|alg| alg.name()).collect();
        let encs: Vec<&'static str> = ContentEncryption::ALL.iter().map(|enc| enc.name()).collect();
        Self {
            request_object_signing_alg_values_supported: Alg::ALL.iter().map(|alg| alg.name()).collect(),
            request_object_encryption_alg_values_supported: jwe::OURS.iter().map(|alg| alg.name()).collect(),
            request_object_encryption_enc_values_supported: encs.clone(),
            id_token_encryption_alg_values_supported: algs.clone(),
            id_token_encryption_enc_values_supported: encs.clone(),
            userinfo_signing_alg_values_supported: own.clone(),
            userinfo_encryption_alg_values_supported: algs.clone(),
            userinfo_encryption_enc_values_supported: encs.clone(),
            authorization_signing_alg_values_supported: own.clone(),
            authorization_encryption_alg_values_supported: algs.clone(),
            authorization_encryption_enc_values_supported: encs.clone(),
            introspection_signing_alg_values_supported: own,
            introspection_encryption_alg_values_supported: algs,
            introspection_encryption_enc_values_supported: encs,
        }
    }
}

impl Metadata {
    /// The document of this server.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let issuer = config.server.issuer.as_str();
        let at = |path: &str| format!("{issuer}{path}");
        let certificates = &config.client_certificates;
        let is_offered = |method: &&AuthenticationMethod| certificates.are_taken() || !method.has_certificate();
        let methods = AuthenticationMethod::ALL.iter().filter(is_offered).map(|method| method.name());
        let methods: Vec<&'static str> = methods.collect();
        let confidential: Vec<&'static str> = methods.iter().copied().filter(|method| *method != "none").collect();
        let own: Vec<&'static str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(path::AUTHORIZE),
            token_endpoint: at(path::TOKEN),
            pushed_authorization_request_endpoint: at(path::PAR),
            require_pushed_authorization_requests: config.oauth.requires_pushed_requests,
            userinfo_endpoint: at(path::USERINFO),
            jwks_uri: at(path::JWKS),
            introspection_endpoint: at(path::INTROSPECT),
            revocation_endpoint: at(path::REVOKE),
            device_authorization_endpoint: at(path::DEVICE_AUTHORIZATION),
            backchannel_authentication_endpoint: at(path::BACKCHANNEL_AUTHENTICATION),
            backchannel_token_delivery_modes_supported: DELIVERY_MODES,
            backchannel_authentication_request_signing_alg_values_supported: signing(),
            backchannel_user_code_parameter_supported: false,
            end_session_endpoint: at(path::LOGOUT),
            registration_endpoint: at(path::REGISTER),
            scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::ALL.iter().map(|mode| mode.name()).collect(),
            grant_types_supported: GrantType::ALL.iter().map(|grant| grant.name()).collect(),
            prompt_values_supported: Prompt::ALL.iter().map(|prompt| prompt.name()).collect(),
            subject_types_supported: sector::TYPES,
            id_token_signing_alg_values_supported: own,
            revocation_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_methods_supported: methods,
            introspection_endpoint_auth_methods_supported: confidential,
            token_endpoint_auth_signing_alg_values_supported: signing(),
            revocation_endpoint_auth_signing_alg_values_supported: signing(),
            introspection_endpoint_auth_signing_alg_values_supported: signing(),
            dpop_signing_alg_values_supported: dpop::ALGORITHMS.iter().map(|alg| alg.name()).collect(),
            tls_client_certificate_bound_access_tokens: certificates.are_taken(),
            mtls_endpoint_aliases: certificates.address.as_ref().map(EndpointAliases::at),
            code_challenge_methods_supported: ["S256"],
            claims_supported: claims(),
            claim_types_supported: ["normal", "distributed"],
            ui_locales_supported: crate::web::Language::ALL.iter().map(|language| language.tag()).collect(),
            authorization_details_types_supported: vec![],
            claims_parameter_supported: true,
            request_parameter_supported: true,
            request_uri_parameter_supported: true,
            require_request_uri_registration: true,
            tokens: TokenForms::all(),
            authorization_response_iss_parameter_supported: true,
            acr_values_supported: assurance::ALL,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            client_id_metadata_document_supported: !config.registration.document_hosts.is_empty(),
        }
    }
}

/// Where apps show their certificates (RFC 8705 §5).
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "each is the endpoint of that name")]
pub struct EndpointAliases {
    pub token_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub userinfo_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub device_authorization_endpoint: String,
    pub backchannel_authentication_endpoint: String,
}

impl EndpointAliases {
    fn at(address: &Issuer) -> Self {
        Self {
            token_endpoint: address.at(path::TOKEN),
            pushed_authorization_request_endpoint: address.at(path::PAR),
            userinfo_endpoint: address.at(path::USERINFO),
            introspection_endpoint: address.at(path::INTROSPECT),
            revocation_endpoint: address.at(path::REVOKE),
            device_authorization_endpoint: address.at(path::DEVICE_AUTHORIZATION),
            backchannel_authentication_endpoint: address.at(path::BACKCHANNEL_AUTHENTICATION),
        }
    }
}

/// How assertions of clients may be signed.
fn signing() -> Vec<&'static str> {
    Alg::ALL.iter().map(|alg| alg.name()).collect()
}

fn claims() -> Vec<&'static str> {
    let protocol = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"];
    let membership = [
        "org_id",
        "org_name",
        "roles",
        "groups",
        "locations",
        "assignments",
        "entitlements",
        "identifiers",
        "location_identifiers",
        "membership_kind",
        "profession",
        "specialty",
        "registration",
        "overflow",
    ];
    protocol.into_iter().chain(Person::NAMES).chain(membership).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[test]
    fn the_document_says_what_the_code_decides_by() {
        let document = serde_json::to_value(Metadata::of(&Config::load(&Sources::none()).unwrap())).unwrap();
        assert_eq!(document["issuer"], "http://localhost:8080");
        assert_eq!(document["token_endpoint"], "http://localhost:8080/oauth2/token");
        for (member, expected) in [
            ("response_types_supported", "code"),
            ("grant_types_supported", "authorization_code"),
            ("id_token_signing_alg_values_supported", "RS256"),
            ("token_endpoint_auth_methods_supported", "client_secret_basic"),
            ("token_endpoint_auth_methods_supported", "private_key_jwt"),
            ("token_endpoint_auth_signing_alg_values_supported", "ES512"),
            ("dpop_signing_alg_values_supported", "ES256"),
            ("backchannel_authentication_request_signing_alg_values_supported", "PS256"),
            ("code_challenge_methods_supported", "S256"),
            ("claims_supported", "org_id"),
            ("scopes_supported", "openid"),
        ] {
            assert!(document[member].as_array().unwrap().iter().any(|value| value == expected), "{member}");
        }
        let introspection = document["introspection_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(!introspection.iter().any(|value| value == "none"));
    }
}
