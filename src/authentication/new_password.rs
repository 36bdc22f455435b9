//! A new password: judged by policy, hashed off the async threads, and set with all that follows from it.

use super::{
    Authenticator,
    factor::hasher::{Busy, Comparison, Password},
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
    policy::{
        Policies,
        password::{self, Asked, Problem},
    },
    secret::{ExposeSecret, SecretString},
    session::EndReason,
    storage::{self, Tx},
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
    /// A list of known passwords cannot be read.
    #[error("the known passwords cannot be read: {0}")]
    Lists(String),
}

/// What is asked of the password of somebody, and what everybody knows of them.
#[derive(Debug, Clone)]
pub struct Measure {
    /// What rules and configuration ask.
    pub asked: Asked,
    /// What it must not rest on: names, addresses, clinics.
    pub about: Vec<String>,
    /// The hash of the present one, which it must not be.
    pub present: Option<SecretString>,
    /// The hashes of former ones, none of which it may be.
    pub former: Vec<SecretString>,
}

impl Measure {
    /// That of a person, by the rules of every organization that they are an active member of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(policies: &Policies, user: &User) -> storage::Result<Self> {
        let app = &policies.app;
        let asked = Asked::of(&app.config.password, &policies.of_person(&user.id).await?.all());
        let mut tx = app.storage.read().await?;
        let members = tx.memberships().active_of_user(&user.id, app.clock.now()).await?;
        let names = tx.login_names().of(&user.id).await?;
        let former = match asked.history {
            0 => vec![],
            most => tx.former_passwords().of(&user.id, most).await?,
        };
        let own = [Some(user.name.to_string()), user.given_name.clone(), user.family_name.clone()];
        let mut about: Vec<String> = own.into_iter().flatten().collect();
        about.extend(names.into_iter().map(|one| one.name.to_string()));
        about.extend(members.into_iter().map(|(_, organization)| organization.name.to_string()));
        Ok(Self { asked, about, present: user.password_hash.clone().map(SecretString::from), former })
    }
}

/// Judges and hashes what a person typed; beyond the demo, its published password is too easy to guess.
///
/// # Errors
/// [`Fault`].
pub async fn prepare(
    app: &App,
    with: &Authenticator,
    typed: &SecretString,
    measure: &Measure,
    from: Network,
) -> Result<String, Fault> {
    let most = config::Password::MAX_BYTES;
    let typed = Password::parse(typed.expose_secret()).map_err(|_| Fault::Policy(Problem::TooLong(most)))?;
    // The demo's password: everybody can read it.
    if app.config.purpose.refuses(typed.expose()) {
        return Err(Fault::Policy(Problem::Trivial));
    }
    password::fits(typed.expose(), measure.asked.least).map_err(Fault::Policy)?;
    judge(with, typed.clone(), measure.clone()).await?;
    // One after the other: a handful at most, each on the threads that hash.
    let present = measure.present.iter().map(|hash| (hash, Problem::Same));
    for (hash, problem) in present.chain(measure.former.iter().map(|hash| (hash, Problem::Former))) {
        if with.hasher.verify(typed.clone(), Some(hash.expose_secret()), from).await? != Comparison::Different {
            return Err(Fault::Policy(problem));
        }
    }
    Ok(with.hasher.hash(typed, from).await?)
}

/// Estimating and reading lists is done off the threads that answer, two at a time.
async fn judge(with: &Authenticator, typed: Password, measure: Measure) -> Result<(), Fault> {
    let lists = |cause: &dyn std::fmt::Display| Fault::Lists(cause.to_string());
    let known = with.known.clone().map_err(|fault| lists(&fault))?;
    let turn = with.judging.clone().acquire_owned().await.map_err(|closed| lists(&closed))?;
    let judged = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let about: Vec<&str> = measure.about.iter().map(String::as_str).collect();
        let checked = password::check(typed.expose(), &measure.asked, &about);
        checked.map(|()| known.holds(typed.expose()))
    });
    match judged.await.map_err(|stopped| lists(&stopped))? {
        Err(problem) => Err(Fault::Policy(problem)),
        Ok(Ok(true)) => Err(Fault::Policy(Problem::Known)),
        Ok(Ok(false)) => Ok(()),
        Ok(Err(cause)) => Err(lists(&cause)),
    }
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
    tx.former_passwords().keep(user, set.keeps, context.now).await?;
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
    /// How many former ones are kept.
    pub keeps: usize,
}
