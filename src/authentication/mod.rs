//! Signing in: proving who somebody is, step by step.
//!
//! [`flow`] decides the next step, purely; a step does its work, commits and asks the flow again, and never names
//! another step. A page that needs a person sends the browser here with a signed local return path and decides anew when
//! it comes back, so that signing in knows nobody who sends people. Not here: consent and the choice of an organization
//! (`oauth`), what a session is (`session`).

pub mod admitted;
pub mod allowed;
pub mod arriving;
pub mod assurance;
pub mod confirming;
mod copied_key;
pub mod emergency;
pub mod enrolling;
pub mod factor;
pub mod flow;
mod home_realm;
mod in_directory;
pub mod invitation;
pub mod known_device;
pub mod lockout;
pub mod lost_factors;
pub mod new_password;
pub mod endpoint;
pub mod page;
mod presented;
pub mod recovery;
pub mod remembered;
pub mod requiring;
mod room;
pub mod second_factor;
pub mod sending;
pub mod sent_factor;
pub mod signal;
pub mod signing_in;
pub mod store;
pub mod take_back;
pub mod with_passkey;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{
    app::App,
    authentication::factor::{hasher::Hasher, passkey::RelyingParty},
    ldap::Directories,
    limit::SignInLimit,
    policy::password::known::{Fault, Known},
};

/// What proves people: the password hasher and the limit of attempts; cheap to clone.
#[derive(Clone)]
pub struct Authenticator {
    /// Hashes and compares passwords on threads of its own.
    pub hasher: Hasher,
    /// The limit of attempts.
    pub limit: Arc<SignInLimit>,
    /// The site that passkeys are for.
    pub relying_party: Arc<RelyingParty>,
    /// Where people prove passwords that are not kept here.
    pub directories: Directories,
    /// Passwords that are known; nobody sets one while they cannot be read.
    known: Result<Known, Arc<Fault>>,
    /// New passwords that are judged at a time.
    judging: Arc<Semaphore>,
}

impl Authenticator {
    /// An authenticator with the configured costs and limits.
    #[must_use]
    pub fn start(app: &App) -> Self {
        Self {
            hasher: Hasher::start(app.config.password.hashing, app.random.clone()),
            limit: Arc::new(SignInLimit::new(&app.config.throttle, &app.clock, &app.random)),
            relying_party: Arc::new(RelyingParty::of(app.config.server.issuer.url())),
            directories: Directories::default(),
            known: Known::open(app.config.password.known_passwords.as_deref()).map_err(Arc::new),
            judging: Arc::new(Semaphore::new(2)),
        }
    }
}
