//! Factors and recovery codes, acceptances of texts, links to a new password, and failed sign-ins.

mod acceptances;
mod factors;
mod password_links;
mod recovery_codes;
mod throttles;

pub use acceptances::Acceptances;
pub use factors::{Factors, KeptKey, KeptSeed};
pub use password_links::PasswordLinks;
pub use recovery_codes::RecoveryCodes;
pub use throttles::Throttles;

#[cfg(test)]
mod tests;
