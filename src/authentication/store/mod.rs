//! Factors, codes that are sent and recovery codes, acceptances of texts, links to a new password, failed sign-ins,
//! browsers in which people are known, what signs of an attack rest on, and requests to let in whoever lost every factor.

mod acceptances;
mod factors;
mod former_passwords;
mod known_devices;
mod password_links;
mod recoveries;
mod recovery_codes;
mod sent_codes;
mod sent_factors;
mod signals;
mod throttles;

pub use acceptances::Acceptances;
pub use factors::{Factors, KeptKey, KeptSeed};
pub use former_passwords::FormerPasswords;
pub use known_devices::KnownDevices;
pub use password_links::PasswordLinks;
pub use recoveries::{Helper, Recoveries};
pub use recovery_codes::RecoveryCodes;
pub use sent_codes::{Place, Purpose, SentCodes, Waiting};
pub use signals::{Recipient, Signals, Stay};
pub use throttles::{Tally, Throttles};

#[cfg(test)]
mod tests;
