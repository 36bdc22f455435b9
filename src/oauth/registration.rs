//! Registering a client: what was typed ([`Registration`]) is checked as a whole and becomes a [`Client`] (RFC 7591 §2).

use std::time::Duration;

use url::Url;

use super::{
    authorization_details, backchannel,
    client::{AccessTokenFormat, AuthenticationMethod, Client, GrantType, Introspects},
    client_certificate,
    client_id_url::ClientIdUrl,
    client_keys,
    client_metadata::ClientMetadata,
    frontchannel_logout, profile,
    redirect_uri::{RedirectUri, RedirectUriError, Registrant},
    request_object,
    scope::{Scope, Scopes},
    sector, signed_answer, trusted_issuer,
};
use crate::{
    clock::Timestamp,
    config::Tokens,
    id::OrganizationId,
    keys::Algorithm,
    text::{Name, Slug, TextError},
};

/// A client as an administrator describes it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the same name of `Client`")]
pub struct Registration {
    pub id: String,
    pub organization: Option<OrganizationId>,
    pub name: String,
    pub authentication: AuthenticationMethod,
    pub is_first_party: bool,
    pub grant_types: Vec<GrantType>,
    pub scopes: Vec<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    pub audience: Option<String>,
    pub resources: Vec<String>,
    pub id_token_algorithm: Algorithm,
    pub access_token_algorithm: Algorithm,
    pub access_token_format: AccessTokenFormat,
    pub access_token_life: Option<Duration>,
    pub is_pkce_waived: bool,
    pub introspects: Introspects,
    pub metadata: Box<ClientMetadata>,
}

/// Why a client cannot be registered; the message is for the administrator.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RegistrationError {
    /// No id.
    #[error("the client id {0}")]
    Id(TextError),
    /// No name.
    #[error("the name {0}")]
    Name(TextError),
    /// An address that cannot be registered.
    #[error(transparent)]
    RedirectUri(#[from] RedirectUriError),
    /// Codes need somewhere to go.
    #[error("a client with the grant type authorization_code needs a redirect URI")]
    NoRedirectUri,
    /// RFC 6749 §4.4: client credentials are for confidential clients.
    #[error("client credentials need a client with a secret")]
    PublicService,
    /// RFC 8693 §5: whoever brings the word of others proves who they are.
    #[error("whoever speaks for people or asks them behind their backs is a client that authenticates")]
    PublicExchange,
    /// A service client belongs to an organization.
    #[error("a client with the grant type client_credentials must be owned by an organization")]
    ServiceWithoutOwner,
    /// Nothing to refresh.
    #[error("the grant type refresh_token needs one beside it by which people let the client in")]
    RefreshAlone,
    /// PKCE is waived for confidential clients that send a nonce, and no other.
    #[error("PKCE can be waived only for a client with a secret that asks for the scope openid")]
    Waiver,
    /// No such member.
    #[error("`{0}` is no member of a client's registration")]
    UnknownMember(String),
    /// A value that the member cannot have.
    #[error("`{name}` cannot be that: {why}")]
    Member {
        /// The member.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// No such scope.
    #[error("`{0}` is not a scope")]
    Scope(String),
    /// RFC 8707 §2: an absolute URI without a fragment.
    #[error("`{0}` is not an absolute URI without fragment")]
    Resource(String),
    /// Beyond the bounds of design.
    #[error("an access token lives 60 seconds to 15 minutes")]
    Life,
    /// Only clients with a secret can ask.
    #[error("introspection needs a client with a secret")]
    PublicIntrospection,
}

impl Registration {
    /// A public app with codes and refresh tokens and every scope of Lanyard, to be adapted.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            organization: None,
            name: name.to_owned(),
            authentication: AuthenticationMethod::None,
            is_first_party: false,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scopes: Scope::for_everybody().collect(),
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            backchannel_logout_uri: None,
            audience: None,
            resources: vec![],
            id_token_algorithm: Algorithm::Rs256,
            access_token_algorithm: Algorithm::Es256,
            access_token_format: AccessTokenFormat::Jwt,
            access_token_life: None,
            is_pkce_waived: false,
            introspects: Introspects::Nothing,
            metadata: Box::default(),
        }
    }

    /// A registered client as it was described, to be changed.
    #[must_use]
    pub fn of(client: Client) -> Self {
        let texts = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        Self {
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            id: client.id,
            organization: client.organization,
            name: client.name,
            authentication: client.authentication,
            is_first_party: client.is_first_party,
            grant_types: client.grant_types,
            backchannel_logout_uri: client.backchannel_logout_uri,
            audience: client.audience,
            resources: client.resources,
            id_token_algorithm: client.id_token_algorithm,
            access_token_algorithm: client.access_token_algorithm,
            access_token_format: client.access_token_format,
            access_token_life: client.access_token_life,
            is_pkce_waived: client.is_pkce_waived,
            introspects: client.introspects,
            metadata: client.metadata,
        }
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// [`RegistrationError`] names the first rule that is broken.
    pub fn check(mut self, now: Timestamp) -> Result<Client, RegistrationError> {
        profile::apply(&mut self)?;
        self.check_grants()?;
        let registrant = match self.authentication {
            AuthenticationMethod::None => Registrant::Public,
            _ => Registrant::Confidential,
        };
        let scopes =
            Scopes::parse(&self.scopes.join(" ")).map_err(|_| RegistrationError::Scope(self.scopes.join(" ")))?;
        if self.is_pkce_waived && (registrant == Registrant::Public || !scopes.has(Scope::OpenId)) {
            return Err(RegistrationError::Waiver);
        }
        if self.introspects != Introspects::Nothing && registrant == Registrant::Public {
            return Err(RegistrationError::PublicIntrospection);
        }
        client_keys::check(self.authentication, &self.metadata)?;
        client_certificate::check(self.authentication, &self.metadata)?;
        frontchannel_logout::check(&self.metadata, &self.redirect_uris)?;
        trusted_issuer::check(&self.metadata)?;
        backchannel::check(&self.metadata)?;
        if let Some(bad) = self.resources.iter().chain(&self.audience).find(|text| !is_resource(text)) {
            return Err(RegistrationError::Resource(bad.clone()));
        }
        authorization_details::check_declared(&self.metadata)?;
        request_object::check(&self.metadata)?;
        signed_answer::check(&self.metadata)?;
        sector::check(&self)?;
        Ok(Client {
            id: id(self.id)?,
            name: self.name.parse::<Name>().map_err(RegistrationError::Name)?.into(),
            redirect_uris: addresses(&self.redirect_uris, registrant)?,
            post_logout_redirect_uris: addresses(&self.post_logout_redirect_uris, registrant)?,
            backchannel_logout_uri: backchannel(self.backchannel_logout_uri)?,
            organization: self.organization,
            authentication: self.authentication,
            is_first_party: self.is_first_party,
            grant_types: self.grant_types,
            scopes,
            audience: self.audience,
            resources: self.resources,
            id_token_algorithm: self.id_token_algorithm,
            access_token_algorithm: self.access_token_algorithm,
            access_token_format: self.access_token_format,
            access_token_life: self.access_token_life,
            is_pkce_waived: self.is_pkce_waived,
            introspects: self.introspects,
            metadata: self.metadata,
            created_at: now,
            updated_at: now,
            disabled_at: None,
            tokens_void_before: None,
        })
    }

    fn check_grants(&self) -> Result<(), RegistrationError> {
        let has = |grant_type| self.grant_types.contains(&grant_type);
        if has(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(RegistrationError::NoRedirectUri);
        }
        if has(GrantType::RefreshToken) && !FOR_PEOPLE.iter().any(|grant_type| has(*grant_type)) {
            return Err(RegistrationError::RefreshAlone);
        }
        if has(GrantType::ClientCredentials) && self.authentication == AuthenticationMethod::None {
            return Err(RegistrationError::PublicService);
        }
        let speaks_for_others = [GrantType::TokenExchange, GrantType::JwtBearer, GrantType::Ciba].into_iter().any(has);
        if speaks_for_others && self.authentication == AuthenticationMethod::None {
            return Err(RegistrationError::PublicExchange);
        }
        if has(GrantType::ClientCredentials) && self.organization.is_none() {
            return Err(RegistrationError::ServiceWithoutOwner);
        }
        let fits = |life: Duration| (Tokens::LEAST_ACCESS_TOKEN..=Tokens::MOST_ACCESS_TOKEN).contains(&life);
        if self.access_token_life.is_some_and(|life| !fits(life)) {
            return Err(RegistrationError::Life);
        }
        Ok(())
    }
}

/// Grants by which a person lets a client in.
const FOR_PEOPLE: [GrantType; 3] = [GrantType::AuthorizationCode, GrantType::DeviceCode, GrantType::Ciba];

/// A short name, or the address of a document (`client_id_url`).
fn id(text: String) -> Result<String, RegistrationError> {
    if ClientIdUrl::parse(&text).is_ok() {
        Ok(text)
    } else {
        Ok(text.parse::<Slug>().map_err(RegistrationError::Id)?.into())
    }
}

fn addresses(texts: &[String], registrant: Registrant) -> Result<Vec<RedirectUri>, RegistrationError> {
    texts.iter().map(|text| RedirectUri::parse(text, registrant).map_err(RegistrationError::from)).collect()
}

fn backchannel(text: Option<String>) -> Result<Option<String>, RegistrationError> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(RedirectUri::parse(&text, Registrant::Confidential)?.as_str().to_owned()))
}

fn is_resource(text: &str) -> bool {
    text.len() <= RedirectUri::LONGEST && Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_checked() {
        use RegistrationError as E;
        let app =
            || Registration { redirect_uris: vec!["https://a.example/cb".into()], ..Registration::new("app", "App") };
        let owner = OrganizationId::from_stored("org_a".into());
        let secret = AuthenticationMethod::SecretBasic;
        let service = || Registration {
            authentication: secret,
            grant_types: vec![GrantType::ClientCredentials],
            organization: Some(owner.clone()),
            ..Registration::new("service", "Service")
        };
        let id = |id: &str| Registration { id: id.into(), ..app() };
        let life = |seconds| Registration { access_token_life: Some(Duration::from_secs(seconds)), ..app() };
        for (case, given, expected) in [
            ("an app", app(), None),
            ("a service", service(), None),
            ("no id", id(""), Some(E::Id(TextError::Empty))),
            ("an id with a space", id("a b"), Some(E::Id(TextError::NotASlug))),
            ("an address as id", id("https://a.example/client"), None),
            ("one with a query", id("https://a.example/client?a"), Some(E::Id(TextError::NotASlug))),
            ("no redirect URI", Registration::new("app", "App"), Some(E::NoRedirectUri)),
            (
                "a public service",
                Registration { authentication: AuthenticationMethod::None, ..service() },
                Some(E::PublicService),
            ),
            (
                "exchange without a secret",
                Registration { grant_types: vec![GrantType::TokenExchange], redirect_uris: vec![], ..app() },
                Some(E::PublicExchange),
            ),
            ("a service of nobody", Registration { organization: None, ..service() }, Some(E::ServiceWithoutOwner)),
            (
                "refresh alone",
                Registration { grant_types: vec![GrantType::RefreshToken], ..app() },
                Some(E::RefreshAlone),
            ),
            ("public without PKCE", Registration { is_pkce_waived: true, ..app() }, Some(E::Waiver)),
            ("confidential without PKCE", Registration { is_pkce_waived: true, authentication: secret, ..app() }, None),
            ("no scope", Registration { scopes: vec!["a\"".into()], ..app() }, Some(E::Scope("a\"".into()))),
            ("no resource", Registration { resources: vec!["api".into()], ..app() }, Some(E::Resource("api".into()))),
            ("too short", life(59), Some(E::Life)),
            ("too long", life(901), Some(E::Life)),
            (
                "introspection in a browser",
                Registration { introspects: Introspects::All, ..app() },
                Some(E::PublicIntrospection),
            ),
        ] {
            assert_eq!(given.check(Timestamp(0)).err(), expected, "{case}");
        }
    }
}
