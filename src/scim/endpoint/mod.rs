//! The endpoints of SCIM: each reads as parse, prove, load, decide, save, respond.

pub mod answer;
mod body;
mod bulk;
pub mod caller;
mod discovery;
mod me;
mod resource;
mod resources;
mod search;

pub use answer::{DIALECT, MEDIA_TYPE, Refused, ScimJson, ScimText};

use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};

use super::{
    BASE, ScimError, ServiceProvider,
    list::{Groups, Users},
    operations::Operations,
};
use crate::oauth::endpoint::offer_nonce;

/// Everything under `/scim/v2`. It needs [`crate::web::wrap`] around it.
pub fn router(scim: ServiceProvider) -> Router {
    let nowhere = Router::new().route("/scim/v2", any(not_found)).route("/scim/v2/{*path}", any(not_found));
    if !scim.app.config.scim.is_on {
        return nowhere;
    }
    let oauth = scim.oauth.clone();
    documents(scim.clone()).merge(people_and_groups(scim)).layer(from_fn_with_state(oauth, offer_nonce)).merge(nowhere)
}

/// What the service says about itself. It needs [`crate::web::wrap`] around it.
pub fn documents(scim: ServiceProvider) -> Router {
    Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/scim/v2/Schemas", get(discovery::schemas))
        .route("/scim/v2/Schemas/{id}", get(discovery::schema))
        .route("/scim/v2/ResourceTypes", get(discovery::resource_types))
        .route("/scim/v2/ResourceTypes/{id}", get(discovery::resource_type))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(scim)
}

/// People and groups. It needs [`crate::web::wrap`] around it.
fn people_and_groups(scim: ServiceProvider) -> Router {
    Router::new()
        .merge(resources_of::<Users>())
        .merge(resources_of::<Groups>())
        .route("/scim/v2/.search", post(search::all))
        .route("/scim/v2/Bulk", post(bulk::run))
        .route("/scim/v2/Me", get(me::get).put(me::replace).patch(me::patch).post(me::create).delete(me::delete))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(scim)
}

/// Resources of one type.
fn resources_of<S: Operations + 'static>() -> Router<ServiceProvider> {
    let all = format!("{BASE}{}", S::KIND.endpoint());
    let one = get(resources::get::<S>).put(resources::replace::<S>).patch(resources::patch::<S>);
    Router::new()
        .route(&all, get(resources::list::<S>).post(resources::create::<S>))
        .route(&format!("{all}/.search"), post(search::of::<S>))
        .route(&format!("{all}/{{id}}"), one.delete(resources::delete::<S>))
}

async fn not_found() -> Refused {
    ScimError::of_status(StatusCode::NOT_FOUND, answer::NOWHERE).into()
}

async fn method_not_allowed() -> Refused {
    ScimError::of_status(StatusCode::METHOD_NOT_ALLOWED, answer::NO_METHOD).into()
}
