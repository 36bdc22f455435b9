//! Acceptances of texts, and links to a new password.

mod acceptances;
mod password_links;

pub use acceptances::Acceptances;
pub use password_links::PasswordLinks;
