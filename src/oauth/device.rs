//! The device authorization request (RFC 8628 §3.1 and §3.2): a device asks for a code that a person types elsewhere.

use std::time::Duration;

use serde::Serialize;

use super::{
    Provider,
    client::{Client, GrantType},
    client_authentication::AuthenticatedClient,
    error::{Code, Error, Refusal, refuse},
    metadata::path,
    scope::{Scope, Scopes},
    store::{Asks, Decision, DeferredRequest},
    user_code::UserCode,
};
use crate::{
    audit::Context,
    id::DeferredId,
    secret::{ExposeSecret, SecretString},
    web::Parameters,
};

/// How long a person has to type the code.
const LIFE: Duration = Duration::from_mins(10);
/// How long the device waits between two questions, in seconds.
const INTERVAL: i64 = 5;

/// What the device is answered (RFC 8628 §3.2).
#[derive(Serialize)]
pub struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// Our own: an SVG of the address above as a QR code, for a device that can show pictures but draws none.
    verification_uri_qr: String,
    expires_in: u64,
    interval: i64,
}

/// Where a person goes with a code, on a page or by a picture.
pub(super) fn address(provider: &Provider, path: &str, code: &UserCode) -> String {
    format!("{}{path}?user_code={code}", provider.issuer())
}

/// Keeps the request of a device.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn begin(
    provider: &Provider,
    client: &AuthenticatedClient,
    parameters: &Parameters,
    context: &Context,
) -> Result<Answer, Error> {
    let client = &client.client;
    client.allows(GrantType::DeviceCode)?;
    let (device_code, hash) = provider.app.random.token();
    let user_code = UserCode::fresh(&provider.app.random);
    let resources: Vec<String> = parameters.values("resource").map(str::to_owned).collect();
    client.grant_resources(&resources)?;
    let request = DeferredRequest {
        id: DeferredId::fresh(context.now, &context.random),
        hash,
        client_id: client.id.clone(),
        asks: Asks::Whoever(user_code.clone()),
        organization: parameters.value("organization").map(str::to_owned),
        scopes: scopes(client, parameters.value("scope"))?,
        resources,
        interval: INTERVAL,
        polled_at: None,
        created_at: context.now,
        expires_at: context.now.plus(LIFE),
        decision: Decision::Pending,
    };
    let work = provider
        .app
        .storage
        .write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.deferred_requests().insert(&request).await?) }));
    if !work.await? {
        // One in thousands of millions.
        return Err(refuse(Code::TemporarilyUnavailable, "the code that was drawn is taken; ask again").into());
    }
    Ok(answer(provider, &device_code, &user_code))
}

fn answer(provider: &Provider, device_code: &SecretString, user_code: &UserCode) -> Answer {
    Answer {
        device_code: device_code.expose_secret().to_owned(),
        user_code: user_code.to_string(),
        verification_uri: format!("{}{}", provider.issuer(), path::DEVICE),
        verification_uri_complete: address(provider, path::DEVICE, user_code),
        verification_uri_qr: address(provider, path::DEVICE_QR, user_code),
        expires_in: LIFE.as_secs(),
        interval: INTERVAL,
    }
}

/// The person always sees what is asked for, so that `offline_access` needs no more than a client that refreshes.
pub(super) fn scopes(client: &Client, asked: Option<&str>) -> Result<Scopes, Refusal> {
    let asked = Scopes::parse(asked.unwrap_or_default())?;
    if asked.is_empty() {
        return Err(refuse(Code::InvalidScope, "scope is missing"));
    }
    client.grant_scope(&asked)?;
    let is_refreshed = client.grant_types.contains(&GrantType::RefreshToken);
    Ok(if is_refreshed { asked } else { asked.without(Scope::OfflineAccess) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::tests::client;

    #[test]
    fn a_device_asks_for_what_it_is_registered_for() {
        let refreshing = client();
        let once = Client { grant_types: vec![GrantType::DeviceCode], ..client() };
        for (client, asked, expected) in [
            (&refreshing, Some("openid offline_access"), Ok("offline_access openid")),
            (&once, Some("openid offline_access"), Ok("openid")),
            (&once, None, Err(Code::InvalidScope)),
            (&once, Some("admin"), Err(Code::InvalidScope)),
            (&once, Some("\""), Err(Code::InvalidScope)),
        ] {
            let found = scopes(client, asked).map(|scopes| scopes.to_string()).map_err(|refusal| refusal.code);
            assert_eq!(found, expected.map(str::to_owned), "{asked:?}");
        }
    }
}
