//! Lanyard as a service provider: staff sign in at the identity provider of a hospital or practice.
//!
//! `settings`: such an identity provider as an administrator describes it, above the `preset` of its kind. `request`: what we
//! ask. `peer`: all that is known of one. `sign_in`: a sign-in from one end to the other. `response`: what is answered, and what of it is believed. `assertion`: what came of that. `logout`: signing out, both
//! ways.

pub mod assertion;
pub mod logout;
pub mod peer;
pub mod preset;
pub mod request;
pub mod response;
pub mod settings;
pub mod sign_in;
mod source;

pub use self::{assertion::Assertion, preset::Preset, settings::Settings};
