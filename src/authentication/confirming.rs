//! A person who is signed in proves once more, by the password, that it is really them.

use std::time::Duration;

use super::{
    Authenticator,
    factor::hasher::{Busy, Comparison, Password},
};
use crate::{
    directory::user::User,
    limit::{Network, Verdict},
    secret::{ExposeSecret, SecretString},
};

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It is the person's password.
    Given,
    /// It is not.
    Wrong,
    /// Too many attempts: try again after this time.
    Wait(Duration),
}

/// Compares what was typed with the person's password; attempts count like those of signing in.
///
/// # Errors
/// [`Busy`] when too many passwords wait to be compared.
pub async fn confirm(
    with: &Authenticator,
    user: &User,
    typed: &SecretString,
    from: Network,
) -> Result<Confirmation, Busy> {
    let account = user.email.as_ref().map_or(user.id.as_str(), |email| email.as_str());
    if let Verdict::Wait(time) = with.limit.attempt(account, from) {
        return Ok(Confirmation::Wait(time));
    }
    let Ok(typed) = Password::parse(typed.expose_secret()) else { return Ok(Confirmation::Wrong) };
    let Some(stored) = user.password_hash.as_deref() else { return Ok(Confirmation::Wrong) };
    match with.hasher.verify(typed, Some(stored), from).await? {
        Comparison::Different => Ok(Confirmation::Wrong),
        Comparison::Same | Comparison::SameButOutdated => {
            with.limit.succeeded(account, from);
            Ok(Confirmation::Given)
        }
    }
}
