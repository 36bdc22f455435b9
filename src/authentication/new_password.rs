//! A new password: judged by policy, hashed off the async threads, and set with all that follows from it.

use super::{
    Authenticator,
    factor::hasher::{Busy, Password},
};
use crate::{
    app::App,
    audit::Context,
    config,
    directory::{
        self,
        user::{self, NewPassword, PasswordKind, User},
    },
    id::{SessionId, UserId},
    limit::Network,
    policy::password::{self, Problem},
    secret::{ExposeSecret, SecretString},
    session::EndReason,
    storage::Tx,
};

/// Why a password is not set.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The policy refuses it.
    #[error("{0}")]
    Policy(Problem),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Judges and hashes what a person typed; beyond the demo, its published password is too easy to guess.
///
/// # Errors
/// [`Fault`].
pub async fn prepare(
    app: &App,
    with: &Authenticator,
    typed: &SecretString,
    about: &[&str],
    from: Network,
) -> Result<String, Fault> {
    let most = config::Password::MAX_BYTES;
    let typed = Password::parse(typed.expose_secret()).map_err(|_| Fault::Policy(Problem::TooLong(most)))?;
    // The demo's password: everybody can read it.
    if app.config.purpose.refuses(typed.expose()) {
        return Err(Fault::Policy(Problem::Trivial));
    }
    password::check(typed.expose(), &app.config.password, about).map_err(Fault::Policy)?;
    Ok(with.hasher.hash(typed, from).await?)
}

/// What a password must not rest on: what everybody knows of the person.
#[must_use]
pub fn about(user: &User) -> Vec<&str> {
    let email = user.email.as_ref().map(crate::text::EmailAddress::as_str);
    [Some(user.name.as_str()), email, user.given_name.as_deref(), user.family_name.as_deref()]
        .into_iter()
        .flatten()
        .collect()
}

/// Sets a prepared password; every other session of the person ends.
///
/// # Errors
/// When the person is gone or the database fails.
pub async fn set(
    tx: &mut Tx,
    context: &Context,
    user: &UserId,
    set: Prepared,
    but: Option<&SessionId>,
) -> directory::Result<()> {
    let password = NewPassword { hash: set.hash, kind: PasswordKind::Lasting, by: set.by };
    user::set_password(tx, context, user, &password).await?;
    tx.sessions().end_all_of_user(context, user, but, EndReason::PasswordChange).await?;
    Ok(())
}

/// A hash and who chose the password: `person` or `reset`.
pub struct Prepared {
    /// PHC string.
    pub hash: String,
    /// For the audit log.
    pub by: &'static str,
}
