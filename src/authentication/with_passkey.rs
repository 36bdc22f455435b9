//! Signing in with a passkey: alone, or as the second factor beside a password.
//!
//! A ceremony is used once: its state is remembered in the unit of work that takes the answer. What a key counts goes up from
//! use to use, so that a copy of it is noticed ([`copied_key`](super::copied_key)).

use std::time::Duration;

use super::{
    Authenticator,
    allowed::Allowed,
    arriving::{Begin, Settled, settle},
    assurance::{Assurance, Method},
    copied_key::{CLOSED, COPIED, Closing},
    emergency::{self, Entering},
    factor::{
        Kind,
        passkey::{Answer, Key, NOT_VERIFIED, Proof, Refused},
    },
    home_realm,
    known_device::Known,
    presented::{Presented, UNKNOWN, presented},
    room::Room,
    second_factor::{Completing, complete},
    store::KeptKey,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::{FactorId, UserId},
    keys::{SealedColumn, Sealer},
    limit::{Network, Verdict},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{self, Authenticated, Lifetime, Session},
    storage::{self, Tx},
    web::Site,
};

/// What a browser answered to a ceremony of this site.
pub struct Given {
    /// What the answer is compared with.
    pub state: String,
    /// Until when the ceremony is good.
    pub until: Timestamp,
    /// What the browser sent.
    pub answer: String,
}

/// Who tries to sign in with a passkey alone.
pub struct Alone {
    /// When, in which request and from which address.
    pub context: Context,
    /// The network that is counted, where the browser is a stranger's.
    pub network: Network,
    /// What the browser says it is.
    pub user_agent: String,
    /// The session that this browser has now.
    pub present: Option<TokenHash>,
    /// The answer.
    pub given: Given,
    /// The client that sent the person.
    pub client: Option<String>,
    /// The browser's cookie.
    pub browser: Option<TokenHash>,
    /// The site whose letters tell of a new device.
    pub site: Site,
}

/// Who tries a passkey as second factor.
pub struct Beside {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The session in which the password was proved.
    pub session: Session,
    /// The person.
    pub user: User,
    /// The answer.
    pub given: Given,
    /// The client that sent the person.
    pub client: Option<String>,
    /// The browser.
    pub known: Option<Known>,
    /// The site whose letters tell of a copied key.
    pub site: Site,
}

/// What an attempt came to.
#[derive(Debug)]
pub enum Outcome {
    /// The person is signed in; the cookie holds the token.
    SignedIn(SecretString),
    /// No. Why is in the audit log.
    Refused,
    /// No, and never again: there may be a copy of this key.
    Closed,
    /// Too many attempts: try again after this time.
    Wait(Duration),
    /// The key was right, but the person is signed in as often as they may be.
    Full,
}

/// A key that was proved, as it is kept from now on.
struct Proved {
    kept: KeptKey,
    key: Key,
    proof: Proof,
}

/// What is wrong with an answer.
enum Wrong {
    /// This, with whom if that is known.
    Refused(Option<UserId>, Refused),
    /// It is right but for what the key counts, or the key was closed.
    Copied(Box<User>, KeptKey),
}

/// Tries to sign in with a passkey alone.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn alone(policies: &Policies, with: &Authenticator, attempt: Alone) -> storage::Result<Outcome> {
    let app = &policies.app;
    let (presented, origin) = presented(app, &attempt.given.answer, (attempt.browser, attempt.network)).await?;
    // Nobody guesses a key: where it comes from is counted, and no account, so that nobody fills the audit log; and browsers
    // that are no stranger's apart, so that nobody keeps others of the same network from their keys.
    if let Verdict::Wait(time) = with.limit.attempt_by_anybody(origin) {
        return Ok(Outcome::Wait(time));
    }
    let (user, proved) = match judged(app, with, (&attempt.given, presented)).await? {
        Ok(right) => right,
        Err(Wrong::Refused(user, why)) => return refuse(app, attempt.context, failure(user.as_ref(), why)).await,
        Err(Wrong::Copied(user, kept)) => {
            let context = attempt.context.by(Actor::User(user.id.clone()));
            let closing = Closing { sealer: app.sealer.clone(), site: attempt.site, user: *user, but: None };
            return copied(app, (context, closing), (kept, attempt.given), |user, why| failure(Some(user), why)).await;
        }
    };
    if let Some(why) = unfit(policies, &user.id, &proved.proof).await? {
        return refuse(app, attempt.context, failure(Some(&user.id), why)).await;
    }
    let ((token, hash), room) = (app.random.token(), Room::of(policies, &user.id).await?);
    let closing = Closing { sealer: app.sealer.clone(), site: attempt.site.clone(), user: user.clone(), but: None };
    let (own, factor) = (app.clone(), proved.kept.factor.clone());
    let settled = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&user.id).await?;
                let context = attempt.context.by(Actor::User(user.id.clone()));
                let verdict = match take(tx, &context, &closing, (proved, &attempt.given)).await? {
                    Ok(()) => may_come(tx, (&own, &attempt), &context, (&user, room.lifetime)).await?,
                    no => no,
                };
                if let Err(why) = verdict {
                    tx.record(&context, None, &failure(Some(&user.id), why));
                    return Ok(Err(why));
                }
                let present = present_of(tx, attempt.present).await?;
                let known = Known::of(&own, &attempt.site, &user, attempt.browser);
                let (user, proof) = (user.id, by_key(factor, attempt.client));
                let (user_agent, browser, via) = (attempt.user_agent, attempt.browser, None);
                let who = Authenticated { user, proof, via, user_agent, browser };
                settle(tx, &context, present, Begin { token: hash, who, room, known }).await.map(Ok)
            })
        })
        .await?;
    if settled.is_ok() {
        with.limit.succeeded_from(origin);
    }
    Ok(match settled {
        Ok(Settled::Begun) => Outcome::SignedIn(token),
        Ok(Settled::Wait(time)) => Outcome::Wait(time),
        Ok(Settled::Full) => Outcome::Full,
        Ok(Settled::Outdated) => Outcome::Refused,
        Err(why) => no(why),
    })
}

/// What a passkey proves alone.
fn by_key(factor: FactorId, client: Option<String>) -> session::Proof {
    session::Proof { factor: Some(factor), client, ..Assurance::of(&[Method::VerifiedKey]).into() }
}

/// Whether the person comes in, whose key was judged before this unit began.
async fn may_come(
    tx: &mut Tx,
    (app, attempt): (&App, &Alone),
    context: &Context,
    (user, lifetime): (&User, Lifetime),
) -> storage::Result<Result<(), Refused>> {
    if !tx.users().by_id(&user.id).await?.is_some_and(|user| user.is_active(context.now)) {
        return Ok(Err(Refused("disabled")));
    }
    let (browser, user_agent) = (attempt.browser, attempt.user_agent.as_str());
    let entering = Entering { user, browser, user_agent, present: attempt.present, lifetime };
    emergency::enter(tx, (app, &attempt.site), context, entering).await
}

/// The session that a browser has, unless it has ended.
async fn present_of(tx: &mut Tx, token: Option<TokenHash>) -> storage::Result<Option<Session>> {
    let Some(token) = token else { return Ok(None) };
    Ok(tx.sessions().by_token(token).await?.filter(|session| session.ended_at.is_none()))
}

/// An answer that was refused.
fn failure(user: Option<&UserId>, why: Refused) -> Event {
    let user = user.map(ToString::to_string).unwrap_or_default();
    Event::SignInFailure { user, reason: why.0.to_owned() }
}

/// What whoever gave it hears.
fn no(why: Refused) -> Outcome {
    if why == COPIED || why == CLOSED { Outcome::Closed } else { Outcome::Refused }
}

/// Why rules do not take what was proved.
async fn unfit(policies: &Policies, user: &UserId, proof: &Proof) -> storage::Result<Option<Refused>> {
    let allowed = Allowed::of_person(policies, user).await?;
    if allowed.of_keys.verification && !proof.is_verified() {
        return Ok(Some(NOT_VERIFIED));
    }
    if home_realm::required(policies, user, None).await?.is_some() {
        return Ok(Some(Refused("upstream-required")));
    }
    let factors = policies.app.storage.read().await?.factors().of_user(user).await?;
    let is_taken = allowed.proving(&factors).contains(&Kind::Passkey);
    Ok((!is_taken).then_some(Refused("kind-not-allowed")))
}

/// An answer that is right but for what the key counts.
async fn copied(
    app: &App,
    (context, closing): (Context, Closing),
    (kept, given): (KeptKey, Given),
    event: impl FnOnce(&UserId, Refused) -> Event + Send + 'static,
) -> storage::Result<Outcome> {
    let why = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let why = closing.judge(tx, &context, (&kept, &given, used(&given.state))).await?;
                tx.record(&context, None, &event(&closing.user.id, why));
                Ok(why)
            })
        })
        .await?;
    Ok(no(why))
}

/// Whose key it is, and that it signed; or what is wrong, as far as it is known with whom.
async fn judged(
    app: &App,
    with: &Authenticator,
    (given, presented): (&Given, Presented),
) -> storage::Result<Result<(User, Proved), Wrong>> {
    let (answer, kept) = match presented {
        Ok(presented) => presented,
        Err(why) => return Ok(Err(Wrong::Refused(None, why))),
    };
    let Some(user) = app.storage.read().await?.users().by_id(&kept.user).await? else {
        return Ok(Err(Wrong::Refused(None, UNKNOWN)));
    };
    let verdict = match opened(&app.sealer, &kept) {
        _ if !answer.is_of(&user.id) => Err(Refused("key-of-another-person")),
        None => Err(Refused("unreadable-key")),
        Some(key) => with.relying_party.alone(&given.state, &answer, &key).map(|proof| (key, proof)),
    };
    Ok(match verdict {
        Ok(_) | Err(COPIED) if !user.is_active(app.clock.now()) => {
            Err(Wrong::Refused(Some(user.id), Refused("disabled")))
        }
        Ok(_) if kept.is_closed => Err(Wrong::Copied(Box::new(user), kept)),
        Err(COPIED) => Err(Wrong::Copied(Box::new(user), kept)),
        Ok((key, proof)) => Ok((user, Proved { kept, key, proof })),
        Err(why) => Err(Wrong::Refused(Some(user.id), why)),
    })
}

/// Tries a passkey as second factor.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn beside(policies: &Policies, with: &Authenticator, attempt: Beside) -> storage::Result<Outcome> {
    let app = &policies.app;
    let Beside { context, session, user, given, client, known, site } = attempt;
    let closing = Closing { sealer: app.sealer.clone(), site, user, but: Some(session.id.clone()) };
    let proved = match proved_by(app, with, &closing.user, &given).await? {
        Ok(proved) => proved,
        Err(Wrong::Refused(_, why)) => return refuse(app, context, failure_beside(&closing.user.id, why)).await,
        Err(Wrong::Copied(_, kept)) => return copied(app, (context, closing), (kept, given), failure_beside).await,
    };
    if let Some(why) = unfit(policies, &closing.user.id, &proved.proof).await? {
        return refuse(app, context, failure_beside(&closing.user.id, why)).await;
    }
    let ((token, hash), room) = (app.random.token(), Room::of(policies, &closing.user.id).await?);
    let method = if proved.proof.is_verified() { Method::VerifiedKey } else { Method::Key };
    let said = Assurance::beside(&session.amr, method).into();
    let said = session::Proof { factor: Some(proved.kept.factor.clone()), client, ..said };
    let outcome = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&closing.user.id).await?;
                if !tx.sessions().hold(&session.id).await? {
                    return Ok(Outcome::Refused);
                }
                if let Err(why) = take(tx, &context, &closing, (proved, &given)).await? {
                    tx.record(&context, None, &failure_beside(&closing.user.id, why));
                    return Ok(no(why));
                }
                let with = Completing { session: &session, room: &room, token: hash, proof: said, known };
                let is_in = complete(tx, &context, with).await?;
                Ok(if is_in { Outcome::SignedIn(token) } else { Outcome::Full })
            })
        })
        .await?;
    Ok(outcome)
}

fn failure_beside(user: &UserId, why: Refused) -> Event {
    Event::SecondFactorFailure { user: user.clone(), reason: why.0 }
}

async fn proved_by(
    app: &App,
    with: &Authenticator,
    user: &User,
    given: &Given,
) -> storage::Result<Result<Proved, Wrong>> {
    let refused = |why| Ok(Err(Wrong::Refused(None, why)));
    let answer = match Answer::read(&given.answer) {
        Ok(answer) => answer,
        Err(why) => return refused(why),
    };
    let kept = app.storage.read().await?.factors().key(answer.key_id()).await?;
    // What was asked for is the person's; it may have been removed since.
    let Some(kept) = kept.filter(|kept| kept.user == user.id) else { return refused(UNKNOWN) };
    match with.relying_party.beside(&given.state, &answer) {
        Err(COPIED) => Ok(Err(Wrong::Copied(Box::new(user.clone()), kept))),
        Ok(_) if kept.is_closed => Ok(Err(Wrong::Copied(Box::new(user.clone()), kept))),
        Err(why) => refused(why),
        Ok(proof) => match opened(&app.sealer, &kept) {
            Some(key) => Ok(Ok(Proved { kept, key, proof })),
            None => refused(Refused("unreadable-key")),
        },
    }
}

/// Takes the proof: once, and of a key that counts on; one that does not is closed.
async fn take(
    tx: &mut Tx,
    context: &Context,
    closing: &Closing,
    (proved, given): (Proved, &Given),
) -> storage::Result<Result<(), Refused>> {
    if !tx.replays().first_use(used(&given.state), given.until).await? {
        return Ok(Err(Refused("replayed")));
    }
    let Proved { kept, key, proof } = proved;
    let key = key.after(&proof);
    let secret = closing.sealer.seal(SealedColumn::FACTOR, kept.factor.as_str(), &key.kept());
    if tx.factors().use_key(&kept.factor, proof.counter(), secret, context.now).await? {
        return Ok(Ok(()));
    }
    Ok(Err(if closing.close(tx, context, &kept.factor).await? { COPIED } else { CLOSED }))
}

/// By what a ceremony is remembered once it was used.
pub(super) fn used(state: &str) -> TokenHash {
    TokenHash::of(&format!("passkey\0{state}"))
}

async fn refuse(app: &App, context: Context, event: Event) -> storage::Result<Outcome> {
    app.storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.record(&context, None, &event);
                Ok(())
            })
        })
        .await?;
    Ok(Outcome::Refused)
}

/// The passkeys of somebody, as far as they can be read.
#[must_use]
pub fn keys_of(sealer: &Sealer, kept: &[KeptKey]) -> Vec<Key> {
    kept.iter().filter_map(|kept| opened(sealer, kept)).collect()
}

fn opened(sealer: &Sealer, kept: &KeptKey) -> Option<Key> {
    let key = sealer.open(SealedColumn::FACTOR, kept.factor.as_str(), &kept.sealed);
    let key = key.ok().and_then(|key| Key::from_kept(key.expose_secret()));
    if key.is_none() {
        tracing::error!(factor.id = %kept.factor, "What was registered of a passkey cannot be read.");
    }
    key
}
