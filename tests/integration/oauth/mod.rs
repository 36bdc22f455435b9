//! OAuth and OpenID Connect by whole exchanges, on both databases.

#![allow(clippy::unwrap_used, reason = "the whole module is tests")]

mod answers;
mod authorization;
pub(crate) mod backchannel_logout;
mod bodies;
mod ciba;
mod claims;
pub(crate) mod client_assertion;
pub(crate) mod client_certificate;
mod client_documents;
pub(crate) mod clinic;
mod details;
mod device;
mod discovery;
mod dpop;
mod enabling;
mod exchange;
mod frontchannel_logout;
mod grants;
mod introspection;
mod isolation;
mod jwt_bearer;
mod logout;
mod member_rules;
mod open_forms;
mod places;
pub(crate) mod policies;
mod pushed;
mod registration;
mod step_up;
mod take_over;
mod trials;
mod request_objects;
mod sparing;
mod validity;
mod vectors;
