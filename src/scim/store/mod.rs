//! Connections and their tokens in the database.

mod connections;
mod waiting;

pub use connections::{Admitted, Connections};
