//! Signing in by OpenID Connect: authorization code with PKCE, state and nonce, by the `openidconnect` crate.

use std::time::Duration;

use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Calendar,
    provider::{Known, Unreachable},
};
use crate::{clock::Timestamp, demo::clinic::CALENDAR};

/// Lanyard's own claims in the ID token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ClinicClaims {
    #[serde(default)]
    pub(super) org_id: String,
    #[serde(default)]
    pub(super) org_name: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) locations: Vec<String>,
    #[serde(default)]
    pub(super) assignments: Vec<RoleAt>,
    #[serde(default)]
    pub(super) sid: String,
}

/// A role and where it was assigned; `None` is the whole organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RoleAt {
    pub(super) role: String,
    pub(super) location: Option<String>,
    /// Of a region: itself and all below it.
    #[serde(default)]
    pub(super) locations: Vec<String>,
}

impl RoleAt {
    /// Whether the role holds at `location`.
    pub(super) fn holds_at(&self, location: &str) -> bool {
        self.location.as_deref().is_none_or(|own| own == location) || self.locations.iter().any(|one| one == location)
    }
}

impl AdditionalClaims for ClinicClaims {}

type Fields = IdTokenFields<
    ClinicClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type ClinicClient = Client<
    ClinicClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What waits for the browser to come back.
pub(super) struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    /// Whether Lanyard may show pages.
    pub(super) quietly: bool,
}

/// Somebody who is signed in to the app.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) subject: String,
    pub(super) claims: ClinicClaims,
    pub(super) id_token: String,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// When the access token ends.
    pub(super) expires_at: Timestamp,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("this sign-in was not begun here, or too long ago; please begin again")]
    Unknown,
    #[error("Lanyard answered: {0}")]
    Answer(String),
    #[error("the answer could not be trusted: {0}")]
    Untrusted(String),
}

/// Where the browser is sent to sign in, and what to remember until it comes back.
pub(super) async fn begin(
    app: &Calendar,
    organization: Option<&str>,
    quietly: bool,
) -> Result<(Url, Pending), Refused> {
    let known = app.0.provider.known().await?;
    let client = client(app, &known)?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .set_pkce_challenge(challenge);
    for scope in ["profile", "email", "roles", "groups", "organization", "locations", "entitlements"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    if let Some(organization) = organization {
        request = request.add_extra_param("organization", organization.to_owned());
    }
    if quietly {
        request = request.add_prompt(CoreAuthPrompt::None);
    }
    let (address, state, nonce) = request.url();
    Ok((address, Pending { state, nonce, verifier, quietly }))
}

/// What Lanyard sent the browser back with.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    pub(super) error: Option<String>,
    error_description: Option<String>,
}

/// Redeems the code and checks the ID token.
pub(super) async fn finish(app: &Calendar, pending: Pending, answer: Answer) -> Result<SignedIn, Refused> {
    if answer.state.as_deref() != Some(pending.state.secret()) {
        return Err(Refused::Unknown);
    }
    // RFC 9207 §2.4: an answer of another issuer is not for us.
    if answer.iss.as_deref() != Some(app.0.provider.issuer()) {
        return Err(Refused::Untrusted("it names another issuer".to_owned()));
    }
    let Some(code) = answer.code else {
        let error = answer.error.unwrap_or_default();
        return Err(Refused::Answer(format!("{error} {}", answer.error_description.unwrap_or_default())));
    };
    let untrusted = |error: &dyn std::error::Error| Refused::Untrusted(error.to_string());
    let known = app.0.provider.known().await?;
    let party = client(app, &known)?;
    let exchange = party.exchange_code(AuthorizationCode::new(code)).map_err(|error| untrusted(&error))?;
    let tokens = exchange.set_pkce_verifier(pending.verifier).request_async(app.0.provider.http()).await;
    let tokens = tokens.map_err(|error| Refused::Answer(error.to_string()))?;
    let id_token = tokens.id_token().ok_or_else(|| Refused::Untrusted("there is no ID token".to_owned()))?;
    let mut known = known;
    if id_token.claims(&client(app, &known)?.id_token_verifier(), &pending.nonce).is_err() {
        known = app.0.provider.known_anew().await?;
    }
    let client = client(app, &known)?;
    let claims = id_token.claims(&client.id_token_verifier(), &pending.nonce).map_err(|error| untrusted(&error))?;
    Ok(SignedIn {
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()).unwrap_or_default(),
        email: claims.email().map(|email| email.to_string()).unwrap_or_default(),
        subject: claims.subject().to_string(),
        claims: claims.additional_claims().clone(),
        id_token: id_token.to_string(),
        access_token: tokens.access_token().secret().clone(),
        refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        expires_at: expiry(app, tokens.expires_in()),
    })
}

/// New tokens shortly before the old ones end; `None` when Lanyard gives no more: the person was signed out there.
pub(super) async fn renew(app: &Calendar, person: SignedIn) -> Result<Option<SignedIn>, Unreachable> {
    if person.expires_at.minus(EARLY) > app.0.clock.now() {
        return Ok(Some(person));
    }
    let Some(token) = person.refresh_token.clone().map(RefreshToken::new) else { return Ok(None) };
    let known = app.0.provider.known().await?;
    let party = client(app, &known).map_err(|error| Unreachable(error.to_string()))?;
    let request = party.exchange_refresh_token(&token).map_err(|error| Unreachable(error.to_string()))?;
    match request.request_async(app.0.provider.http()).await {
        Ok(tokens) => Ok(Some(SignedIn {
            access_token: tokens.access_token().secret().clone(),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()).or(person.refresh_token),
            expires_at: expiry(app, tokens.expires_in()),
            ..person
        })),
        Err(RequestTokenError::ServerResponse(_)) => Ok(None),
        Err(error) => Err(Unreachable(error.to_string())),
    }
}

/// Tokens are renewed this long before they end.
const EARLY: Duration = Duration::from_secs(30);

fn expiry(app: &Calendar, lifetime: Option<Duration>) -> Timestamp {
    app.0.clock.now().plus(lifetime.unwrap_or(Duration::from_secs(300)))
}

fn client(app: &Calendar, known: &Known) -> Result<ClinicClient, Refused> {
    let (id, secret) = CALENDAR;
    let callback = app.0.address.join("/callback").map_err(|error| Refused::Untrusted(error.to_string()))?;
    let client = Client::from_provider_metadata(
        known.metadata.clone(),
        ClientId::new(id.to_owned()),
        Some(ClientSecret::new(secret.to_owned())),
    );
    Ok(client.set_redirect_uri(RedirectUrl::from_url(callback)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_holds_where_it_was_assigned_and_below() {
        let role = |location: Option<&str>, locations: &[&str]| RoleAt {
            role: "manager".to_owned(),
            location: location.map(str::to_owned),
            locations: locations.iter().map(|one| (*one).to_owned()).collect(),
        };
        for (held, asked, expected) in [
            (role(None, &[]), "main-street", true),
            (role(Some("main-street"), &[]), "main-street", true),
            (role(Some("main-street"), &[]), "harbour-quay", false),
            (role(Some("north"), &["main-street", "north"]), "main-street", true),
            (role(Some("north"), &["main-street", "north"]), "north", true),
            (role(Some("north"), &["main-street", "north"]), "harbour-quay", false),
        ] {
            assert_eq!(held.holds_at(asked), expected, "{held:?} at {asked}");
        }
    }
}
