//! Keys in the database.

mod shared_keys;
pub mod signing_keys;

pub use shared_keys::{SharedKeyFault, SharedKeys};
