//! OAuth and OpenID Connect by whole exchanges, on both databases.

mod arbitrary;
mod authorization;
mod clinic;
mod discovery;
mod grants;
mod introspection;
mod logout;
