//! The one integration binary: a folder per feature, a file per specification.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it says")]

mod account;
mod arbitrary;
mod architecture;
mod federation;
mod harness;
mod durability;
mod operations;
mod oauth;
mod readme;
mod scim;
