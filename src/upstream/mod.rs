//! Upstreams: identity providers and directories that an organization trusts to say who its people are.
//!
//! `mapping`: how what they say becomes what Lanyard knows.

pub mod mapping;
