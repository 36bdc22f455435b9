//! The operator's list of known passwords: readable, and sorted.

use super::Finding;
use crate::{config::Config, policy::password::known::Known};

const CHECK: &str = "passwords";

pub(super) fn look(config: &Config) -> Option<Finding> {
    match Known::open(config.password.known_passwords.as_deref()) {
        Err(fault) => Some(Finding::fail(CHECK, fault.to_string(), "until then nobody can set a password")),
        Ok(known) => Some(Finding::ok(CHECK, format!("about {} in the list of known passwords", known.about()?))),
    }
}
