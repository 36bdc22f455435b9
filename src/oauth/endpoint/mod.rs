//! The endpoints of OAuth and OpenID Connect: each reads as parse, prove, load, decide, save, respond.

mod answer;
mod authorize;
mod backchannel_authentication;
mod client_document;
mod client_form;
mod cors;
mod device_authorization;
mod discovery;
mod document;
mod introspect;
mod jwks;
mod kept;
mod logout;
mod possession;
mod presented;
mod pushed;
mod register;
mod revoke;
mod token;
mod userinfo;

use axum::{
    Router,
    extract::FromRef,
    http::HeaderValue,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use super::{
    Provider,
    client_authentication::{self, AuthenticatedClient, Credentials},
    error::Error,
    metadata::path,
    page,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    limit::Network,
    policy::Policies,
    web::Visit,
};

pub(super) use authorize::{Arrived, fault, resume};
pub(super) use logout::logout_destination;
pub use possession::offer_nonce;
pub use presented::of_request;

/// Everything under `/oauth2` but for [`documents`]. It needs [`crate::web::wrap`] around it.
pub fn router(provider: Provider) -> Router {
    let browser_apps = Router::new()
        .route(path::TOKEN, post(token::token).options(cors::preflight))
        .route(path::PAR, post(pushed::push).options(cors::preflight))
        .route(path::REVOKE, post(revoke::revoke).options(cors::preflight))
        .route(path::DEVICE_AUTHORIZATION, post(device_authorization::device_authorization).options(cors::preflight))
        .route(path::USERINFO, get(userinfo::by_header).post(userinfo::by_header_or_form).options(cors::preflight))
        .layer(from_fn_with_state(provider.clone(), possession::offer_nonce))
        .layer(from_fn_with_state(provider.clone(), cors::for_browser_apps));
    Router::new()
        .route(path::AUTHORIZE, get(authorize::by_get).post(authorize::by_post))
        .route(path::INTROSPECT, post(introspect::introspect))
        .route(path::REGISTER, post(register::register))
        .route(path::REGISTERED, get(register::show).put(register::replace).delete(register::remove))
        .route(path::LOGOUT, get(logout::by_get).post(logout::by_post))
        .route(page::organization::PATH, get(page::anew).post(page::organization::choose))
        .route(page::consent::PATH, get(page::anew).post(page::consent::decide))
        .route(page::sign_out::PATH, get(page::sign_out::undecided).post(page::sign_out::sign_out))
        .route(path::BACKCHANNEL_AUTHENTICATION, post(backchannel_authentication::backchannel_authentication))
        .route(page::asked::PATH, get(page::asked::show))
        .route(page::asked::DECISION, get(page::asked::anew).post(page::asked::decide))
        .route(path::DEVICE, get(page::device::show).post(page::device::typed))
        .route(path::DEVICE_QR, get(page::device::qr))
        .route(page::device::ORGANIZATION, get(page::device::anew).post(page::device::choose))
        .route(page::device::DECISION, get(page::device::anew).post(page::device::decide))
        .merge(browser_apps)
        .with_state(provider)
}

/// The documents that everybody may read. They need nothing around them.
pub fn documents(provider: Provider) -> Router {
    Router::new()
        .route(path::JWKS, get(jwks::jwks).options(cors::for_everybody))
        .route(path::OPENID_CONFIGURATION, get(discovery::openid).options(cors::for_everybody))
        .route(path::AUTHORIZATION_SERVER, get(discovery::authorization_server).options(cors::for_everybody))
        .with_state(provider)
}

/// When and from where a request came; who made it is not known yet.
pub(super) fn context(provider: &Provider, visit: &Visit) -> Context {
    Context {
        now: provider.app.clock.now(),
        random: provider.app.random.clone(),
        actor: Actor::Anonymous,
        request: Some(visit.request_id().clone()),
        address: Some(visit.address().to_string()),
    }
}

/// Proves the client of a request. A failure is counted before it is answered, and written down unless too many came from
/// the same network. Attempts are never refused unheard: a secret cannot be guessed, and clients share networks.
async fn authenticate(
    provider: &Provider,
    (visit, context): (&Visit, &Context),
    credentials: &Credentials,
) -> Result<AuthenticatedClient, Error> {
    client_document::meet(provider, (visit, context), &credentials.client_id).await?;
    let registered = provider.client(&credentials.client_id).await?;
    let owner = registered.as_ref().and_then(|registered| registered.client.organization.clone());
    let id = registered.as_ref().map(|registered| registered.client.id.clone()).unwrap_or_default();
    let failure = match credentials.prove(provider, registered, (visit, context.now)).await? {
        Ok(client) => return Ok(client),
        Err(failure) => failure,
    };
    if let Some(times) = provider.failures.count((id, Network::from(visit.address()))) {
        let client: String = credentials.client_id.chars().filter(char::is_ascii_graphic).take(64).collect();
        let event = Event::ClientAuthenticationFailure { client, reason: failure.to_string(), times };
        let context = context.clone();
        provider.app.storage.append(move |additions| additions.record(&context, owner.as_ref(), &event)).await?;
    }
    Err(client_authentication::refused().into())
}

impl FromRef<Provider> for App {
    fn from_ref(provider: &Provider) -> Self {
        provider.app.clone()
    }
}

impl FromRef<Provider> for Policies {
    fn from_ref(provider: &Provider) -> Self {
        provider.policies.clone()
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
