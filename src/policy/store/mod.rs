//! Queries of policies.

mod rules;
mod trials;
mod whereabouts;

pub use rules::{PolicyRules, StoredRule};
pub use trials::{PolicyTrials, Trial};
