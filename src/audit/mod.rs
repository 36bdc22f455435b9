//! What happened: every security-relevant event is a variant of one enum, written in the transaction of the change.
//!
//! Events are append-only. A sealer links them within a second into a chain per organization (and one for the server),
//! whose heads carry a MAC under a key outside the database and are copied to a file outside it: whoever can write the
//! database alone can neither change, remove nor cut off sealed events unnoticed. Up to one second is unsealed.

pub mod chain;
pub mod event;
pub mod heads;
pub mod store;
pub mod verify;

use std::fmt;

use serde::Serialize;

pub use event::{Event, Outcome};

use crate::{
    clock::Timestamp,
    id::{EventId, OrganizationId, RequestId, UserId},
    random::Random,
};

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who is signed in.
    User(UserId),
    /// An OAuth client on its own behalf.
    Client(String),
    /// An outside system that pushes people and groups, by the id of its connection.
    Connection(String),
    /// An identity provider or directory that an organization trusts, by its id.
    Upstream(String),
    /// Somebody with a shell on the host; the name is that of the operating system's account.
    Host(String),
    /// The server itself: schedules, expiry.
    Server,
    /// Nobody known yet: a sign-in before it succeeded.
    Anonymous,
}

impl Actor {
    /// The kind, as stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Client(_) => "client",
            Self::Connection(_) => "connection",
            Self::Upstream(_) => "upstream",
            Self::Host(_) => "host",
            Self::Server => "server",
            Self::Anonymous => "anonymous",
        }
    }

    /// The id or name, where there is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id.as_str()),
            Self::Client(name) | Self::Connection(name) | Self::Upstream(name) | Self::Host(name) => Some(name),
            Self::Server | Self::Anonymous => None,
        }
    }
}

/// Where and when a change is made, and by whom: made once per request, command or job.
#[derive(Debug, Clone)]
pub struct Context {
    /// The instant of the change.
    pub now: Timestamp,
    /// Source of event ids.
    pub random: Random,
    /// Who makes it.
    pub actor: Actor,
    /// The HTTP request, where there is one.
    pub request: Option<RequestId>,
    /// The network address it came from.
    pub address: Option<String>,
}

impl Context {
    /// A change by the server itself.
    #[must_use]
    pub fn server(now: Timestamp, random: Random) -> Self {
        Self { now, random, actor: Actor::Server, request: None, address: None }
    }

    /// The same place and time with another actor, once it is known.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }
}

/// One chain of events: an organization's, or the server's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Chain(String);

impl Chain {
    /// The chain of an organization; `None` is the server's.
    #[must_use]
    pub fn of(organization: Option<&OrganizationId>) -> Self {
        Self(organization.map_or_else(|| "server".to_owned(), |id| id.as_str().to_owned()))
    }

    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The chain as stored: an organization's id or `server`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event as it is stored and shown.
#[derive(Debug, Clone, Serialize)]
pub struct Recorded {
    /// Its id.
    pub id: EventId,
    /// Its chain: an organization's id or `server`.
    pub chain: Chain,
    /// When, in Unix milliseconds.
    pub at: Timestamp,
    /// What was done: `sign-in`, `token-issue`, …
    pub action: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// `user`, `client`, `connection`, `host`, `server` or `anonymous`.
    pub actor_kind: String,
    /// Id or name of the actor.
    pub actor_id: Option<String>,
    /// The person whom it concerns.
    pub person_id: Option<String>,
    /// The client that takes part.
    pub client_id: Option<String>,
    /// The thing that was changed.
    pub resource: Option<String>,
    /// The HTTP request.
    pub request_id: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
    /// What else is known, as JSON.
    pub detail: String,
    /// The link of the chain that covers it; none for up to a second.
    pub seal: Option<i64>,
}
