//! Keys, and sealed values wherever they are, in the database.

pub mod sealed_values;
mod shared_keys;
pub mod signing_keys;

pub use shared_keys::{SharedKeyFault, SharedKeys};
