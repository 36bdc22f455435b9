//! Setting up factors whose codes are sent, by typing one.
//!
//! A mailbox that a new password was mailed to proves nothing beside that password: such a link closes codes by mail
//! ([`close`]), and whoever signs in by another factor or a recovery code sets them up anew. Whoever has no factor yet does
//! not set them up within a day of such a link.

use std::time::Duration;

use super::{
    allowed::Allowed,
    assurance::{self, Method},
    enrolling::{Confirmed, Enrolled, MOST},
    factor::{Factor, Kind},
    sending::take,
    store::{Place, Purpose},
    take_back::Word,
};
use crate::{
    audit::{Context, Event},
    directory::user::User,
    id::{FactorId, UserId},
    keys::{SealedColumn, Sealer},
    policy::Policies,
    secret::{SecretString, TokenHash},
    session::Session,
    storage::{self, Tx},
    text::phone::PhoneNumber,
};

/// After a password was chosen by a mailed link, codes by mail are no first factor for so long.
const DAY: Duration = Duration::from_hours(24);

/// Whether codes of this kind would be more than the password is.
///
/// # Errors
/// When the database fails.
pub async fn may_set_up(tx: &mut Tx, person: &User, (session, kind): (&Session, Kind)) -> storage::Result<bool> {
    if kind == Kind::Sms {
        return Ok(true);
    }
    if person.email.is_none() || person.email_verified_at.is_none() {
        return Ok(false);
    }
    if assurance::meets(&session.acr, assurance::MULTI_FACTOR) {
        return Ok(true);
    }
    let since = session.auth_time.minus(DAY);
    Ok(!tx.password_links().is_redeemed_since(&person.id, since).await?)
}

/// Who sets codes up by typing one.
pub struct Confirming {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The person's session: both factors are proved in it from now on.
    pub session: Session,
    /// By which way codes are sent.
    pub kind: Kind,
    /// What was typed.
    pub digits: String,
    /// Word to the person that it was set up.
    pub word: Word,
}

/// Sets codes up: they are sent to where this one went from now on. What there was of the kind before is replaced.
///
/// # Errors
/// When the database fails.
pub async fn confirm(policies: &Policies, typed: Confirming) -> storage::Result<Confirmed> {
    let allowed = Allowed::of_person(policies, &typed.session.user).await?;
    let ((token, hash), sealer) = (policies.app.random.token(), policies.app.sealer.clone());
    policies
        .app
        .storage
        .write(move |tx| Box::pin(async move { typed.save(tx, (&sealer, &allowed), (token, hash)).await }))
        .await
}

impl Confirming {
    async fn save(
        self,
        tx: &mut Tx,
        (sealer, allowed): (&Sealer, &Allowed),
        (token, hash): (SecretString, TokenHash),
    ) -> storage::Result<Confirmed> {
        let Self { context, session, kind, digits, word } = self;
        let (user, now) = (&session.user, context.now);
        tx.users().keep_still(user).await?;
        if !tx.sessions().hold(&session.id).await? || !allowed.holds(kind) {
            return Ok(Confirmed::Gone);
        }
        let Some(person) = tx.users().by_id(user).await? else { return Ok(Confirmed::Gone) };
        if !may_set_up(tx, &person, (&session, kind)).await? {
            return Ok(Confirmed::Gone);
        }
        let place = Place { user, session: &session.id, kind, purpose: Purpose::SetUp };
        let Some(to) = take(tx, sealer, (place, &digits), now).await? else { return Ok(Confirmed::Wrong) };
        let id = FactorId::fresh(now, &context.random);
        let Some((name, secret)) = kept(sealer, (kind, &id), (&person, to)) else { return Ok(Confirmed::Wrong) };
        let factors = tx.factors().of_user(user).await?;
        if factors.iter().filter(|one| one.kind != kind).count() >= MOST {
            return Ok(Confirmed::TooMany);
        }
        for factor in tx.factors().remove_kind(user, kind).await? {
            tx.record(&context, None, &Event::FactorRemoval { user: user.clone(), factor, by: "replaced" });
        }
        let factor = Factor {
            id: id.clone(),
            user: user.clone(),
            kind,
            name,
            created_at: now,
            last_used_at: None,
            closed_at: None,
        };
        tx.factors().add_sent(&factor, secret).await?;
        let enrolled = Enrolled { factor: (id, kind), is_first: factors.is_empty(), method: method(kind) };
        let codes = enrolled.count(tx, (&context, sealer), (&session, hash), word).await?;
        Ok(Confirmed::Done { token, codes })
    }
}

/// What is shown of where codes go, and what is kept of it, sealed; nothing where it is the person's no more.
fn kept(sealer: &Sealer, (kind, id): (Kind, &FactorId), (person, to): (&User, String)) -> Option<(String, Vec<u8>)> {
    if kind == Kind::Sms {
        let number: PhoneNumber = to.parse().ok()?;
        let secret = sealer.seal(SealedColumn::FACTOR, id.as_str(), number.as_str().as_bytes());
        return Some((number.masked(), secret));
    }
    // The address may have changed since the code was sent.
    let is_same = person.email.as_ref().is_some_and(|email| email.as_str() == to);
    is_same.then_some((to, vec![]))
}

/// What a code of this kind proves.
pub(super) const fn method(kind: Kind) -> Method {
    match kind {
        Kind::Sms => Method::TextMessage,
        Kind::Totp | Kind::Email | Kind::Passkey => Method::OneTimeCode,
    }
}

/// A new password came by mail: codes to the same mailbox prove nothing beside it any more.
///
/// # Errors
/// When the database fails.
pub(super) async fn close(tx: &mut Tx, context: &Context, user: &UserId) -> storage::Result<()> {
    for factor in tx.factors().close_kind(user, Kind::Email, context.now).await? {
        tx.record(context, None, &Event::FactorClosure { user: user.clone(), factor });
    }
    Ok(())
}
