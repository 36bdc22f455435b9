//! Upstreams that speak OpenID Connect: this server is a client of theirs (OpenID Connect Core 1.0, by the authorization code flow
//! with PKCE alone).
//!
//! `settings`, `preset`: one as an administrator describes it. `metadata`: what it says of itself (OpenID Connect Discovery 1.0).
//! `pending`: who was sent there and has not come back, each good once, for a while, in one browser. `asking`: the request that a
//! browser is sent there with. `exchange`: a code for tokens (RFC 6749 §4.1.3), as a client that proves itself. `id_token`: what an
//! ID token has to say to be believed. `userinfo`, `groups`: what is asked for besides. `identity`: who it is, of all that.
//! `provider`: all of it, from the way there to who came back. `signing_out`: that somebody signed out there (Back-Channel Logout 1.0). What becomes of somebody here is not here.
//!
//! Requests go by [`outbound`](crate::outbound), which bounds how long an answer takes and how large it is.

pub mod asking;
pub mod endpoint;
pub mod exchange;
pub mod groups;
pub mod id_token;
pub mod identity;
pub mod metadata;
pub mod pending;
pub mod preset;
pub mod provider;
pub mod settings;
pub mod signing_out;
pub mod store;
mod trouble;
pub mod userinfo;

pub use self::{identity::Identity, preset::Preset, provider::Provider, settings::Settings, trouble::Trouble};
