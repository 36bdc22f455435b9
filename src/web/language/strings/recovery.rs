//! The texts of letting somebody in who has lost every second factor.
#![expect(missing_docs, reason = "each text is named by what it says")]

use super::Said;

/// The pages of administrators and of the person.
#[derive(Debug)]
pub struct Recovery {
    pub title: &'static str,
    pub helps: &'static str,
    pub lead: &'static str,
    pub nowhere: &'static str,
    pub waiting: &'static str,
    pub none: &'static str,
    pub asked_by: fn(&str) -> String,
    pub host: &'static str,
    pub until: fn(&str) -> String,
    pub link_sent: fn(&str) -> String,
    pub agree: &'static str,
    pub refuse: &'static str,
    pub take_back: &'static str,
    pub ask: &'static str,
    pub ask_lead: &'static str,
    pub email: &'static str,
    pub reason: &'static str,
    pub submit: &'static str,
    pub asked: &'static str,
    pub agreed: &'static str,
    pub ended: &'static str,
    pub faults: Faults,
    pub link: Link,
    pub emergency: Emergency,
}

/// Why nothing was done.
#[derive(Debug)]
pub struct Faults {
    pub unknown: &'static str,
    pub denied: &'static str,
    pub no_address: &'static str,
    pub no_factor: &'static str,
    pub mailed_password: &'static str,
    pub elsewhere: &'static str,
    pub asked: &'static str,
    pub too_often: &'static str,
    pub own_request: &'static str,
    pub own_factors: &'static str,
    pub lapsed: &'static str,
    pub stopped: &'static str,
    pub reason: &'static str,
}

/// The pages behind the links that the person gets.
#[derive(Debug)]
pub struct Link {
    pub title: &'static str,
    pub lead: &'static str,
    pub first: &'static str,
    pub sign_in: &'static str,
    pub submit: &'static str,
    pub stop_title: &'static str,
    pub stop_lead: &'static str,
    pub stop: &'static str,
    pub stopped: Said,
}

/// Registering the key of an emergency account.
#[derive(Debug)]
pub struct Emergency {
    pub title: &'static str,
    pub lead: &'static str,
    pub done: Said,
}
