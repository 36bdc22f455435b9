//! The SQL of upstreams: what they are, what each knows, and what came of reading them.

mod entries;
mod runs;
mod upstreams;
mod signing_in;

pub use self::{entries::Entries, runs::Runs, upstreams::Upstreams};
