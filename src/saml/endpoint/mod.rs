//! The endpoints of SAML.
//!
//! `metadata`: what we say of ourselves. `sign_in`: a browser leaves for an identity provider, comes back with its answer, and
//! arrives. What others send is bounded in size, and in number from one network.

mod metadata;
mod sign_in;

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::FromRef,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{page, sending::Outgoing};
use crate::{
    app::App,
    config::Rule,
    limit::{Network, Throttle, Verdict},
    policy::Policies,
    web::{Refusal, Visit},
};

/// A clinic behind one address comes in the morning; a stranger makes us look at no more than 4,000 messages an hour.
const SENDING: Rule = Rule { attempts: 300, recovery: Duration::from_secs(1), longest_wait: Duration::from_secs(60) };

/// What the endpoints need; cheap to clone.
#[derive(Clone)]
pub struct Saml(Arc<Parts>);

/// What that is made of.
pub struct Parts {
    app: App,
    policies: Policies,
    /// Messages of strangers, by network.
    sent: Throttle,
}

impl Deref for Saml {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<Saml> for Policies {
    fn from_ref(saml: &Saml) -> Self {
        saml.policies.clone()
    }
}

impl Saml {
    /// With these rules.
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        let app = policies.app.clone();
        let sent = Throttle::new(SENDING, app.clock.clone(), &app.random);
        Self(Arc::new(Parts { app, policies, sent }))
    }

    /// Counts a message that somebody sends.
    fn count(&self, visit: &Visit) -> Result<(), Refusal> {
        match self.sent.attempt(Network::from(visit.address()).octets()) {
            Verdict::Allowed => Ok(()),
            Verdict::Wait(time) => Err(Refusal::TooManyAttempts(time)),
        }
    }
}

/// The routes of SAML.
pub fn router(saml: Saml) -> Router {
    Router::new()
        .route("/saml/{upstream}/metadata", get(metadata::show))
        .route("/saml/{upstream}/start", get(sign_in::start))
        .route("/saml/{upstream}/acs", post(sign_in::consume))
        .route("/saml/{upstream}/arrived", get(sign_in::arrive))
        .with_state(saml)
}

/// Sends a browser on with a message.
fn sent(visit: &Visit, outgoing: Outgoing) -> Response {
    match outgoing {
        Outgoing::Address(address) => Redirect::to(address.as_str()).into_response(),
        Outgoing::Form { action, parameter, message, relay_state } => {
            let state = relay_state.map(|state| ("RelayState", state));
            page::show(visit, &action, [Some((parameter, message)), state].into_iter().flatten().collect())
        }
    }
}
