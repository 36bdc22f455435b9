//! What an authenticated client exchanges for tokens (RFC 6749 §4). The pipeline of every grant, each in its file: read →
//! load → decide (pure, in [`machine`] and at the head of each file) → save with its audit event → sign → answer.
//!
//! A refusal that changes something (a replay revokes) is an outcome: it is committed, then answered.

pub mod authorization_code;
pub mod ciba;
pub mod client_credentials;
mod deferred;
pub mod device_code;
pub mod jwt_bearer;
pub mod machine;
pub mod refresh_token;
mod standing;
pub mod token_exchange;

use serde_json::Value;

use super::{
    authorization_details::{self, Details},
    client::GrantType,
    client_authentication::AuthenticatedClient,
    confirmation::Confirmation,
    error::{Code, Error, Refusal, refuse},
    provider::Provider,
    redirect_uri::Registrant,
    store::Family,
    token::TokenResponse,
};
use crate::{audit::Context, web::Parameters};

pub use standing::Standing;

/// A client's request for tokens.
pub struct Exchange<'a> {
    /// OAuth as it runs.
    pub provider: &'a Provider,
    /// Who asks.
    pub client: &'a AuthenticatedClient,
    /// The form.
    pub parameters: &'a Parameters,
    /// The key that the client proved to hold in this request.
    pub confirmation: Option<Confirmation>,
    /// When and from where.
    pub context: Context,
}

impl Exchange<'_> {
    /// What refresh tokens are bound to: those of a client that authenticates are bound to it already (RFC 9449 §5, RFC
    /// 8705 §4).
    fn binding(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref().filter(|_| self.client.client.registrant() == Registrant::Public)
    }
}

/// Exchanges a grant for tokens.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn exchange(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let name = exchange.parameters.value("grant_type").ok_or(refuse(Code::InvalidRequest, "grant_type is missing"))?;
    let grant_type = GrantType::named(name).ok_or(refuse(Code::UnsupportedGrantType, "unknown grant_type"))?;
    exchange.client.client.allows(grant_type)?;
    match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(exchange).await,
        GrantType::RefreshToken => refresh_token::rotate(exchange).await,
        GrantType::ClientCredentials => client_credentials::issue(exchange).await,
        GrantType::DeviceCode => device_code::redeem(exchange).await,
        GrantType::Ciba => ciba::redeem(exchange).await,
        GrantType::JwtBearer => jwt_bearer::exchange(exchange).await,
        GrantType::TokenExchange => token_exchange::exchange(exchange).await,
    }
}

/// The resources of an access token (RFC 8707 §2.2): those that the authorization names, or some of them.
fn resources(exchange: &Exchange<'_>, family: &Family) -> Result<Vec<String>, Refusal> {
    let asked: Vec<String> = exchange.parameters.values("resource").map(str::to_owned).collect();
    if asked.is_empty() {
        return Ok(family.resources.clone());
    }
    if family.resources.is_empty() {
        exchange.client.client.grant_resources(&asked)?;
    } else if !asked.iter().all(|resource| family.resources.contains(resource)) {
        return Err(refuse(Code::InvalidTarget, "the resource was not part of the authorization"));
    }
    Ok(asked)
}

/// What an access token is granted in detail (RFC 9396 §6): what was `granted`, or the part of it that is asked for.
fn details(exchange: &Exchange<'_>, granted: &[Value]) -> Result<Details, Refusal> {
    authorization_details::narrow(granted, asked_details(exchange)?)
}

/// What a token request asks for in detail.
fn asked_details(exchange: &Exchange<'_>) -> Result<Details, Refusal> {
    let types = authorization_details::types(&exchange.client.client.metadata);
    authorization_details::parse(exchange.parameters.value("authorization_details"), types)
}
