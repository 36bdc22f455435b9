//! A clinic calendar: a real relying party with an API of its own, as an app of a clinic would be.
//!
//! It knows Lanyard by its address and its own client secret alone: sign-in by the `openidconnect` crate
//! ([`relying_party`]), an API that checks access tokens itself and asks by introspection before something dangerous
//! ([`access_token`], [`api`]), and an address where it is told that somebody has signed out elsewhere ([`logout`]).

mod access_token;
mod api;
mod jwt;
mod logout;
mod mail;
mod messages;
mod page;
mod provider;
mod relying_party;

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use url::Url;

use crate::{
    clock::Clock,
    random::Random,
    secret::{SecretSlice, TokenHash},
};

use self::{provider::Provider, relying_party::SignedIn};

/// Sessions of the demo app, at most; the oldest go first.
const MOST_SESSIONS: usize = 1_000;

/// The app; cheap to clone.
#[derive(Clone)]
pub struct Calendar(Arc<Inner>);

struct Inner {
    /// The app's own address, without a path.
    address: Url,
    provider: Provider,
    clock: Clock,
    random: Random,
    mail: PathBuf,
    /// What signs text messages.
    gateway: Option<SecretSlice<u8>>,
    organizations: HashMap<String, String>,
    sessions: Mutex<HashMap<TokenHash, SignedIn>>,
    pending: Mutex<HashMap<TokenHash, relying_party::Pending>>,
    cancelled: Mutex<Vec<String>>,
    messages: Mutex<VecDeque<messages::Message>>,
    /// Logout tokens that were used, by `jti`, until they expire (in Unix seconds).
    told: Mutex<HashMap<String, i64>>,
}

/// How the app is set up.
pub struct Setup {
    /// The address of Lanyard.
    pub issuer: Url,
    /// The app's own address, without a path.
    pub address: Url,
    /// Where the demo's mails are.
    pub mail: PathBuf,
    /// What signs the text messages that are handed over.
    pub gateway: Option<SecretSlice<u8>>,
    /// Slug of each organization by its id: what an app notes when a practice begins to use it.
    pub organizations: HashMap<String, String>,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Calendar {
    /// The app.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(setup: Setup) -> Result<Self, reqwest::Error> {
        Ok(Self(Arc::new(Inner {
            provider: Provider::new(setup.issuer, setup.clock.clone())?,
            address: setup.address,
            clock: setup.clock,
            random: setup.random,
            mail: setup.mail,
            organizations: setup.organizations,
            sessions: Mutex::default(),
            pending: Mutex::default(),
            cancelled: Mutex::default(),
            messages: Mutex::default(),
            gateway: setup.gateway,
            told: Mutex::default(),
        })))
    }

    /// The app's routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/", get(page::home))
            .route("/login", get(page::login))
            .route("/callback", get(page::callback))
            .route("/switch", get(page::switch))
            .route("/logout", get(page::logout).post(page::logout))
            .route("/backchannel-logout", post(logout::told))
            .route("/messages", get(messages::list).post(messages::take))
            .route("/mail", get(mail::list))
            .route("/mail/{name}", get(mail::one))
            .route("/calendar.css", get(page::stylesheet))
            .route("/calendar.svg", get(page::icon))
            .route("/favicon.ico", get(page::icon))
            .route("/api/appointments", get(api::list))
            .route("/api/appointments/{id}/cancel", post(api::cancel))
            .with_state(self)
    }

    fn slug_of(&self, organization: &str) -> Option<&str> {
        self.0.organizations.get(organization).map(String::as_str)
    }

    fn cancelled(&self) -> Vec<String> {
        self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cancel(&self, appointment: &str) {
        let mut cancelled = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        if !cancelled.iter().any(|id| id == appointment) {
            cancelled.push(appointment.to_owned());
        }
    }

    /// Remembers a value under a new token; forgets an arbitrary one when there are too many.
    fn remember<T>(&self, map: &Mutex<HashMap<TokenHash, T>>, value: T) -> crate::secret::SecretString {
        let (token, hash) = self.0.random.token();
        let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= MOST_SESSIONS
            && let Some(other) = map.keys().next().copied()
        {
            map.remove(&other);
        }
        map.insert(hash, value);
        token
    }
}
