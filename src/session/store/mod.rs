//! Sessions in the database.

mod ending;
mod parts;
mod restoring;
mod rotating;
mod sessions;
mod telling;

pub use ending::LastMembership;
pub use parts::Part;
pub use restoring::Voided;
pub use sessions::Sessions;

#[cfg(test)]
mod tests;
