//! The queue in the database, and tasks that one node does for all.

mod leases;
mod pulse;
mod queue;

pub use leases::Leases;
pub use pulse::{Pulse, TOO_LATE};
pub use queue::Jobs;

#[cfg(test)]
mod tests;
