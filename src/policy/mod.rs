//! Policies as pure functions: what is asked of a password, and later of sessions, factors and networks.

pub mod password;
