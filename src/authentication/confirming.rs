//! A person who is signed in proves once more, by the password, that it is really them.

use std::time::Duration;

use super::{
    Authenticator,
    factor::hasher::{Comparison, Password},
    signing_in::Fault,
};
use crate::{
    app::App,
    audit::{Context, Event},
    directory::user::User,
    limit::{Network, Verdict, wait_of},
    secret::{ExposeSecret, SecretString, TokenHash},
    storage,
};

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It is the person's password.
    Given,
    /// It is not; that is in the audit log.
    Wrong,
    /// Too many attempts: try again after this time.
    Wait(Duration),
}

/// Compares what was typed with the person's password; attempts count like those of signing in.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn confirm(
    app: &App,
    with: &Authenticator,
    context: Context,
    (user, typed): (&User, &SecretString),
    from: Network,
) -> Result<Confirmation, Fault> {
    // Not counted with those at the sign-in, which strangers make.
    let account = &format!("confirming\0{}", user.id);
    if let Verdict::Wait(time) = with.limit.attempt(account, from) {
        return Ok(Confirmation::Wait(time));
    }
    let key = TokenHash::of(account);
    let failures = app.storage.read().await?.throttles().find(key).await?;
    let wait = failures.map(|failures| wait_of(app.config.throttle.account, failures.times(), context.now));
    if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
        return Ok(Confirmation::Wait(wait));
    }
    let comparison = match (Password::parse(typed.expose_secret()), user.password_hash.as_deref()) {
        (Ok(typed), Some(stored)) => with.hasher.verify(typed, Some(stored), from).await?,
        _ => Comparison::Different,
    };
    if comparison == Comparison::Different {
        note_failure(app, context, user, key).await?;
        return Ok(Confirmation::Wrong);
    }
    with.limit.succeeded(account, from);
    Ok(Confirmation::Given)
}

async fn note_failure(app: &App, context: Context, user: &User, key: TokenHash) -> storage::Result<()> {
    let event = Event::SignInFailure { user: user.id.to_string(), reason: "wrong-present-password".to_owned() };
    let rule = app.config.throttle.account;
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.throttles().fail(key, rule, context.now).await?;
                tx.record(&context, None, &event);
                Ok(())
            })
        })
        .await
}
