//! Acceptances of texts, links to a new password, and failed sign-ins.

mod acceptances;
mod password_links;
mod throttles;

pub use acceptances::Acceptances;
pub use password_links::PasswordLinks;
pub use throttles::Throttles;

#[cfg(test)]
mod tests;
