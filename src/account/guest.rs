//! Who stands before the link of an invitation.

use crate::id::UserId;

/// What somebody with the link of an open invitation may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// Signed in as the person of the invited address: accepts or rejects.
    Invited,
    /// Signed in as somebody else: signs out first. Who is invited by one address does not join with another.
    SomebodyElse,
    /// Not signed in, and the address has an account: signs in to accept; may reject at once.
    ToSignIn,
    /// Not signed in, and nobody has the address: sets name and password, or rejects.
    New,
}

/// Decides by the account of the invited address and the person who is signed in.
#[must_use]
pub fn guest(account: Option<&UserId>, signed_in: Option<&UserId>) -> Guest {
    match (account, signed_in) {
        (Some(account), Some(person)) if account == person => Guest::Invited,
        (_, Some(_)) => Guest::SomebodyElse,
        (Some(_), None) => Guest::ToSignIn,
        (None, None) => Guest::New,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invited_address_decides_who_answers() {
        let (olivia, max) = (UserId::from_stored("usr_o".into()), UserId::from_stored("usr_m".into()));
        for (account, signed_in, expected) in [
            (Some(&olivia), Some(&olivia), Guest::Invited),
            (Some(&olivia), Some(&max), Guest::SomebodyElse),
            (None, Some(&max), Guest::SomebodyElse),
            (Some(&olivia), None, Guest::ToSignIn),
            (None, None, Guest::New),
        ] {
            assert_eq!(guest(account, signed_in), expected, "{account:?} {signed_in:?}");
        }
    }
}
