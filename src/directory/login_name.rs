//! Login names: what a person types to sign in, an address or a user name, each of one person in the whole server.

use super::{Error, Noun, Result, provisioning::pending, search, user::NewUser};
use crate::{audit::Context, clock::Timestamp, id::UserId, storage::Tx, text::UserName};

/// What a person types to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName {
    /// The name, folded.
    pub name: UserName,
    /// An address or a plain user name.
    pub kind: Kind,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was given up.
    pub retired_at: Option<Timestamp>,
}

/// Kinds of login names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The address of the person.
    Email,
    /// A user name.
    UserName,
}

impl Kind {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        if matches!(self, Self::Email) { "email" } else { "username" }
    }
}

/// The login names of a new person: at least one, at most one of each kind.
pub(super) fn of_newcomer(new: &NewUser) -> Result<Vec<(UserName, Kind)>> {
    if new.user_name.as_ref().is_some_and(|name| name.as_str().contains('@')) {
        return Err(Error::Refused("a user name is not an e-mail address; give the address as e-mail"));
    }
    let email = new.email.as_ref().map(|email| (UserName::from_stored(email.to_string()), Kind::Email));
    let user_name = new.user_name.clone().map(|name| (name, Kind::UserName));
    let names: Vec<_> = email.into_iter().chain(user_name).collect();
    if names.is_empty() {
        return Err(Error::Refused("a person needs an e-mail address or a user name to sign in with"));
    }
    Ok(names)
}

/// Lets a person sign in by a name.
///
/// # Errors
/// When the name is in use.
pub(super) async fn give(tx: &mut Tx, context: &Context, user: &UserId, (name, kind): (UserName, Kind)) -> Result<()> {
    pending::join(tx, context, user).await?;
    let typed = name.to_string();
    let is_named = tx.login_names().insert(&[(user, name, kind)], context.now).await?;
    if is_named { Ok(()) } else { Err(Error::Taken(Noun::LoginName, typed)) }
}

/// Gives the person another user name; the former one is kept as history.
///
/// # Errors
/// When the name is in use.
pub async fn change(tx: &mut Tx, context: &Context, user: &UserId, name: &UserName) -> Result<()> {
    if name.as_str().contains('@') {
        return Err(Error::Refused("a user name is not an e-mail address; change the e-mail address instead"));
    }
    tx.users().keep_still(user).await?;
    super::user::existing(tx, user).await?;
    tx.login_names().retire(user, Kind::UserName, context.now).await?;
    give(tx, context, user, (name.clone(), Kind::UserName)).await?;
    search::index(tx, std::slice::from_ref(user)).await?;
    super::user::updated(tx, context, user, "user_name");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_needs_something_to_sign_in_with() {
        let new = |email: Option<&str>, user_name: Option<&str>| NewUser {
            name: "Åse".parse().unwrap(),
            email: email.map(|text| text.parse().unwrap()),
            email_is_verified: false,
            user_name: user_name.map(|text| text.parse().unwrap()),
            password: None,
            locale: None,
        };
        for (email, user_name, expected) in [
            (None, None, None),
            (Some("a@x.dk"), None, Some(1)),
            (None, Some("ase"), Some(1)),
            (Some("a@x.dk"), Some("ase"), Some(2)),
            (None, Some("a@x.dk"), None),
        ] {
            assert_eq!(of_newcomer(&new(email, user_name)).ok().map(|names| names.len()), expected);
        }
    }
}
