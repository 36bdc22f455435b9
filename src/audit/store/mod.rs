//! Writing, sealing and reading of events.

mod events;

pub use events::Query;
