//! Setting up and removing second factors. Each change is told by mail, so that nobody else makes it unnoticed.

use std::time::Duration;

use super::{
    Authenticator,
    assurance::{self, Assurance, Method},
    factor::{
        Factor, Kind,
        passkey::{Asked, Key, NOT_VERIFIED, OTHER_MODEL, Refused},
        recovery_code::RecoveryCode,
        totp::Seed,
    },
    remembered,
    second_factor::{digits_of, opened},
    take_back::Word,
    with_passkey::{Given, used},
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::{FactorId, UserId},
    keys::{SealedColumn, Sealer},
    secret::{ExposeSecret, SecretString, TokenHash},
    session::{EndReason, Proof, Session},
    storage::{self, Tx},
};

/// How long a picture may be looked at before its app is confirmed.
const PATIENCE: Duration = Duration::from_mins(30);
/// The most authenticator apps of a person: codes are judged against so many.
const MOST_APPS: usize = 5;
/// The most factors of a person.
pub(super) const MOST: usize = 10;
/// The longest name of a factor, in characters.
pub const LONGEST_NAME: usize = 60;

/// What became of a proposal.
#[derive(Debug)]
pub enum Proposal {
    /// An app may be set up with this.
    Made(FactorId),
    /// The person has as many as anybody may.
    TooMany,
}

/// What became of a confirmation.
#[derive(Debug)]
pub enum Confirmed {
    /// The app counts from now on, and the session has another secret.
    Done {
        /// The session's new secret.
        token: SecretString,
        /// The first recovery codes, where there were none.
        codes: Option<Vec<RecoveryCode>>,
    },
    /// It is no code of this app, or no answer of this passkey.
    Wrong,
    /// Rules ask more of a passkey.
    Unfit(Refused),
    /// The person has as many as anybody may.
    TooMany,
    /// It does not wait to be confirmed any more.
    Gone,
}

/// Proposes an authenticator app: it counts once a code of it was typed.
///
/// # Errors
/// When the database fails.
pub async fn propose(app: &App, context: Context, user: &UserId) -> storage::Result<Proposal> {
    let (user, sealer) = (user.clone(), app.sealer.clone());
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.users().keep_still(&user).await?;
                let known = tx.factors().of_user(&user).await?;
                let apps = known.iter().filter(|one| one.kind == Kind::Totp).count();
                if known.len() >= MOST || apps >= MOST_APPS {
                    return Ok(Proposal::TooMany);
                }
                let id = FactorId::fresh(context.now, &context.random);
                let seed = Seed::fresh(&context.random);
                let kept = sealer.seal(SealedColumn::FACTOR, id.as_str(), seed.expose());
                let factor = Factor {
                    id: id.clone(),
                    user,
                    kind: Kind::Totp,
                    name: String::new(),
                    created_at: context.now,
                    last_used_at: None,
                    closed_at: None,
                };
                tx.factors().propose(&factor, kept).await?;
                Ok(Proposal::Made(id))
            })
        })
        .await
}

/// The seed of a proposal of this person, while it waits.
///
/// # Errors
/// When the database fails.
pub async fn proposed(app: &App, user: &UserId, id: &FactorId) -> storage::Result<Option<Seed>> {
    let since = app.clock.now().minus(PATIENCE);
    let kept = app.storage.read().await?.factors().proposed(user, id, since).await?;
    Ok(kept.and_then(|kept| opened(&app.sealer, &kept.factor, &kept.sealed).ok()))
}

/// What a person typed to confirm an app.
pub struct Confirming {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The person's session: both factors are proved in it from now on.
    pub session: Session,
    /// The person.
    pub user: User,
    /// Which app.
    pub factor: FactorId,
    /// What the person calls it.
    pub name: String,
    /// A code of it.
    pub code: SecretString,
    /// Word to the person that it was set up.
    pub word: Word,
}

/// Confirms an app by a code of it.
///
/// # Errors
/// When the database fails.
pub async fn confirm(app: &App, typed: Confirming) -> storage::Result<Confirmed> {
    let ((token, hash), sealer) = (app.random.token(), app.sealer.clone());
    app.storage.write(move |tx| Box::pin(async move { typed.save(tx, &sealer, (token, hash)).await })).await
}

impl Confirming {
    async fn save(
        self,
        tx: &mut Tx,
        sealer: &Sealer,
        (token, hash): (SecretString, TokenHash),
    ) -> storage::Result<Confirmed> {
        let Self { context, session, user, factor, name, code, word } = self;
        // In this order everywhere: the person, sessions, factors.
        tx.users().keep_still(&user.id).await?;
        if !tx.sessions().hold(&session.id).await? {
            return Ok(Confirmed::Gone);
        }
        let since = context.now.minus(PATIENCE);
        let Some(kept) = tx.factors().proposed(&user.id, &factor, since).await? else { return Ok(Confirmed::Gone) };
        let Ok(seed) = opened(sealer, &factor, &kept.sealed) else { return Ok(Confirmed::Gone) };
        let step = digits_of(code.expose_secret()).and_then(|code| seed.step_of(&code, context.now, kept.last_step));
        let Some(step) = step else { return Ok(Confirmed::Wrong) };
        let others = tx.factors().of_user(&user.id).await?.len();
        if others >= MOST || !tx.factors().confirm(&factor, (&name, step), context.now).await? {
            return Ok(Confirmed::Gone);
        }
        let enrolled = Enrolled { factor: (factor, Kind::Totp), is_first: others == 0, method: Method::OneTimeCode };
        let codes = enrolled.count(tx, (&context, sealer), (&session, hash), word).await?;
        Ok(Confirmed::Done { token, codes })
    }
}

/// A factor that counts from now on.
pub(super) struct Enrolled {
    pub(super) factor: (FactorId, Kind),
    pub(super) is_first: bool,
    pub(super) method: Method,
}

impl Enrolled {
    /// What follows for the person, who is told; the first recovery codes, where there were none.
    pub(super) async fn count(
        self,
        tx: &mut Tx,
        (context, sealer): (&Context, &Sealer),
        (session, token): (&Session, TokenHash),
        word: Word,
    ) -> storage::Result<Option<Vec<RecoveryCode>>> {
        let (user, (factor, kind)) = (&session.user, self.factor);
        if self.is_first {
            // Whatever began with a password alone ends, tokens too.
            let reason = EndReason::FactorChange;
            tx.sessions().end_all_of_user(context, user, Some(&session.id), reason).await?;
        }
        // The password was proved when it was: this is no sign-in.
        let set_up: Proof = Assurance::beside(&session.amr, self.method).into();
        // A session that is as sure already says how it was proved, and is no less sure for it.
        let is_as_sure = assurance::meets(&session.acr, &set_up.acr);
        let (acr, amr) = if is_as_sure { (session.acr.clone(), session.amr.clone()) } else { (set_up.acr, set_up.amr) };
        let proof = Proof { acr, amr, factor: Some(factor.clone()), ..Proof::default() };
        tx.sessions().reauthenticate(context, session, token, (&proof, session.auth_time)).await?;
        tx.record(context, None, &Event::FactorEnrolment { user: user.clone(), factor, kind: kind.as_str() });
        remembered::ask_again(tx, context, (user, "factors")).await?;
        if let Some(person) = tx.users().by_id(user).await? {
            word.send(tx, (context, sealer), (&person, self.is_first)).await?;
        }
        let has_codes = !self.is_first && tx.recovery_codes().left(user).await? > 0;
        if has_codes { Ok(None) } else { issue_codes(tx, context, user).await.map(Some) }
    }
}

/// A passkey that a person registers.
pub struct Registering {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The person's session: both factors are proved in it from now on.
    pub session: Session,
    /// What the person calls it.
    pub name: String,
    /// What the browser answered.
    pub given: Given,
    /// Word to the person that it was set up.
    pub word: Word,
}

/// Registers a passkey.
///
/// # Errors
/// When the database fails.
pub async fn register(
    app: &App,
    with: &Authenticator,
    asked: &Asked,
    typed: Registering,
) -> storage::Result<Confirmed> {
    let key = match with.relying_party.registered(&typed.given.state, &typed.given.answer, asked) {
        Ok(key) => key,
        Err(why) => {
            tracing::info!(user.id = %typed.session.user, why = why.0, "A passkey was not registered.");
            return Ok(if why == NOT_VERIFIED || why == OTHER_MODEL {
                Confirmed::Unfit(why)
            } else {
                Confirmed::Wrong
            });
        }
    };
    let ((token, hash), sealer) = (app.random.token(), app.sealer.clone());
    app.storage.write(move |tx| Box::pin(async move { typed.save(tx, &sealer, (token, hash), &key).await })).await
}

impl Registering {
    async fn save(
        self,
        tx: &mut Tx,
        sealer: &Sealer,
        (token, hash): (SecretString, TokenHash),
        key: &Key,
    ) -> storage::Result<Confirmed> {
        let Self { context, session, name, given, word } = self;
        tx.users().keep_still(&session.user).await?;
        if !tx.sessions().hold(&session.id).await? {
            return Ok(Confirmed::Gone);
        }
        let others = tx.factors().of_user(&session.user).await?.len();
        if others >= MOST {
            return Ok(Confirmed::TooMany);
        }
        let is_first_use = tx.replays().first_use(used(&given.state), given.until).await?;
        let id = FactorId::fresh(context.now, &context.random);
        let kept = sealer.seal(SealedColumn::FACTOR, id.as_str(), &key.kept());
        let factor = Factor {
            id: id.clone(),
            user: session.user.clone(),
            kind: Kind::Passkey,
            name,
            created_at: context.now,
            last_used_at: None,
            closed_at: None,
        };
        if !is_first_use || !tx.factors().add_key(&factor, (key.id(), key.counter()), kept).await? {
            return Ok(Confirmed::Wrong);
        }
        let method = if key.verifies() { Method::VerifiedKey } else { Method::Key };
        let enrolled = Enrolled { factor: (id, Kind::Passkey), is_first: others == 0, method };
        let codes = enrolled.count(tx, (&context, sealer), (&session, hash), word).await?;
        Ok(Confirmed::Done { token, codes })
    }
}

/// New recovery codes in the place of all former ones.
///
/// # Errors
/// When the database fails.
pub async fn issue_codes(tx: &mut Tx, context: &Context, user: &UserId) -> storage::Result<Vec<RecoveryCode>> {
    let codes = RecoveryCode::fresh(&context.random);
    let hashes: Vec<TokenHash> = codes.iter().map(|code| code.hash(user)).collect();
    tx.recovery_codes().replace(user, &hashes, context.now).await?;
    tx.record(context, None, &Event::RecoveryCodesIssue { user: user.clone() });
    Ok(codes)
}

/// Removes a factor; the recovery codes go with the last one. `false` where the person has none such.
///
/// # Errors
/// When the database fails.
pub async fn remove(
    tx: &mut Tx,
    context: &Context,
    (user, factor): (&UserId, &FactorId),
    by: &'static str,
) -> storage::Result<bool> {
    tx.users().keep_still(user).await?;
    if !tx.factors().remove(user, factor).await? {
        return Ok(false);
    }
    tx.record(context, None, &Event::FactorRemoval { user: user.clone(), factor: factor.clone(), by });
    remembered::ask_again(tx, context, (user, "factors")).await?;
    if !tx.factors().has_any(user).await? {
        tx.recovery_codes().replace(user, &[], context.now).await?;
    }
    Ok(true)
}

/// Removes what was set up at `since` or later, and all recovery codes: whoever set it up may have made them.
///
/// # Errors
/// When the database fails.
pub(super) async fn remove_since(
    tx: &mut Tx,
    context: &Context,
    user: &UserId,
    (since, by): (Timestamp, &'static str),
) -> storage::Result<()> {
    let removed = tx.factors().remove_since(user, since).await?;
    tx.recovery_codes().replace(user, &[], context.now).await?;
    for factor in removed {
        tx.record(context, None, &Event::FactorRemoval { user: user.clone(), factor, by });
    }
    Ok(())
}

/// Removes all factors of somebody who has lost them, and says how many they were; whoever ends their sessions does so before.
///
/// # Errors
/// When the database fails.
pub async fn reset(tx: &mut Tx, context: &Context, user: &UserId, by: &'static str) -> storage::Result<usize> {
    let removed = tx.factors().remove_all(user).await?;
    remembered::ask_again(tx, context, (user, "factors")).await?;
    tx.recovery_codes().replace(user, &[], context.now).await?;
    let count = removed.len();
    for factor in removed {
        tx.record(context, None, &Event::FactorRemoval { user: user.clone(), factor, by });
    }
    Ok(count)
}
