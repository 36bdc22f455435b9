//! Redeeming a device code (RFC 8628 §3.4): a device without a keyboard asks until its person has decided on another one.

use super::{Exchange, deferred};
use crate::oauth::{
    client::GrantType,
    error::{Error, Refusal},
    store::Asks,
    token::TokenResponse,
};

/// Exchanges a device code for tokens, once the person has allowed it.
///
/// # Errors
/// The registered code of the refusal (RFC 8628 §3.5 among them), or a fault.
pub async fn redeem(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let code = exchange.parameters.required("device_code").map_err(Refusal::from)?;
    let of_devices = |asks: &Asks| matches!(asks, Asks::Whoever(_));
    deferred::answer(exchange, code, (GrantType::DeviceCode, of_devices)).await
}
