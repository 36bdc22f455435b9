//! Fetching the tokens of a backchannel authentication (CIBA Core 1.0 §10.1): the client asks with its `auth_req_id`, at its
//! pace or once it was pinged.

use super::{Exchange, deferred};
use crate::oauth::{
    client::GrantType,
    error::{Error, Refusal},
    store::Asks,
    token::TokenResponse,
};

/// Exchanges an `auth_req_id` for tokens, once the person has allowed it.
///
/// # Errors
/// The registered code of the refusal (§11 among them), or a fault.
pub async fn redeem(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let id = exchange.parameters.required("auth_req_id").map_err(Refusal::from)?;
    let of_people = |asks: &Asks| matches!(asks, Asks::Person { .. });
    deferred::answer(exchange, id, (GrantType::Ciba, of_people)).await
}
