//! Sessions in the database.

mod ending;
mod restoring;
mod sessions;
mod telling;

pub use ending::LastMembership;
pub use restoring::Voided;
pub use sessions::Sessions;

#[cfg(test)]
mod tests;
