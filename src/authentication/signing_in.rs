//! One attempt to sign in by user name and password.
//!
//! Whatever is wrong (no such name, no password, a wrong one, a disabled person), the answer, its status and its time
//! are the same: a name that is not known costs a hash as well.

use std::time::Duration;

use super::{
    Authenticator,
    assurance::{self, Assurance, Method},
    factor::hasher::{Busy, Comparison, Password},
    room::Room,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    directory::user::User,
    limit::{Network, Verdict, wait_of},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{Authenticated, EndReason, Liveness, Session},
    storage::{self, Tx},
    text::UserName,
};

/// Who tries, from where.
pub struct Attempt {
    /// When, in which request and from which address.
    pub context: Context,
    /// The network that is counted.
    pub network: Network,
    /// What the browser says it is.
    pub user_agent: String,
    /// The session that this browser has now.
    pub present: Option<TokenHash>,
    /// The user name as it was typed.
    pub user_name: String,
    /// The password as it was typed.
    pub password: SecretString,
}

/// What an attempt came to.
pub enum Outcome {
    /// A session began, or the present one was confirmed; the cookie holds the token.
    SignedIn(SecretString),
    /// No. Why is in the audit log.
    Refused,
    /// Too many attempts: try again after this time.
    Wait(Duration),
    /// The password was right, but the person is signed in as often as they may be.
    Full,
}

/// Why an attempt could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Too many passwords wait to be compared.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// What is decided about an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Accepted { is_outdated: bool },
    Refused(&'static str),
}

/// Tries to sign in.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn attempt(policies: &Policies, with: &Authenticator, attempt: Attempt) -> Result<Outcome, Fault> {
    let app = &policies.app;
    let folded = attempt.user_name.trim().to_lowercase();
    if let Verdict::Wait(time) = with.limit.attempt(&folded, attempt.network) {
        return Ok(Outcome::Wait(time));
    }
    let key = TokenHash::of(&folded);
    let mut tx = app.storage.read().await?;
    let failures = tx.throttles().find(key).await?;
    if let Some(failures) = failures {
        let wait = wait_of(app.config.throttle.account, failures, app.clock.now());
        if !wait.is_zero() {
            return Ok(Outcome::Wait(wait));
        }
    }
    let user = match attempt.user_name.parse::<UserName>() {
        Ok(name) => tx.users().by_login_name(&name).await?,
        Err(_) => None,
    };
    drop(tx);
    let Ok(password) = Password::parse(attempt.password.expose_secret()) else {
        return refuse(app, attempt, user.as_ref(), "too-long").await;
    };
    let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let comparison = with.hasher.verify(password.clone(), stored, attempt.network).await?;
    match (judge(user.as_ref(), comparison), user) {
        (Judgement::Accepted { is_outdated }, Some(user)) => {
            with.limit.succeeded(&folded, attempt.network);
            let upgrade = if is_outdated { Some(with.hasher.hash(password, attempt.network).await?) } else { None };
            accept(policies, attempt, user, (upgrade, failures.map(|_| key))).await
        }
        (Judgement::Refused(why), user) => refuse(app, attempt, user.as_ref(), why).await,
        (Judgement::Accepted { .. }, None) => refuse(app, attempt, None, "unknown-name").await,
    }
}

/// Decides. The reason is for auditors; the person hears none.
fn judge(user: Option<&User>, comparison: Comparison) -> Judgement {
    let Some(user) = user else { return Judgement::Refused("unknown-name") };
    match comparison {
        _ if user.password_hash.is_none() => Judgement::Refused("no-password"),
        Comparison::Different => Judgement::Refused("wrong-password"),
        _ if !user.is_active() => Judgement::Refused("disabled"),
        Comparison::Same => Judgement::Accepted { is_outdated: false },
        Comparison::SameButOutdated => Judgement::Accepted { is_outdated: true },
    }
}

async fn refuse(app: &App, attempt: Attempt, user: Option<&User>, why: &'static str) -> Result<Outcome, Fault> {
    let user = user.map(|user| user.id.to_string()).unwrap_or_default();
    let event = Event::SignInFailure { user, reason: why.to_owned() };
    let key = TokenHash::of(&attempt.user_name.trim().to_lowercase());
    let recovery = app.config.throttle.account.recovery;
    app.storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.throttles().fail(key, recovery, attempt.context.now).await?;
                tx.record(&attempt.context, None, &event);
                Ok(())
            })
        })
        .await?;
    Ok(Outcome::Refused)
}

async fn accept(
    policies: &Policies,
    attempt: Attempt,
    user: User,
    (upgrade, failed): (Option<String>, Option<TokenHash>),
) -> Result<Outcome, Fault> {
    let app = &policies.app;
    let (token, hash) = app.random.token();
    let room = Room::of(policies, &user.id).await?;
    let settled = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                // The password was compared before this unit began.
                if !tx.users().hold_password(&user.id, user.password_changed_at).await? {
                    let event =
                        Event::SignInFailure { user: user.id.to_string(), reason: "changed-meanwhile".to_owned() };
                    tx.record(&attempt.context, None, &event);
                    return Ok(Settled::Outdated);
                }
                let context = attempt.context.by(Actor::User(user.id.clone()));
                if let (Some(upgrade), Some(former)) = (upgrade, user.password_hash.as_deref()) {
                    tx.users().rehash_password(&user.id, former, &upgrade).await?;
                }
                if let Some(key) = failed {
                    tx.throttles().forgive(key).await?;
                }
                let present = match attempt.present {
                    Some(present) => {
                        tx.sessions().by_token(present).await?.filter(|session| session.ended_at.is_none())
                    }
                    None => None,
                };
                let Assurance { acr, amr } = Assurance::of(&[Method::Password]);
                let who = Authenticated { user: user.id, acr: acr.to_owned(), amr, user_agent: attempt.user_agent };
                settle(tx, &context, present, Begin { token: hash, who, room }).await
            })
        })
        .await?;
    Ok(match settled {
        Settled::Begun => Outcome::SignedIn(token),
        Settled::Outdated => Outcome::Refused,
        Settled::Full => Outcome::Full,
    })
}

pub(super) struct Begin {
    pub(super) token: TokenHash,
    pub(super) who: Authenticated,
    pub(super) room: Room,
}

/// What became of a right proof.
pub(super) enum Settled {
    Begun,
    /// The password was changed meanwhile.
    Outdated,
    Full,
}

/// The same person proves themselves once more, or somebody else takes the browser over.
pub(super) async fn settle(
    tx: &mut Tx,
    context: &Context,
    present: Option<Session>,
    begin: Begin,
) -> storage::Result<Settled> {
    match present {
        Some(session)
            if session.user == begin.who.user
                && session.liveness(context.now, begin.room.lifetime) == Liveness::Live =>
        {
            let said = (begin.who.acr.as_str(), begin.who.amr.as_slice());
            tx.sessions().reauthenticate(context, &session, begin.token, (said, context.now)).await?;
        }
        present => {
            let user = &begin.who.user;
            // Whoever has a second factor takes room once that is proved.
            let is_complete =
                assurance::meets(&begin.who.acr, assurance::MULTI_FACTOR) || !tx.factors().has_any(user).await?;
            let present_id = present.as_ref().map(|session| &session.id);
            if is_complete && !begin.room.make(tx, context, (user, present_id)).await? {
                return Ok(Settled::Full);
            }
            if let Some(session) = present {
                tx.sessions().end(context, &session, EndReason::Replaced).await?;
            }
            tx.sessions().begin(context, begin.token, begin.who, begin.room.lifetime).await?;
        }
    }
    Ok(Settled::Begun)
}
