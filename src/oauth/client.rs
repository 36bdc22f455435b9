//! Clients (RFC 6749 §2, RFC 7591 §2): the apps, browser apps and services that may ask for tokens.
//!
//! A client is either server-wide, and serves the organizations that activated it, or owned by one organization. Service
//! clients (client credentials) are owned: `org_id` of their tokens is the owner.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    client_metadata::ClientMetadata,
    error::{Code, Refusal, refuse},
    redirect_uri::{RedirectUri, Registrant, VerifiedRedirect},
    scope::{Scope, Scopes},
};
use crate::{
    clock::Timestamp,
    directory::access::Access,
    id::{ClientSecretId, OrganizationId},
    keys::Algorithm,
    secret::TokenHash,
    text::names,
};

names! {
    /// How a client proves who it is (RFC 7591 §2, `token_endpoint_auth_method`).
    AuthenticationMethod:
        /// A public client has no secret.
        None = "none",
        /// HTTP Basic (RFC 6749 §2.3.1).
        SecretBasic = "client_secret_basic",
        /// In the body (RFC 6749 §2.3.1).
        SecretPost = "client_secret_post",
        /// A signed assertion (RFC 7523 §2.2, OpenID Connect Core §9).
        PrivateKeyJwt = "private_key_jwt",
        /// A certificate of an authority (RFC 8705 §2.1).
        TlsClientAuth = "tls_client_auth",
        /// A certificate of its own (RFC 8705 §2.2).
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth";
    /// What a client may exchange for tokens.
    GrantType:
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628 §3.4.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// RFC 8693.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 7523 §2.1.
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
        /// CIBA Core 1.0 §10.1.
        Ciba = "urn:openid:params:grant-type:ciba";
    /// The form of a client's access tokens.
    AccessTokenFormat:
        /// RFC 9068.
        Jwt = "jwt",
        /// A random string that only introspection explains.
        Opaque = "opaque";
    /// Which tokens a client may introspect.
    Introspects:
        /// None.
        Nothing = "none",
        /// Those that are meant for it.
        Own = "own",
        /// Those of every client, in the organizations that it serves.
        All = "all";
}

impl AuthenticationMethod {
    /// Whether it rests on a secret that the server gave.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost)
    }

    /// Whether it rests on keys that the client registered.
    #[must_use]
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }

    /// Whether it rests on the certificate of the connection: the request itself holds no more than `client_id`.
    #[must_use]
    pub const fn has_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// The owner; `None`: server-wide.
    pub organization: Option<OrganizationId>,
    /// The name that people see.
    pub name: String,
    /// The one way it proves who it is.
    pub authentication: AuthenticationMethod,
    /// An app of the clinic itself: nobody is asked for consent.
    pub is_first_party: bool,
    /// What it may exchange for tokens.
    pub grant_types: Vec<GrantType>,
    /// The most it may ask for.
    pub scopes: Scopes,
    /// Where answers may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may be sent after signing out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it learns of a sign-out (OpenID Connect Back-Channel Logout).
    pub backchannel_logout_uri: Option<String>,
    /// `aud` of its access tokens, unless it names a resource; `None`: the issuer.
    pub audience: Option<String>,
    /// Resources that it may name (RFC 8707).
    pub resources: Vec<String>,
    /// Signature of its ID tokens.
    pub id_token_algorithm: Algorithm,
    /// Signature of its access tokens.
    pub access_token_algorithm: Algorithm,
    /// Form of its access tokens.
    pub access_token_format: AccessTokenFormat,
    /// Life of its access tokens; `None`: the server's default.
    pub access_token_life: Option<Duration>,
    /// A confidential client that an administrator excused from PKCE; it must send a nonce.
    pub is_pkce_waived: bool,
    /// Which tokens it may introspect.
    pub introspects: Introspects,
    /// The rest of what it registered.
    pub metadata: Box<ClientMetadata>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// When it was enabled again: tokens from before that stay dead.
    pub tokens_void_before: Option<Timestamp>,
}

/// One secret of a client; two can be live while one replaces the other.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its id, to revoke it by.
    pub id: ClientSecretId,
    /// SHA-256 of 256 random bits.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl Secret {
    /// Whether it counts at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What an app asks of a member of an organization that activated it: of each list that is not empty, one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// Slugs of roles.
    pub roles: Vec<String>,
    /// Slugs of groups.
    pub groups: Vec<String>,
    /// Slugs of locations.
    pub locations: Vec<String>,
}

impl Requirement {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.groups.is_empty() && self.locations.is_empty()
    }

    /// Whether a member with this access meets it.
    #[must_use]
    pub fn is_met_by(&self, access: &Access) -> bool {
        let one = |wanted: &[String], has: &[crate::text::Slug]| {
            wanted.is_empty() || has.iter().any(|slug| wanted.iter().any(|wanted| wanted == slug.as_str()))
        };
        one(&self.roles, &access.roles) && one(&self.groups, &access.groups) && one(&self.locations, &access.locations)
    }
}

/// That an organization uses an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// What it asks of members.
    pub requires: Requirement,
    /// Since when, without interruption.
    pub since: Timestamp,
}

#[cfg(test)]
impl Activation {
    /// Ever since, without a requirement.
    pub(crate) fn of_old() -> Self {
        Self { requires: Requirement::default(), since: Timestamp(0) }
    }
}

/// A client with all that decides about its requests, as it is cached.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its secrets that were not revoked.
    pub secrets: Vec<Secret>,
    /// The organizations that activated it.
    pub activations: HashMap<OrganizationId, Activation>,
}

impl Registered {
    /// Whether members of `organization` may use it, and what it asks of them.
    #[must_use]
    pub fn serves(&self, organization: &OrganizationId) -> Option<Requirement> {
        let requires = || self.activations.get(organization).map(|activation| activation.requires.clone());
        match &self.client.organization {
            Some(owner) if owner != organization => None,
            Some(_) => Some(requires().unwrap_or_default()),
            None => requires(),
        }
    }

    /// Whether what was issued at this instant for `organization` may count: the client is enabled and serves it, and did
    /// without interruption since.
    #[must_use]
    pub fn stands_by(&self, issued_at: Timestamp, organization: &OrganizationId) -> bool {
        let activated = || self.activations.get(organization).is_some_and(|activation| activation.since <= issued_at);
        let serves = self.client.organization.as_ref().map_or_else(activated, |owner| owner == organization);
        serves && self.client.stands_by(issued_at)
    }
}

impl Client {
    /// Whether what was issued to it at this instant may count: it is enabled, and was not disabled since.
    #[must_use]
    pub fn stands_by(&self, issued_at: Timestamp) -> bool {
        self.disabled_at.is_none() && self.tokens_void_before.is_none_or(|void| void <= issued_at)
    }

    /// Whether it keeps no secret.
    #[must_use]
    pub fn registrant(&self) -> Registrant {
        match self.authentication {
            AuthenticationMethod::None => Registrant::Public,
            _ => Registrant::Confidential,
        }
    }

    /// Whether it may use `grant_type`.
    ///
    /// # Errors
    /// `unauthorized_client` (RFC 6749 §5.2).
    pub fn allows(&self, grant_type: GrantType) -> Result<(), Refusal> {
        if self.grant_types.contains(&grant_type) {
            Ok(())
        } else {
            Err(refuse(Code::UnauthorizedClient, "the client is not registered for this grant type"))
        }
    }

    /// Finds `requested` among the registered redirect URIs.
    #[must_use]
    pub fn verify_redirect(&self, requested: &str) -> Option<VerifiedRedirect> {
        let registrant = self.registrant();
        let is_registered = self.redirect_uris.iter().any(|own| own.matches(requested, registrant));
        is_registered.then(|| VerifiedRedirect::proved(requested))
    }

    /// Finds `requested` among the registered post-logout redirect URIs (OpenID Connect RP-Initiated Logout §3).
    #[must_use]
    pub fn verify_post_logout_redirect(&self, requested: &str) -> Option<VerifiedRedirect> {
        let registrant = self.registrant();
        let is_registered = self.post_logout_redirect_uris.iter().any(|own| own.matches(requested, registrant));
        is_registered.then(|| VerifiedRedirect::proved(requested))
    }

    /// The scope of a request: all of it must be registered; nothing asked for means all that is registered for
    /// client credentials and nothing for people.
    ///
    /// # Errors
    /// `invalid_scope` (RFC 6749 §3.3).
    pub fn grant_scope(&self, requested: &Scopes) -> Result<(), Refusal> {
        // No person can let an app push people into an organization.
        if self.scopes.covers(requested) && !requested.has(Scope::Scim) {
            Ok(())
        } else {
            Err(refuse(Code::InvalidScope, "the client may not ask for one of these scopes"))
        }
    }

    /// The resources of a request (RFC 8707 §2.1): all of them must be registered.
    ///
    /// # Errors
    /// `invalid_target`.
    pub fn grant_resources(&self, requested: &[String]) -> Result<(), Refusal> {
        if requested.iter().all(|resource| self.resources.contains(resource)) {
            Ok(())
        } else {
            Err(refuse(Code::InvalidTarget, "the client may not ask for this resource"))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A first-party client of everything.
    pub(crate) fn client() -> Client {
        Client {
            id: "portal".into(),
            organization: None,
            name: "Portal".into(),
            authentication: AuthenticationMethod::SecretBasic,
            is_first_party: true,
            grant_types: GrantType::ALL.to_vec(),
            scopes: Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect(),
            redirect_uris: vec![RedirectUri::from_stored("https://app.example/cb".into())],
            post_logout_redirect_uris: vec![RedirectUri::from_stored("https://app.example/".into())],
            backchannel_logout_uri: None,
            audience: None,
            resources: vec!["https://api.example".into()],
            id_token_algorithm: Algorithm::Rs256,
            access_token_algorithm: Algorithm::EdDsa,
            access_token_format: AccessTokenFormat::Jwt,
            access_token_life: None,
            is_pkce_waived: false,
            introspects: Introspects::Nothing,
            metadata: Box::default(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            disabled_at: None,
            tokens_void_before: None,
        }
    }

    #[test]
    fn a_client_serves_its_owner_or_those_that_activated_it() {
        let [a, b] = ["org_a", "org_b"].map(|id| OrganizationId::from_stored(id.into()));
        for (owner, activated, asked, serves) in [
            (Some(&a), None, &a, true),
            (Some(&a), None, &b, false),
            (Some(&a), Some(&b), &b, false),
            (None, Some(&a), &a, true),
            (None, Some(&a), &b, false),
            (None, None, &a, false),
        ] {
            let registered = Registered {
                client: Client { organization: owner.cloned(), ..client() },
                secrets: vec![],
                activations: activated.map(|id| (id.clone(), Activation::of_old())).into_iter().collect(),
            };
            assert_eq!(registered.serves(asked).is_some(), serves, "{owner:?} {activated:?} {asked}");
            assert_eq!(registered.stands_by(Timestamp(0), asked), serves, "{owner:?} {activated:?} {asked}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for method in AuthenticationMethod::ALL {
            assert_eq!(AuthenticationMethod::named(method.name()), Some(*method));
        }
        assert_eq!(GrantType::named("password"), None);
    }
}
