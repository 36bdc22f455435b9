//! Factors and recovery codes, acceptances of texts, links to a new password, failed sign-ins,
//! and browsers in which people are known.

mod acceptances;
mod factors;
mod known_devices;
mod password_links;
mod recovery_codes;
mod throttles;

pub use acceptances::Acceptances;
pub use factors::{Factors, KeptKey, KeptSeed};
pub use known_devices::KnownDevices;
pub use password_links::PasswordLinks;
pub use recovery_codes::RecoveryCodes;
pub use throttles::{Tally, Throttles};

#[cfg(test)]
mod tests;
