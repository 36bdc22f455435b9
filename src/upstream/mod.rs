//! Upstreams: identity providers and directories that an organization trusts to say who its people are.
//!
//! `registry`: the upstreams themselves, each with its settings and its sealed secret. `mapping`: how what they say becomes
//! what Lanyard knows. `entry`: who and what they know, and what that is here. `brake`: how many may be shut out at once.
//! `run`: what came of reading one. `store/`: the SQL. How an upstream is spoken to is not here: `ldap`, `federation`, `saml`.

pub mod brake;
pub mod entry;
pub mod mapping;
pub mod registry;
pub mod run;
mod store;

pub use self::{
    registry::{Kind, Upstream, UpstreamError},
    store::{Entries, Runs, Upstreams},
};
