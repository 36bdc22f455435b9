//! One attempt to sign in by user name and password.
//!
//! Whatever is wrong (no such name, no password, a wrong one, a disabled person), the answer, its status and its time
//! are the same: a name that is not known costs a hash as well.

use std::time::Duration;

use super::{
    Authenticator,
    arriving::{self, Arriving, Entrant, Place, Settled, is_of_one},
    assurance::{Assurance, Method},
    factor::hasher::{Busy, Comparison, Password},
    home_realm,
    in_directory::{Answer, Directories, Said},
    lockout::{self, Door, Lockout, Way},
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::OrganizationId,
    ldap::trouble::Refusal,
    limit::{Network, Verdict},
    policy::Policies,
    secret::{ExposeSecret, SecretString},
    session::Via,
    storage::{self, Tx},
    text::UserName,
};

/// Who tries, from where.
pub struct Attempt {
    /// The browser.
    pub arriving: Arriving,
    /// The network that is counted.
    pub network: Network,
    /// The organization that is signed in to, by id or slug.
    pub organization: Option<String>,
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
    /// The directory of the person's organization says that the password is right, and why they may not come in.
    Closed(Refusal),
    /// The directory of the person's organization does not answer.
    Silent,
    /// The password that is kept here was right, and this organization takes none: its people come in by its own upstreams.
    Elsewhere(OrganizationId),
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
    Accepted(By),
    Refused(&'static str),
    Closed(Refusal),
    Silent,
}

/// By what somebody has proved who they are.
#[derive(Debug, PartialEq, Eq)]
enum By {
    /// The password that is kept here.
    Password {
        /// Whether its hash costs less than it has to.
        is_outdated: bool,
    },
    /// One that a directory compared.
    Directory(Said),
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
    let (user, directories) = Directories::of(&mut tx, (user, &folded), attempt.organization.as_deref()).await?;
    let door = Door::of((&mut tx, app), user.as_ref(), &folded, attempt.arriving.browser).await?;
    let tally = tx.throttles().find(door.key()).await?;
    if let Some(at) = door.forgiven_until(&mut tx).await? {
        with.limit.forgive_until(&door.name, at);
    }
    // Whoever is locked out here sends no guesses there, which would lock them out there too.
    let is_open = door.is_open(&mut tx, app).await?;
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
    let are_alone = directories.are_alone;
    let directories = Some(&directories).filter(|all| is_open && !all.is_empty());
    let judgement = judged((app, with), &attempt, (user.as_ref(), directories), &password).await?;
    match (judgement, user) {
        (Judgement::Accepted(by), Some(user)) => {
            let meant = attempt.organization.as_deref();
            if matches!(by, By::Password { .. })
                && let Some(of) = home_realm::required(policies, &user.id, meant).await?
            {
                note(policies, attempt, Some(user), "upstream-required").await?;
                return Ok(Outcome::Elsewhere(of));
            }
            let upgrade = match by {
                By::Password { is_outdated: true } => Some(with.hasher.hash(password, attempt.network).await?),
                _ => None,
            };
            let is_own = are_alone || matches!(by, By::Password { .. });
            let outcome = accept(policies, attempt, user, (by, upgrade, &door)).await?;
            if is_own && !matches!(outcome, Outcome::Refused | Outcome::Wait(_)) {
                with.limit.succeeded_at(&door.name, network);
            }
            Ok(outcome)
        }
        (Judgement::Refused(why), user) => refuse(policies, attempt, (user, door), why).await,
        (Judgement::Accepted(_), None) => refuse(policies, attempt, (None, door), "unknown-name").await,
        (Judgement::Closed(refusal), user) => close(policies, attempt, (user, door), refusal).await,
        (Judgement::Silent, user) => silent(policies, attempt, (user, door)).await,
    }
}

/// Nobody compared the password. A stranger learns of nobody whether theirs is in a directory.
async fn silent(policies: &Policies, attempt: Attempt, (user, door): (Option<User>, Door)) -> Result<Outcome, Fault> {
    if !door.is_known {
        return refuse(policies, attempt, (user, door), "directory-silent").await;
    }
    note(policies, attempt, user, "directory-silent").await?;
    Ok(Outcome::Silent)
}

/// Compares the password with what is kept here, and lets the directories compare it where that is not it. Whoever has no
/// password here waits no longer than one whom nobody knows.
async fn judged(
    (app, with): (&App, &Authenticator),
    attempt: &Attempt,
    (user, directories): (Option<&User>, Option<&Directories>),
    password: &Password,
) -> Result<Judgement, Busy> {
    let now = attempt.arriving.context.now;
    let stored = user.and_then(|user| user.password_hash.as_deref());
    let comparing = with.hasher.verify(password.clone(), stored, attempt.network);
    let Some(directories) = directories else { return Ok(judge(user, comparing.await?, now)) };
    let asking = directories.ask((app, with), &attempt.password, now);
    let answer = if stored.is_some() && directories.are_alone {
        match judge(user, comparing.await?, now) {
            Judgement::Refused("wrong-password") => asking.await,
            own => return Ok(own),
        }
    } else {
        // What is kept here opens other organizations, too: beside a directory of one nobody tries it.
        let (compared, answer) = tokio::join!(comparing, asking);
        compared?;
        answer
    };
    Ok(match answer {
        Answer::Right(..) if !user.is_some_and(|user| user.is_active(now)) => Judgement::Refused("disabled"),
        Answer::Right(said) => Judgement::Accepted(By::Directory(said)),
        Answer::Wrong => Judgement::Refused("wrong-password"),
        Answer::Closed(refusal) => Judgement::Closed(refusal),
        Answer::Silent => Judgement::Silent,
    })
}

/// Decides. The reason is for auditors; the person hears none.
fn judge(user: Option<&User>, comparison: Comparison, now: Timestamp) -> Judgement {
    let Some(user) = user else { return Judgement::Refused("unknown-name") };
    match comparison {
        _ if user.password_hash.is_none() => Judgement::Refused("no-password"),
        Comparison::Different => Judgement::Refused("wrong-password"),
        _ if !user.is_active(now) => Judgement::Refused("disabled"),
        Comparison::Same => Judgement::Accepted(By::Password { is_outdated: false }),
        Comparison::SameButOutdated => Judgement::Accepted(By::Password { is_outdated: true }),
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
            let wait = lockout::wait(&app, &tx.throttles().hold(door.key()).await?, attempt.arriving.context.now);
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
    tx.record(&attempt.arriving.context, None, &Event::SignInFailure { user: name, reason: why.to_owned() });
    lockout::fail(tx, (app, &attempt.arriving.site), &attempt.arriving.context, (door, user), lockout).await
}

/// The password was right, and its directory lets them in no more; whoever is locked there may not know it.
async fn close(
    policies: &Policies,
    attempt: Attempt,
    (user, door): (Option<User>, Door),
    refusal: Refusal,
) -> Result<Outcome, Fault> {
    let is_known = door.is_known;
    if refusal == Refusal::Locked {
        let refused = refuse(policies, attempt, (user, door), "directory-locked").await?;
        return Ok(if is_known && matches!(refused, Outcome::Refused) { Outcome::Closed(refusal) } else { refused });
    }
    note(policies, attempt, user, reason_of(refusal)).await?;
    Ok(Outcome::Closed(refusal))
}

/// For auditors.
const fn reason_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Wrong => "wrong-password",
        Refusal::Hours => "directory-hours",
        Refusal::Place => "directory-place",
        Refusal::PasswordExpired => "directory-password-expired",
        Refusal::Disabled => "directory-disabled",
        Refusal::Expired => "directory-expired",
        Refusal::MustChange => "directory-must-change",
        Refusal::Locked => "directory-locked",
    }
}

/// Writes down why somebody did not come in who guessed nothing.
async fn note(policies: &Policies, attempt: Attempt, user: Option<User>, why: &'static str) -> Result<Outcome, Fault> {
    let user = user.map(|user| user.id.to_string()).unwrap_or_default();
    let (event, context) = (Event::SignInFailure { user, reason: why.to_owned() }, attempt.arriving.context);
    policies.app.storage.append(move |additions| additions.record(&context, None, &event)).await?;
    Ok(Outcome::Refused)
}

async fn accept(
    policies: &Policies,
    attempt: Attempt,
    user: User,
    (by, upgrade, door): (By, Option<String>, &Door),
) -> Result<Outcome, Fault> {
    let app = &policies.app;
    let (place, token) = Place::of(policies, &user.id).await?;
    let lockout = Lockout::of_person(policies, &user.id).await?;
    let (own, door) = (app.clone(), door.clone());
    let settled = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let is_counted = match door.way(tx, &own, attempt.arriving.context.now).await? {
                    Way::Open { is_counted } => is_counted,
                    Way::Wait(time) => return Ok(Settled::Wait(time)),
                    Way::Closed(why) => {
                        refuse_in(tx, (&own, &attempt), (Some(&user), &door), (why, lockout)).await?;
                        return Ok(Settled::Outdated);
                    }
                };
                // The password was compared before this unit began.
                let Some(via) = still(tx, &attempt.arriving.context, (&user, by)).await? else {
                    let event =
                        Event::SignInFailure { user: user.id.to_string(), reason: "changed-meanwhile".to_owned() };
                    tx.record(&attempt.arriving.context, None, &event);
                    return Ok(Settled::Outdated);
                };
                let context = attempt.arriving.context.by(Actor::User(user.id.clone()));
                if let (Some(upgrade), Some(former)) = (upgrade, user.password_hash.as_deref()) {
                    tx.users().rehash_password(&user.id, former, &upgrade).await?;
                }
                // The word of one organization makes up for no guess at what opens another.
                if is_counted && (via.is_none() || is_of_one(tx, &user.id).await?) {
                    door.forgive(tx).await?;
                }
                let entrant = Entrant { user, via, said: Assurance::of(&[Method::Password]) };
                arriving::enter(tx, &own, (&context, attempt.arriving), (entrant, place)).await
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

/// Who vouches for the person, if what they proved holds still; the person is held.
async fn still(tx: &mut Tx, context: &Context, (user, by): (&User, By)) -> storage::Result<Option<Option<Via>>> {
    match by {
        By::Password { .. } => Ok(tx.users().hold_password(&user.id, user.password_changed_at).await?.then_some(None)),
        By::Directory(said) => {
            tx.users().keep_still(&user.id).await?;
            let is_active = tx.users().by_id(&user.id).await?.is_some_and(|user| user.is_active(context.now));
            let may_come = is_active && Directories::let_in(tx, context, (user, &said)).await?;
            Ok(may_come.then_some(Some(said.via)))
        }
    }
}
