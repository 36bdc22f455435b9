//! Queries of policies.

mod rules;
mod trials;

pub use rules::{PolicyRules, StoredRule};
pub use trials::{PolicyTrials, Trial};
