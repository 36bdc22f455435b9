//! Signing in: the factors a person proves themselves with, and the order they are asked for.
//!
//! A page of another feature that needs a sign-in redirects here with a signed return path and decides again when the
//! browser comes back; this module knows none of them.

pub mod factor;
pub mod page;
