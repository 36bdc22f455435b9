//! The second factor of a sign-in: a code of an authenticator app, one that was sent, or a recovery code.
//!
//! Attempts of a person are counted in the unit of work that judges them, and each unit waits for the one before: sixty-four at
//! once, on whatever nodes, get no more tries than one after the other. Only who knows the password comes here, and whoever is
//! known in a browser, or at a shared workstation, is not counted with others of the network: no stranger can keep them out.

use std::time::Duration;

use super::{
    Authenticator,
    allowed::Allowed,
    assurance::{Assurance, Method},
    factor::{
        Kind,
        recovery_code::RecoveryCode,
        totp::{self, Seed},
    },
    known_device::{Known, is_no_strangers},
    room::Room,
    sending, sent_factor,
    store::{KeptSeed, Place, Purpose},
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::{FactorId, UserId},
    jobs::Job,
    keys::{SealedColumn, Sealer, sealing::OpenFault},
    limit::{Network, Verdict, wait_of},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{Proof as Proved, Session},
    storage::{self, Tx},
};

/// Who tries what.
pub struct Attempt {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The network that is counted, where the person is not known.
    pub network: Network,
    /// The session in which the password was proved.
    pub session: Session,
    /// The person.
    pub user: User,
    /// What was typed.
    pub code: SecretString,
    /// By which way it was sent, where it was; otherwise an app shows it.
    pub by: Option<Kind>,
    /// The client that sent the person.
    pub client: Option<String>,
    /// The browser.
    pub known: Option<Known>,
    /// Whether rules want a passkey that the person has: then a code of an app is nothing, and a recovery code lets them set up
    /// another key.
    pub is_key_wanted: bool,
    /// Word to the person.
    pub notices: Notices,
}

/// Word to the person, where they can be written to.
pub struct Notices {
    /// That a recovery code was used.
    pub recovery: Option<Job>,
    /// That codes are guessed, by somebody who knows the password.
    pub guessing: Option<Job>,
}

/// What an attempt came to.
#[derive(Debug)]
pub enum Outcome {
    /// Both factors are proved; the cookie holds the session's new secret.
    Proved(SecretString),
    /// It is no code of now. Why is in the audit log.
    Refused,
    /// Too many attempts: try again after this time.
    Wait(Duration),
    /// The code was right, but the person is signed in as often as they may be.
    Full,
}

/// What a code was.
#[derive(PartialEq, Eq)]
enum Proof {
    By(FactorId, Method),
    Recovery,
}

/// Tries a code.
///
/// # Errors
/// When the database fails; nothing has changed then.
pub async fn attempt(policies: &Policies, with: &Authenticator, attempt: Attempt) -> storage::Result<Outcome> {
    let app = &policies.app;
    let (key, rule) = (key_of(&attempt.user.id), app.config.throttle.code);
    let mut tx = app.storage.read().await?;
    let browser = attempt.known.as_ref().map(Known::browser);
    let is_known = is_no_strangers(&mut tx, (Some(&attempt.user.id), browser)).await?;
    let failures = tx.throttles().find(key).await?;
    drop(tx);
    let (account, network) = (attempt.user.id.to_string(), (!is_known).then_some(attempt.network));
    // Whoever has to wait is told so before anything is written.
    if let Verdict::Wait(time) = with.limit.attempt_code(&account, network) {
        return Ok(Outcome::Wait(time));
    }
    let wait = failures.map(|failures| wait_of(rule, failures.times(), attempt.context.now)).unwrap_or_default();
    if !wait.is_zero() {
        return Ok(Outcome::Wait(wait));
    }
    let (room, allowed) =
        (Room::of(policies, &attempt.user.id).await?, Allowed::of_person(policies, &attempt.user.id).await?);
    let outcome = judged(app, (room, allowed), attempt).await?;
    if matches!(outcome, Outcome::Proved(_)) {
        with.limit.proved_code(&account, network);
    }
    Ok(outcome)
}

async fn judged(app: &App, (room, allowed): (Room, Allowed), attempt: Attempt) -> storage::Result<Outcome> {
    let (token, hash) = app.random.token();
    let (sealer, rule) = (app.sealer.clone(), app.config.throttle.code);
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let Attempt { context, session, user, code, by, client, known, is_key_wanted, notices, .. } = attempt;
                let key = key_of(&user.id);
                let wait = wait_of(rule, tx.throttles().hold(key).await?.times(), context.now);
                if !wait.is_zero() {
                    return Ok(Outcome::Wait(wait));
                }
                if !tx.sessions().hold(&session.id).await? {
                    return Ok(Outcome::Refused);
                }
                let is_nothing = is_key_wanted && RecoveryCode::typed(code.expose_secret()).is_none();
                let typed = if is_nothing { "" } else { code.expose_secret() };
                let Some(proof) = prove(tx, (&sealer, &allowed), (&session, by, typed), context.now).await? else {
                    let failures = tx.throttles().fail(key, rule, context.now).await?;
                    let is_guessing = !wait_of(rule, failures.times(), context.now).is_zero();
                    if is_guessing
                        && tx.throttles().is_first(told_key(&user.id), DAY, context.now).await?
                        && let Some(notice) = notices.guessing
                    {
                        tx.jobs().enqueue(&context, &sealer, &notice).await?;
                    }
                    let event = Event::SecondFactorFailure { user: user.id, reason: "wrong-code" };
                    tx.record(&context, None, &event);
                    return Ok(Outcome::Refused);
                };
                tx.throttles().forgive(key).await?;
                let (factor, method) = match &proof {
                    Proof::By(factor, method) => (Some(factor.clone()), *method),
                    Proof::Recovery => (None, Method::OneTimeCode),
                };
                // Whoever has only a recovery code has lost the factor, and is asked again.
                let known = known.map(|known| if factor.is_some() { known } else { known.not_remembered() });
                let said = Assurance::beside(&session.amr, method).into();
                let said = Proved { factor, client, ..said };
                let with = Completing { session: &session, room: &room, token: hash, proof: said, known };
                if !complete(tx, &context, with).await? {
                    return Ok(Outcome::Full);
                }
                if proof == Proof::Recovery {
                    tx.record(&context, None, &Event::RecoveryCodeUse { user: user.id });
                    if let Some(notice) = notices.recovery {
                        tx.jobs().enqueue(&context, &sealer, &notice).await?;
                    }
                }
                Ok(Outcome::Proved(token))
            })
        })
        .await
}

/// What a session of the person becomes once all that is asked for is proved.
pub(super) struct Completing<'c> {
    /// The session, in which the password was proved before.
    pub(super) session: &'c Session,
    /// How many there may be.
    pub(super) room: &'c Room,
    /// Its new secret.
    pub(super) token: TokenHash,
    /// What was proved.
    pub(super) proof: Proved,
    /// The browser.
    pub(super) known: Option<Known>,
}

/// All is proved: the session is complete, where there is room for it.
pub(super) async fn complete(tx: &mut Tx, context: &Context, with: Completing<'_>) -> storage::Result<bool> {
    let Completing { session, room, token, proof, known } = with;
    if !room.make(tx, context, (&session.user, Some(&session.id))).await? {
        return Ok(false);
    }
    tx.sessions().reauthenticate(context, session, token, (&proof, context.now)).await?;
    if let Some(known) = known {
        let complete = Session { acr: proof.acr, amr: proof.amr, ..session.clone() };
        known.note(tx, context, (&complete, room.steps_up)).await?;
    }
    Ok(true)
}

/// Word that codes are guessed goes out this often at most.
const DAY: Duration = Duration::from_hours(24);

/// Under which it is written down that the person was told so.
fn told_key(user: &UserId) -> TokenHash {
    TokenHash::of(&format!("second factor told\0{user}"))
}

/// Under which attempts of a person are counted: not with those at the password, which strangers make.
fn key_of(user: &UserId) -> TokenHash {
    TokenHash::of(&format!("second factor\0{user}"))
}

async fn prove(
    tx: &mut Tx,
    (sealer, allowed): (&Sealer, &Allowed),
    (session, by, code): (&Session, Option<Kind>, &str),
    now: Timestamp,
) -> storage::Result<Option<Proof>> {
    let user = &session.user;
    if let Some(code) = RecoveryCode::typed(code) {
        return Ok(tx.recovery_codes().take(user, code.hash(user), now).await?.then_some(Proof::Recovery));
    }
    let Some(digits) = digits_of(code) else { return Ok(None) };
    let factors = tx.factors().of_user(user).await?;
    if !allowed.proving(&factors).contains(&by.unwrap_or(Kind::Totp)) {
        return Ok(None);
    }
    if let Some(kind) = by {
        let place = Place { user, session: &session.id, kind, purpose: Purpose::SignIn };
        let factor = factors.into_iter().find(|one| one.kind == kind && one.closed_at.is_none());
        let (Some(factor), Some(to)) = (factor, sending::take(tx, sealer, (place, &digits), now).await?) else {
            return Ok(None);
        };
        // What was sent before codes went elsewhere proves nothing.
        let is_same = match kind {
            Kind::Sms => sending::number_of(tx, sealer, &factor.id).await?.is_some_and(|number| number.as_str() == to),
            _ => factor.name == to,
        };
        let is_used = is_same && tx.factors().use_sent(&factor.id, now).await?;
        return Ok(is_used.then_some(Proof::By(factor.id, sent_factor::method(kind))));
    }
    let found = tx.factors().seeds(user).await?.into_iter().find_map(|kept| {
        let step = open(sealer, &kept)?.step_of(&digits, now, kept.last_step)?;
        Some((kept.factor, step))
    });
    let Some((factor, step)) = found else { return Ok(None) };
    Ok(tx.factors().take_step(&factor, step, now).await?.then_some(Proof::By(factor, Method::OneTimeCode)))
}

/// The digits of a code, however they were grouped.
#[must_use]
pub fn digits_of(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(totp::DIGITS.into()).collect();
    let is_code = digits.len() == usize::from(totp::DIGITS)
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && text.chars().filter(|c| !c.is_whitespace() && *c != '-').count() == digits.len();
    is_code.then_some(digits)
}

/// A seed that does not open proves nobody; its person has recovery codes.
fn open(sealer: &Sealer, kept: &KeptSeed) -> Option<Seed> {
    match opened(sealer, &kept.factor, &kept.sealed) {
        Ok(seed) => Some(seed),
        Err(cause) => {
            tracing::error!(factor.id = %kept.factor, %cause, "The secret of an authenticator app cannot be read.");
            None
        }
    }
}

/// The seed of a factor.
///
/// # Errors
/// [`OpenFault`].
pub(super) fn opened(sealer: &Sealer, factor: &FactorId, kept: &[u8]) -> Result<Seed, OpenFault> {
    sealer.open(SealedColumn::FACTOR, factor.as_str(), kept).map(Seed::kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_in_any_grouping() {
        for (text, expected) in [
            ("123456", Some("123456")),
            ("123 456", Some("123456")),
            (" 12-34-56 ", Some("123456")),
            ("12345", None),
            ("1234567", None),
            ("12345a", None),
            ("١٢٣٤٥٦", None),
            ("", None),
        ] {
            assert_eq!(digits_of(text).as_deref(), expected, "{text}");
        }
    }
}
