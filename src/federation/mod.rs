//! People whom an organization's upstreams know. Directories are read (`sync`); identity providers vouch for somebody who comes
//! (`identity`), by the rules of the organization (`rules`), and that becomes a member (`link`) who is let in (`arrival`).
//!
//! `voice` is who speaks for an organization, `joining` the groups that somebody is in by what is said of them. `oidc` asks those
//! that speak OpenID Connect.

pub mod arrival;
pub mod identity;
mod joining;
mod link;
pub mod oidc;
pub mod rules;
pub mod sync;
mod voice;

pub use self::{
    arrival::{Arrived, arrive},
    identity::ExternalIdentity,
    rules::Rules,
};
