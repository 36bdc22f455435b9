//! What can go wrong with a directory, in words that help.

use std::{io, time::Duration};

use crate::outbound::Fault;

/// Why a directory did not do what was asked; for logs and administrators, never for strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Not an address that may be called.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody answers there, or the connection ended.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// No answer within this time.
    #[error("it did not answer within {} seconds", .0.as_secs())]
    Late(Duration),
    /// TLS did not begin.
    #[error("TLS failed: {0}")]
    Untrusted(String),
    /// Whoever asked to be let in is not.
    #[error("{0}")]
    Credentials(Refusal),
    /// Passwords are taken through TLS alone (result 8 or 13).
    #[error("it takes no password without TLS: use ldaps, or ldap with start_tls = true")]
    NeedsTls,
    /// The account may not do that (result 50).
    #[error("the account may not: {0}")]
    Denied(String),
    /// There is no such entry (result 32); the part of the name that there is.
    #[error("there is no such entry{}", matched(.0))]
    NoSuchEntry(String),
    /// It names other directories (result 10).
    #[error("it refers to {}", .0.join(", "))]
    Referred(Vec<String>),
    /// It is too busy, or does not answer so much (results 3, 4, 11, 51, 52).
    #[error("it does not answer that much now (result {0}): {1}")]
    TooMuch(u32, String),
    /// It does not know what was asked for (results 2, 12, 53).
    #[error("it does not do that (result {0}): {1}")]
    Unsupported(u32, String),
    /// Another result (RFC 4511 appendix A).
    #[error("it answered {0}: {1}")]
    Other(u32, String),
    /// What it said cannot be understood.
    #[error("{0}")]
    Broken(&'static str),
}

/// Why somebody is not let in. Active Directory says so once it knows that the password is right, and only then may the person
/// be told; but for `Wrong`, `Unknown` and `Locked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A wrong password, or an unknown name.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Not at this time of day.
    #[error("the account may not sign in at this time")]
    Hours,
    /// Not at this computer.
    #[error("the account may not sign in from here")]
    Place,
    /// The password has expired.
    #[error("the password has expired")]
    PasswordExpired,
    /// The account was disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account has come to its end.
    #[error("the account has expired")]
    Expired,
    /// The password has to be changed first.
    #[error("the password has to be changed first")]
    MustChange,
    /// Too many wrong passwords.
    #[error("the account is locked")]
    Locked,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Forbidden(why) => Self::Forbidden(why),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl Trouble {
    /// Whether another server of the same directory may do better.
    #[must_use]
    pub const fn is_of_the_server(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Late(_) | Self::Untrusted(_) | Self::TooMuch(..) | Self::Broken(_))
    }
}

/// The trouble that a result of RFC 4511 means.
#[must_use]
pub(super) fn of_result(code: u32, text: &str, matched: &str, referrals: &[String]) -> Trouble {
    let text = || text.trim_end_matches('\0').trim().to_owned();
    match code {
        3 | 4 | 11 | 51 | 52 => Trouble::TooMuch(code, text()),
        8 | 13 => Trouble::NeedsTls,
        10 => Trouble::Referred(referrals.to_vec()),
        32 => Trouble::NoSuchEntry(matched.to_owned()),
        49 => Trouble::Credentials(refusal(&text())),
        50 => Trouble::Denied(text()),
        2 | 12 | 53 => Trouble::Unsupported(code, text()),
        _ => Trouble::Other(code, text()),
    }
}

/// Active Directory adds the cause as a number: `80090308: LdapErr: DSID-0C09041C, comment: …, data 52e, v4563`.
fn refusal(text: &str) -> Refusal {
    let cause = text.split(", ").find_map(|part| part.trim().strip_prefix("data "));
    match cause.and_then(|cause| cause.split([' ', ',']).next()) {
        Some("530") => Refusal::Hours,
        Some("531") => Refusal::Place,
        Some("532") => Refusal::PasswordExpired,
        Some("533") => Refusal::Disabled,
        Some("701") => Refusal::Expired,
        Some("773") => Refusal::MustChange,
        Some("775") => Refusal::Locked,
        _ => Refusal::Wrong,
    }
}

fn matched(part: &str) -> String {
    if part.is_empty() { String::new() } else { format!("; there is {part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_active_directory_says_why() {
        let active = |data: &str| {
            let text =
                format!("80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data {data}, v4563\0");
            of_result(49, &text, "", &[])
        };
        for (data, expected) in [
            ("52e", Refusal::Wrong),
            ("525", Refusal::Wrong),
            ("530", Refusal::Hours),
            ("531", Refusal::Place),
            ("532", Refusal::PasswordExpired),
            ("533", Refusal::Disabled),
            ("701", Refusal::Expired),
            ("773", Refusal::MustChange),
            ("775", Refusal::Locked),
            ("99", Refusal::Wrong),
        ] {
            assert_eq!(active(data), Trouble::Credentials(expected), "{data}");
        }
        assert_eq!(of_result(49, "", "", &[]), Trouble::Credentials(Refusal::Wrong), "OpenLDAP says no more");
    }

    #[test]
    fn results_become_what_can_be_done() {
        let referral = vec!["ldap://elsewhere.example".to_owned()];
        for (code, expected) in [
            (4, Trouble::TooMuch(4, "said".to_owned())),
            (8, Trouble::NeedsTls),
            (10, Trouble::Referred(referral.clone())),
            (13, Trouble::NeedsTls),
            (32, Trouble::NoSuchEntry("dc=x".to_owned())),
            (50, Trouble::Denied("said".to_owned())),
            (53, Trouble::Unsupported(53, "said".to_owned())),
            (80, Trouble::Other(80, "said".to_owned())),
        ] {
            assert_eq!(of_result(code, "said", "dc=x", &referral), expected, "{code}");
        }
        assert!(Trouble::Late(Duration::from_secs(1)).is_of_the_server());
        assert!(!Trouble::Credentials(Refusal::Wrong).is_of_the_server(), "another server says the same");
    }
}
