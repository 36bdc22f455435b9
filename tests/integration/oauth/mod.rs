//! OAuth and OpenID Connect by whole exchanges, on both databases.

#![allow(clippy::unwrap_used, reason = "the whole module is tests")]

mod arbitrary;
mod authorization;
mod claims;
mod clinic;
mod discovery;
mod grants;
mod introspection;
mod logout;
