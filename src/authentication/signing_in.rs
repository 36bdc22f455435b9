//! One attempt to sign in by user name and password.
//!
//! Whatever is wrong (no such name, no password, a wrong one, a disabled person), the answer, its status and its time
//! are the same: a name that is not known costs a hash as well.

use std::time::Duration;

use super::{
    Authenticator,
    assurance::{self, Assurance, Method},
    factor::hasher::{Busy, Comparison, Password},
    known_device::Known,
    lockout::{self, Door, Lockout, Way},
    remembered::{self, is_remembered},
    room::Room,
    second_factor::{Completing, complete},
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::user::User,
    limit::{Network, Verdict},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{Authenticated, EndReason, Extent, Liveness, Proof, Session},
    storage::{self, Tx},
    text::UserName,
    web::{Site, device::Device},
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
    /// The client that sent the person.
    pub client: Option<String>,
    /// The browser's cookie.
    pub browser: Option<TokenHash>,
    /// The site whose letters tell of a lock.
    pub site: Site,
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
    let mut tx = app.storage.read().await?;
    let (user, folded) = match attempt.user_name.parse::<UserName>() {
        Ok(name) => (tx.users().by_login_name(&name).await?, name.as_str().to_owned()),
        Err(_) => (None, attempt.user_name.trim().to_lowercase()),
    };
    let door = Door::of((&mut tx, app), user.as_ref(), &folded, attempt.browser).await?;
    let tally = tx.throttles().find(door.key()).await?;
    if let Some(at) = door.forgiven_until(&mut tx).await? {
        with.limit.forgive_until(&door.name, at);
    }
    drop(tx);
    // Whoever is known has a count of their own, and is not held up by others of the same network.
    let network = (!door.is_known).then_some(attempt.network);
    if let Verdict::Wait(time) = with.limit.attempt_at(&door.name, network) {
        return Ok(Outcome::Wait(time));
    }
    let wait = tally.map(|tally| lockout::wait(app, &tally, app.clock.now())).unwrap_or_default();
    if !wait.is_zero() {
        return Ok(Outcome::Wait(wait));
    }
    let Ok(password) = Password::parse(attempt.password.expose_secret()) else {
        return refuse(policies, attempt, (user, door), "too-long").await;
    };
    let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let comparison = with.hasher.verify(password.clone(), stored, attempt.network).await?;
    match (judge(user.as_ref(), comparison, attempt.context.now), user) {
        (Judgement::Accepted { is_outdated }, Some(user)) => {
            let upgrade = if is_outdated { Some(with.hasher.hash(password, attempt.network).await?) } else { None };
            let outcome = accept(policies, attempt, user, (upgrade, &door)).await?;
            if !matches!(outcome, Outcome::Refused | Outcome::Wait(_)) {
                with.limit.succeeded_at(&door.name, network);
            }
            Ok(outcome)
        }
        (Judgement::Refused(why), user) => refuse(policies, attempt, (user, door), why).await,
        (Judgement::Accepted { .. }, None) => refuse(policies, attempt, (None, door), "unknown-name").await,
    }
}

/// Decides. The reason is for auditors; the person hears none.
fn judge(user: Option<&User>, comparison: Comparison, now: Timestamp) -> Judgement {
    let Some(user) = user else { return Judgement::Refused("unknown-name") };
    match comparison {
        _ if user.password_hash.is_none() => Judgement::Refused("no-password"),
        Comparison::Different => Judgement::Refused("wrong-password"),
        _ if !user.is_active(now) => Judgement::Refused("disabled"),
        Comparison::Same => Judgement::Accepted { is_outdated: false },
        Comparison::SameButOutdated => Judgement::Accepted { is_outdated: true },
    }
}

async fn refuse(
    policies: &Policies,
    attempt: Attempt,
    (user, door): (Option<User>, Door),
    why: &'static str,
) -> Result<Outcome, Fault> {
    let lockout = match &user {
        Some(user) => Lockout::of_person(policies, &user.id).await?,
        None => None,
    };
    let app = policies.app.clone();
    let outcome = policies.app.storage.write::<_, storage::Error, _>(move |tx| {
        Box::pin(async move {
            // Of many at once each sees those before it: what they made it wait for, it waits for.
            let wait = lockout::wait(&app, &tx.throttles().hold(door.key()).await?, attempt.context.now);
            if !wait.is_zero() {
                return Ok(Outcome::Wait(wait));
            }
            refuse_in(tx, (&app, &attempt), (user.as_ref(), &door), (why, lockout)).await?;
            Ok(Outcome::Refused)
        })
    });
    Ok(outcome.await?)
}

async fn refuse_in(
    tx: &mut Tx,
    (app, attempt): (&App, &Attempt),
    (user, door): (Option<&User>, &Door),
    (why, lockout): (&'static str, Option<Lockout>),
) -> storage::Result<()> {
    let name = user.map(|user| user.id.to_string()).unwrap_or_default();
    tx.record(&attempt.context, None, &Event::SignInFailure { user: name, reason: why.to_owned() });
    lockout::fail(tx, (app, &attempt.site), &attempt.context, (door, user), lockout).await
}

async fn accept(
    policies: &Policies,
    attempt: Attempt,
    user: User,
    (upgrade, door): (Option<String>, &Door),
) -> Result<Outcome, Fault> {
    let app = &policies.app;
    let (token, hash) = app.random.token();
    let room = Room::of(policies, &user.id).await?;
    let lockout = Lockout::of_person(policies, &user.id).await?;
    let (own, door, span) = (app.clone(), door.clone(), remembered::span(policies, &user.id).await?);
    let settled = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let is_counted = match door.way(tx, &own, attempt.context.now).await? {
                    Way::Open { is_counted } => is_counted,
                    Way::Wait(time) => return Ok(Settled::Wait(time)),
                    Way::Closed(why) => {
                        refuse_in(tx, (&own, &attempt), (Some(&user), &door), (why, lockout)).await?;
                        return Ok(Settled::Outdated);
                    }
                };
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
                if is_counted {
                    door.forgive(tx).await?;
                }
                let present = match attempt.present {
                    Some(present) => {
                        tx.sessions().by_token(present).await?.filter(|session| session.ended_at.is_none())
                    }
                    None => None,
                };
                let browser = attempt.browser.filter(|_| present.as_ref().is_none_or(|one| one.user != user.id));
                let proof = proof_of(tx, &user, (browser, span), context.now).await?;
                let proof = Proof { client: attempt.client, ..proof };
                let known = Known::of(&own, &attempt.site, &user, attempt.browser);
                let who =
                    Authenticated { user: user.id, proof, user_agent: attempt.user_agent, browser: attempt.browser };
                settle(tx, &context, present, Begin { token: hash, who, room, known }).await
            })
        })
        .await?;
    Ok(match settled {
        Settled::Begun => Outcome::SignedIn(token),
        Settled::Outdated => Outcome::Refused,
        Settled::Wait(time) => Outcome::Wait(time),
        Settled::Full => Outcome::Full,
    })
}

/// Whoever has a second factor is not signed in before that is proved too, but in a browser where it was; and there it is asked
/// for where they prove themselves again.
async fn proof_of(
    tx: &mut Tx,
    user: &User,
    remembered: (Option<TokenHash>, Option<Duration>),
    now: Timestamp,
) -> storage::Result<Proof> {
    let proof: Proof = Assurance::of(&[Method::Password]).into();
    if !tx.factors().has_any(&user.id).await? {
        return Ok(proof);
    }
    if is_remembered(tx, user, remembered, now).await? {
        return Ok(Proof { acr: assurance::REMEMBERED.to_owned(), ..proof });
    }
    Ok(Proof { extent: Extent::Half, ..proof })
}

pub(super) struct Begin {
    pub(super) token: TokenHash,
    pub(super) who: Authenticated,
    pub(super) room: Room,
    pub(super) known: Option<Known>,
}

/// What became of a right proof.
pub(super) enum Settled {
    Begun,
    /// The password was changed meanwhile, or nobody comes in.
    Outdated,
    /// Others failed meanwhile.
    Wait(Duration),
    Full,
}

/// The same person proves themselves once more, or all that is asked for at last, or somebody else takes the browser over.
pub(super) async fn settle(
    tx: &mut Tx,
    context: &Context,
    present: Option<Session>,
    begin: Begin,
) -> storage::Result<Settled> {
    match present {
        Some(session)
            if session.user == begin.who.user
                && Device::of(&session.user_agent) == Device::of(&begin.who.user_agent)
                && session.liveness(context.now, begin.room.lifetime) == Liveness::Live =>
        {
            let Begin { token, who, room, known } = begin;
            // What stood at the second factor has taken no room, and nobody was told of it.
            if who.proof.extent == Extent::Whole && session.completed_at.is_none() {
                let with = Completing { session: &session, room: &room, token, proof: who.proof, known };
                return Ok(if complete(tx, context, with).await? { Settled::Begun } else { Settled::Full });
            }
            tx.sessions().reauthenticate(context, &session, token, (&who.proof, context.now)).await?;
        }
        present => {
            let user = &begin.who.user;
            // Whoever has a second factor takes room once that is proved.
            let is_complete = begin.who.proof.extent == Extent::Whole;
            let present_id = present.as_ref().map(|session| &session.id);
            if is_complete && !begin.room.make(tx, context, (user, present_id)).await? {
                return Ok(Settled::Full);
            }
            if let Some(session) = present {
                tx.sessions().end(context, &session, EndReason::Replaced).await?;
            }
            let is_whole = begin.who.proof.extent == Extent::Whole;
            let session = tx.sessions().begin(context, begin.token, begin.who, begin.room.lifetime).await?;
            // Who stands at the second factor is not known yet.
            if let Some(known) = begin.known.filter(|_| is_whole) {
                known.note(tx, context, (&session, begin.room.steps_up)).await?;
            }
        }
    }
    Ok(Settled::Begun)
}
