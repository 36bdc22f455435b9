//! Connections and their tokens in the database.

mod connections;

pub use connections::{Admitted, Connections};
