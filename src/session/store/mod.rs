//! Sessions in the database.

mod ending;
mod sessions;

pub use ending::LastMembership;
pub use sessions::Sessions;

#[cfg(test)]
mod tests;
