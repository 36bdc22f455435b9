//! The pages of signing in, one file per step.

pub mod consent;
pub mod emergency;
pub mod lost_factors;
pub mod no_access;
pub mod organization;
pub mod passkey;
pub mod password;
pub mod reset;
pub mod second_factor;
pub mod sign_in;
pub mod sign_out;
pub mod station;
pub mod take_back;
pub mod terms;

#[cfg(test)]
mod tests;
