//! The endpoints of OpenID Connect upstreams.
//!
//! `sign_in`: a browser leaves for a provider, and comes back. `signing_out`: a provider says that somebody signed out there. What
//! others send is bounded in number from one network.

mod sign_in;
mod signing_out;

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::FromRef,
    routing::{get, post},
};

use super::Provider;
use crate::{
    app::App,
    audit::{Actor, Event},
    authentication::endpoint::visit_context,
    config::Rule,
    limit::{Network, Throttle, Verdict},
    policy::Policies,
    storage,
    upstream::Upstream,
    web::{Error, Refusal, Visit},
};

/// A clinic behind one address comes in the morning; a stranger makes us ask no more than 4,000 times an hour.
const COMING: Rule = Rule { attempts: 300, recovery: Duration::from_secs(1), longest_wait: Duration::from_secs(60) };

/// What the endpoints need; cheap to clone.
#[derive(Clone)]
pub struct Federation(Arc<Parts>);

/// What that is made of.
pub struct Parts {
    app: App,
    policies: Policies,
    /// Requests of strangers, by network.
    coming: Throttle,
}

impl Deref for Federation {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<Federation> for Policies {
    fn from_ref(federation: &Federation) -> Self {
        federation.policies.clone()
    }
}

impl Federation {
    /// With these rules.
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        let app = policies.app.clone();
        let coming = Throttle::new(COMING, app.clock.clone(), &app.random);
        Self(Arc::new(Parts { app, policies, coming }))
    }

    /// The provider with this id, while it is trusted and nobody asks too often.
    async fn provider(&self, visit: &Visit, id: &str) -> Result<Provider, Error> {
        if let Verdict::Wait(time) = self.coming.attempt(Network::from(visit.address()).octets()) {
            return Err(Refusal::TooManyAttempts(time).into());
        }
        Ok(Provider::find(&self.app, visit.site(), id).await?.ok_or(Refusal::NotFound)?)
    }

    /// Writes down why somebody, or a word of a provider, is not let in.
    async fn turn_away(&self, visit: &Visit, upstream: &Upstream, reason: String) -> storage::Result<()> {
        let reason = reason.chars().take(500).collect();
        let event = Event::UpstreamRefusal { upstream: upstream.id.clone(), subject: String::new(), reason };
        let context = visit_context(&self.app, visit, Actor::Anonymous);
        let at = upstream.organization.clone();
        self.app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await
    }
}

/// The routes of OpenID Connect upstreams.
pub fn router(federation: Federation) -> Router {
    Router::new()
        .route("/federation/{upstream}/start", get(sign_in::start))
        .route("/federation/{upstream}/callback", get(sign_in::finish))
        .route("/federation/{upstream}/backchannel-logout", post(signing_out::tell))
        .route("/federation/{upstream}/frontchannel-logout", get(signing_out::show))
        .with_state(federation)
}
