//! Queries of policies.

mod rules;

pub use rules::{PolicyRules, StoredRule};
