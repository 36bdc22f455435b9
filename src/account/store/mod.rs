//! What the pages show of several organizations at once.

mod names;

pub use names::NamesOf;
