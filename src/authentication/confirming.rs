//! A person who is signed in proves once more, by the password, that it is really them.
//!
//! Failures are counted in the unit of work that judges them, and each unit waits for the one before: a right password is one
//! only where those before it, on whatever node, leave it a try. They are the person's alone: neither strangers at the sign-in
//! nor others of the same network make whoever is signed in wait.

use std::time::Duration;

use super::{
    Authenticator,
    factor::hasher::{Comparison, Password},
    signing_in::Fault,
    store::Tally,
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
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
    if let Verdict::Wait(time) = with.limit.attempt_at(account, None) {
        return Ok(Confirmation::Wait(time));
    }
    let key = TokenHash::of(account);
    let failures = app.storage.read().await?.throttles().find(key).await?;
    let wait = failures.map(|failures| wait_for(app, &failures, context.now)).unwrap_or_default();
    if !wait.is_zero() {
        return Ok(Confirmation::Wait(wait));
    }
    let comparison = match (Password::parse(typed.expose_secret()), user.password_hash.as_deref()) {
        (Ok(typed), Some(stored)) => with.hasher.verify(typed, Some(stored), from).await?,
        _ => Comparison::Different,
    };
    let confirmation = match comparison {
        Comparison::Different => refuse(app, context, user, key).await?,
        Comparison::Same | Comparison::SameButOutdated => accept(app, context, key).await?,
    };
    if confirmation == Confirmation::Given {
        with.limit.succeeded_at(account, None);
    }
    Ok(confirmation)
}

async fn refuse(app: &App, context: Context, user: &User, key: TokenHash) -> storage::Result<Confirmation> {
    let event = Event::SignInFailure { user: user.id.to_string(), reason: "wrong-present-password".to_owned() };
    let own = app.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                // Of many at once each sees those before it: what they made it wait for, it waits for.
                let wait = wait_for(&own, &tx.throttles().hold(key).await?, context.now);
                if !wait.is_zero() {
                    return Ok(Confirmation::Wait(wait));
                }
                tx.throttles().fail(key, own.config.throttle.account, context.now).await?;
                tx.record(&context, None, &event);
                Ok(Confirmation::Wrong)
            })
        })
        .await
}

/// The password was right when it was compared; others may have failed since.
async fn accept(app: &App, context: Context, key: TokenHash) -> storage::Result<Confirmation> {
    let own = app.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                if let Some(failures) = tx.throttles().held(key).await? {
                    let wait = wait_for(&own, &failures, context.now);
                    if !wait.is_zero() {
                        return Ok(Confirmation::Wait(wait));
                    }
                    tx.throttles().forgive(key).await?;
                }
                Ok(Confirmation::Given)
            })
        })
        .await
}

fn wait_for(app: &App, failures: &Tally, now: Timestamp) -> Duration {
    wait_of(app.config.throttle.account, failures.times(), now)
}
