//! Signing in with a passkey: alone, or as the second factor beside a password.
//!
//! A ceremony is used once: its state is remembered in the unit of work that takes the answer. What a key counts goes up from
//! use to use, so that a copy of it is noticed.

use std::time::Duration;

use super::{
    Authenticator,
    assurance::{Assurance, Method},
    factor::passkey::{Answer, Key, Proof, Refused},
    lockout::Known,
    room::Room,
    second_factor::{Completing, complete},
    signing_in::{Begin, Settled, settle},
    store::KeptKey,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::user::User,
    keys::{SealedColumn, Sealer},
    limit::{Network, Verdict},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{self, Authenticated, Session},
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
    /// The network that is counted.
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
}

/// What an attempt came to.
#[derive(Debug)]
pub enum Outcome {
    /// The person is signed in; the cookie holds the token.
    SignedIn(SecretString),
    /// No. Why is in the audit log.
    Refused,
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

/// Tries to sign in with a passkey alone.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn alone(policies: &Policies, with: &Authenticator, attempt: Alone) -> storage::Result<Outcome> {
    let app = &policies.app;
    // Nobody guesses a key: the network is counted, so that nobody fills the audit log.
    let counted = format!("passkey {:?}", attempt.network);
    if let Verdict::Wait(time) = with.limit.attempt(&counted, attempt.network) {
        return Ok(Outcome::Wait(time));
    }
    let (user, proved) = match judged(app, with, &attempt.given).await? {
        Ok(right) => right,
        Err((user, why)) => {
            let user = user.map(|user| user.id.to_string()).unwrap_or_default();
            let (context, event) = (attempt.context, Event::SignInFailure { user, reason: why.0.to_owned() });
            return refuse(app, context, event).await;
        }
    };
    let network = attempt.network;
    let ((token, hash), room, sealer) = (app.random.token(), Room::of(policies, &user.id).await?, app.sealer.clone());
    let (own, factor) = (app.clone(), proved.kept.factor.clone());
    let settled = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&user.id).await?;
                let context = attempt.context.by(Actor::User(user.id.clone()));
                // The key was judged before this unit began.
                let is_active = tx.users().by_id(&user.id).await?.is_some_and(|user| user.is_active());
                let verdict = take(tx, &sealer, (proved, &attempt.given), context.now).await?;
                if let Err(why) = verdict.and(if is_active { Ok(()) } else { Err(Refused("disabled")) }) {
                    let event = Event::SignInFailure { user: user.id.to_string(), reason: why.0.to_owned() };
                    tx.record(&context, None, &event);
                    return Ok(None);
                }
                let present = match attempt.present {
                    Some(present) => {
                        tx.sessions().by_token(present).await?.filter(|session| session.ended_at.is_none())
                    }
                    None => None,
                };
                let known = Known::of(&own, &attempt.site, &user, attempt.browser);
                let proof = Assurance::of(&[Method::VerifiedKey]).into();
                let proof = session::Proof { factor: Some(factor), client: attempt.client, ..proof };
                let who =
                    Authenticated { user: user.id, proof, user_agent: attempt.user_agent, browser: attempt.browser };
                settle(tx, &context, present, Begin { token: hash, who, room, known }).await.map(Some)
            })
        })
        .await?;
    if settled.is_some() {
        with.limit.succeeded(&counted, network);
    }
    Ok(match settled {
        Some(Settled::Begun) => Outcome::SignedIn(token),
        Some(Settled::Wait(time)) => Outcome::Wait(time),
        Some(Settled::Full) => Outcome::Full,
        Some(Settled::Outdated) | None => Outcome::Refused,
    })
}

/// Whose key it is, and that it signed; or what is wrong, as far as it is known with whom.
async fn judged(
    app: &App,
    with: &Authenticator,
    given: &Given,
) -> storage::Result<Result<(User, Proved), (Option<User>, Refused)>> {
    let answer = match Answer::read(&given.answer) {
        Ok(answer) => answer,
        Err(why) => return Ok(Err((None, why))),
    };
    let mut tx = app.storage.read().await?;
    let Some(kept) = tx.factors().key(answer.key_id()).await? else {
        return Ok(Err((None, Refused("unknown-key"))));
    };
    let Some(user) = tx.users().by_id(&kept.user).await? else { return Ok(Err((None, Refused("unknown-key")))) };
    drop(tx);
    let verdict = match opened(&app.sealer, &kept) {
        _ if !answer.is_of(&user.id) => Err(Refused("key-of-another-person")),
        None => Err(Refused("unreadable-key")),
        Some(key) => with.relying_party.alone(&given.state, &answer, &key).map(|proof| (key, proof)),
    };
    Ok(match verdict {
        Ok(_) if !user.is_active() => Err((Some(user), Refused("disabled"))),
        Ok((key, proof)) => Ok((user, Proved { kept, key, proof })),
        Err(why) => Err((Some(user), why)),
    })
}

/// Tries a passkey as second factor.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn beside(policies: &Policies, with: &Authenticator, attempt: Beside) -> storage::Result<Outcome> {
    let app = &policies.app;
    let Beside { context, session, user, given, client, known } = attempt;
    let proved = match proved_by(app, with, &user, &given).await? {
        Ok(proved) => proved,
        Err(why) => return refuse(app, context, Event::SecondFactorFailure { user: user.id, reason: why.0 }).await,
    };
    let ((token, hash), room, sealer) = (app.random.token(), Room::of(policies, &user.id).await?, app.sealer.clone());
    let method = if proved.proof.is_verified() { Method::VerifiedKey } else { Method::Key };
    let said = Assurance::of(&[Method::Password, method]).into();
    let said = session::Proof { factor: Some(proved.kept.factor.clone()), client, ..said };
    let outcome = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&user.id).await?;
                if !tx.sessions().hold(&session.id).await? {
                    return Ok(Outcome::Refused);
                }
                if let Err(why) = take(tx, &sealer, (proved, &given), context.now).await? {
                    tx.record(&context, None, &Event::SecondFactorFailure { user: user.id, reason: why.0 });
                    return Ok(Outcome::Refused);
                }
                let with = Completing { session: &session, room: &room, token: hash, proof: said, known };
                let is_in = complete(tx, &context, with).await?;
                Ok(if is_in { Outcome::SignedIn(token) } else { Outcome::Full })
            })
        })
        .await?;
    Ok(outcome)
}

async fn proved_by(
    app: &App,
    with: &Authenticator,
    user: &User,
    given: &Given,
) -> storage::Result<Result<Proved, Refused>> {
    let judged = Answer::read(&given.answer)
        .and_then(|answer| with.relying_party.beside(&given.state, &answer).map(|proof| (answer, proof)));
    let (answer, proof) = match judged {
        Ok(right) => right,
        Err(why) => return Ok(Err(why)),
    };
    let kept = app.storage.read().await?.factors().key(answer.key_id()).await?;
    // What was asked for is the person's; it may have been removed since.
    Ok(match kept.filter(|kept| kept.user == user.id) {
        None => Err(Refused("unknown-key")),
        Some(kept) => match opened(&app.sealer, &kept) {
            Some(key) => Ok(Proved { kept, key, proof }),
            None => Err(Refused("unreadable-key")),
        },
    })
}

/// Takes the proof: once, and of a key that counts on.
async fn take(
    tx: &mut Tx,
    sealer: &Sealer,
    (proved, given): (Proved, &Given),
    now: Timestamp,
) -> storage::Result<Result<(), Refused>> {
    if !tx.replays().first_use(used(&given.state), given.until).await? {
        return Ok(Err(Refused("replayed")));
    }
    let Proved { kept, key, proof } = proved;
    let key = key.after(&proof);
    let secret = sealer.seal(SealedColumn::FACTOR, kept.factor.as_str(), &key.kept());
    let is_used = tx.factors().use_key(&kept.factor, proof.counter(), secret, now).await?;
    Ok(if is_used { Ok(()) } else { Err(Refused("copied-key")) })
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
