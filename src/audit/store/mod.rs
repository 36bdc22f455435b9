//! Writing, sealing and reading of events.

mod events;
mod seals;
mod since;

pub use events::{Audit, Query};
pub use seals::Waiting;

#[cfg(test)]
mod tests;
