//! Texts of signing in by an account of the organization.

use super::Said;

/// Signing in by an account that the organization has elsewhere.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by what it says")]
pub struct Federation {
    pub directory: Directory,
    pub sign_in_with: fn(&str) -> String,
    pub or: &'static str,
    pub organization: Said,
    pub address: &'static str,
    pub go_on: &'static str,
    pub unknown: &'static str,
    pub required: &'static str,
    pub by_organization: &'static str,
    pub by_password: &'static str,
    pub on_the_way: Said,
    pub own_sign_in: Said,
    pub failed: Said,
    pub turned_away: Said,
    pub incomplete: Said,
    pub invited: Said,
    pub taken: Said,
}

/// What is said to whoever has the right password of an account that its directory lets in no more.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by what it says")]
pub struct Directory {
    pub password_expired: &'static str,
    pub must_change: &'static str,
    pub disabled: &'static str,
    pub expired: &'static str,
    pub hours: &'static str,
    pub place: &'static str,
    pub locked: &'static str,
    pub silent: &'static str,
}
