//! Every feature's router, merged into one.

use axum::{Router, extract::FromRef, response::Redirect, routing::get};

use super::{Readiness, Stop, limit, observe, operations};
use crate::{
    account,
    app::App,
    authentication::{self, Authenticator},
    federation::oidc::endpoint::{self as federation, Federation},
    keys::{shared_key::SharedKey, store::SharedKeyFault},
    oauth::{self, Provider},
    policy::Policies,
    saml::endpoint::{self as saml, Saml},
    scim::{self, ServiceProvider},
    web::{self, Site, TrustedProxies},
};

/// What all endpoints together need.
#[derive(Clone)]
struct State {
    app: App,
    authenticator: Authenticator,
    policies: Policies,
}

impl FromRef<State> for Policies {
    fn from_ref(state: &State) -> Self {
        state.policies.clone()
    }
}

impl FromRef<State> for App {
    fn from_ref(state: &State) -> Self {
        state.app.clone()
    }
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        state.authenticator.clone()
    }
}

/// The site as browsers see it, with the key that all nodes share.
///
/// # Errors
/// When the shared key cannot be had.
pub async fn site(app: &App) -> Result<Site, SharedKeyFault> {
    let server = &app.config.server;
    let secret = app.shared_key(SharedKey::Pages).await?;
    let proxies = TrustedProxies::new(server.trusted_proxies.clone(), server.forwarded_by)
        .with_certificates_by(app.config.client_certificates.header.as_deref());
    let site = Site::new(server.issuer.url().clone(), &secret, app.clock.clone(), app.random.clone());
    Ok(site.behind(proxies).speaking(scim::endpoint::DIALECT))
}

/// The whole application as one router.
pub fn assemble(app: &App, site: &Site, stop: Stop) -> Router {
    let provider = Provider::new(app.clone());
    let (authenticator, policies) = (Authenticator::start(app), provider.policies.clone());
    let upstreams = Federation::new(policies.clone());
    let saml = Saml::new(policies.clone());
    let state = State { app: app.clone(), authenticator, policies };
    let features = Router::new()
        .route("/", get(async || Redirect::to("/account")))
        .merge(authentication::endpoint::router())
        .merge(account::endpoint::router())
        .with_state(state)
        .merge(oauth::endpoint::router(provider.clone()))
        .merge(federation::router(upstreams))
        .merge(saml::router(saml))
        .merge(scim::endpoint::router(ServiceProvider::new(provider.clone())));
    let readers = &app.config.telemetry.metrics_networks;
    let operators = operations(readiness(app), stop, app.metrics.clone(), readers, site.proxies().clone());
    let pages = web::wrap(limit(features, &app.config.server), site.clone());
    let all = pages.merge(oauth::endpoint::documents(provider));
    observe(all, app.metrics.clone()).merge(operators)
}

/// Ready when the database answers and there is a signing key of each algorithm.
fn readiness(app: &App) -> Readiness {
    let app = app.clone();
    Readiness::new(move || {
        let app = app.clone();
        async move {
            let mut missing = vec![];
            if !app.keyring.is_ready() {
                missing.push("signing keys");
            }
            let answers = match app.storage.read().await {
                Ok(mut tx) => tx.pulse(app.clock.now()).await.is_ok(),
                Err(_) => false,
            };
            if !answers {
                missing.push("database");
            }
            missing
        }
    })
}
