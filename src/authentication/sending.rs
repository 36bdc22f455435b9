//! Codes that are sent to a person: sending one, taking it, and setting the factor up by it.
//!
//! A code is good once, for ten minutes and five tries, in the session that asked for it; another is sent after half a minute,
//! and no more than five within an hour, whatever they are for: counted in the unit of work that sends it, while the person
//! is kept still, so that however many ask at once, on whatever node, get no more.
//!
//! A mailbox that a new password was mailed to proves nothing beside that password: such a link closes codes by mail
//! ([`close`]), and whoever signs in by another factor or a recovery code sets them up anew. Whoever has no factor yet does
//! not set them up within a day of such a link.

use std::time::Duration;

use super::{
    allowed::Allowed,
    assurance::{self, Method},
    enrolling::{Confirmed, Enrolled, MOST},
    factor::{
        Factor, Kind,
        sent_code::{self, LIFE, SentCode},
    },
    recovery::mail_until,
    store::{Place, Purpose, Waiting},
    take_back::Word,
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::{FactorId, SentCodeId, UserId},
    keys::{SealedColumn, Sealer},
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::Session,
    storage::{self, Tx},
    web::{Language, Letterhead, Site},
};

/// After a password was chosen by a mailed link, codes by mail are no first factor for so long.
const DAY: Duration = Duration::from_hours(24);

/// Who asks for a code.
pub struct Asking {
    /// When, in which request and from which address; the actor is the person.
    pub context: Context,
    /// The session that it is good in.
    pub session: Session,
    /// By which way it is sent.
    pub kind: Kind,
    /// What it is for.
    pub purpose: Purpose,
    /// The site that writes.
    pub site: Site,
    /// The person's language.
    pub language: Language,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Yes,
    /// Another is sent after this time.
    Wait(Duration),
    /// There is nowhere to send it, or it would prove nothing.
    Nowhere,
}

/// Sends a code, unless one was sent a moment ago or too many were.
///
/// # Errors
/// When the database fails; nothing was sent then.
pub async fn send(policies: &Policies, asking: Asking) -> storage::Result<Sent> {
    let allowed = Allowed::of_person(policies, &asking.session.user).await?;
    let app = policies.app.clone();
    policies
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let (user, now) = (&asking.session.user, asking.context.now);
                // In this order everywhere: the person, sessions, factors.
                tx.users().keep_still(user).await?;
                if !tx.sessions().hold(&asking.session.id).await? {
                    return Ok(Sent::Nowhere);
                }
                let Some(person) = tx.users().by_id(user).await?.filter(|user| user.is_active(now)) else {
                    return Ok(Sent::Nowhere);
                };
                let Some(to) = address(tx, (&allowed, &asking), &person).await? else { return Ok(Sent::Nowhere) };
                let sent = tx.sent_codes().sent(user, (sent_code::WITHIN, sent_code::MOST), now).await?;
                let wait = sent_code::wait(&sent, now);
                if !wait.is_zero() {
                    return Ok(Sent::Wait(wait));
                }
                asking.post(tx, &app, (&person, &to)).await?;
                Ok(Sent::Yes)
            })
        })
        .await
}

/// Where a code goes; nowhere where it would prove nothing.
async fn address(
    tx: &mut Tx,
    (allowed, asking): (&Allowed, &Asking),
    person: &User,
) -> storage::Result<Option<String>> {
    let may = match asking.purpose {
        Purpose::SignIn => allowed.proving(&tx.factors().of_user(&person.id).await?).contains(&asking.kind),
        Purpose::SetUp => allowed.holds(asking.kind) && may_set_up(tx, person, &asking.session).await?,
    };
    let proved = person.email.as_ref().filter(|_| may && person.email_verified_at.is_some());
    Ok(proved.map(ToString::to_string))
}

/// Whether codes by mail would be more than the password is.
///
/// # Errors
/// When the database fails.
pub async fn may_set_up(tx: &mut Tx, person: &User, session: &Session) -> storage::Result<bool> {
    if person.email.is_none() || person.email_verified_at.is_none() {
        return Ok(false);
    }
    if assurance::meets(&session.acr, assurance::MULTI_FACTOR) {
        return Ok(true);
    }
    let since = session.auth_time.minus(DAY);
    Ok(!tx.password_links().is_redeemed_since(&person.id, since).await?)
}

impl Asking {
    async fn post(&self, tx: &mut Tx, app: &App, (person, to): (&User, &str)) -> storage::Result<()> {
        let Self { context, session, kind, purpose, site, language } = self;
        let code = SentCode::fresh(&context.random);
        let id = SentCodeId::fresh(context.now, &context.random);
        let mut kept = code.hash((&person.id, &session.id)).to_vec();
        kept.extend_from_slice(to.as_bytes());
        let sealed = app.sealer.seal(SealedColumn::SENT_CODE, id.as_str(), &kept);
        let place = Place { user: &person.id, session: &session.id, kind: *kind, purpose: *purpose };
        tx.sent_codes().add(&Waiting { id, sealed }, place, context.now).await?;
        tx.record(context, None, &Event::CodeSending { user: person.id.clone(), kind: kind.as_str() });
        let letterhead = Letterhead::new(*language, site).addressed_to(person.name.as_str());
        let from = whence(app, context);
        let href = site.address_of("/account/password");
        let letter = letterhead.code(code.shown().expose_secret(), (&session.user_agent, &from, context.now), &href);
        let job = mail_until(to, letter, context.now.plus(LIFE));
        tx.jobs().enqueue(context, &app.sealer, &job).await?;
        Ok(())
    }
}

/// The address that a request comes from, with its country where that is known.
fn whence(app: &App, context: &Context) -> String {
    let address = context.address.as_deref().unwrap_or_default();
    match app.country_of(address) {
        Some(country) => format!("{address} ({country})"),
        None => address.to_owned(),
    }
}

/// Takes a code, and says where it went. Each try counts.
///
/// # Errors
/// When the database fails.
pub(super) async fn take(
    tx: &mut Tx,
    sealer: &Sealer,
    (place, digits): (Place<'_>, &str),
    now: Timestamp,
) -> storage::Result<Option<String>> {
    let Some(code) = tx.sent_codes().waiting(place, (now.minus(LIFE), now)).await? else { return Ok(None) };
    if !tx.sent_codes().count_try(&code.id).await? {
        return Ok(None);
    }
    let Ok(kept) = sealer.open(SealedColumn::SENT_CODE, code.id.as_str(), &code.sealed) else {
        tracing::error!(code.id = %code.id, "A code that was sent cannot be read.");
        return Ok(None);
    };
    let Some((hash, to)) = kept.expose_secret().split_at_checked(32) else { return Ok(None) };
    let typed = sent_code::hash(digits, (place.user, place.session));
    let is_right = TokenHash::from_stored(hash).is_some_and(|hash| hash.matches(typed));
    if !is_right || !tx.sent_codes().take(&code.id, now).await? {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(to).into_owned()))
}

/// Where a code waits that the person of a session may type.
///
/// # Errors
/// When the database fails.
pub async fn is_waiting(tx: &mut Tx, place: Place<'_>, now: Timestamp) -> storage::Result<bool> {
    Ok(tx.sent_codes().waiting(place, (now.minus(LIFE), now)).await?.is_some())
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
        if !may_set_up(tx, &person, &session).await? {
            return Ok(Confirmed::Gone);
        }
        let place = Place { user, session: &session.id, kind, purpose: Purpose::SetUp };
        let Some(to) = take(tx, sealer, (place, &digits), now).await? else { return Ok(Confirmed::Wrong) };
        // The address may have changed since the code was sent.
        if person.email.as_ref().is_none_or(|email| email.as_str() != to) {
            return Ok(Confirmed::Wrong);
        }
        let factors = tx.factors().of_user(user).await?;
        if factors.iter().filter(|one| one.kind != kind).count() >= MOST {
            return Ok(Confirmed::TooMany);
        }
        for factor in tx.factors().remove_kind(user, kind).await? {
            tx.record(&context, None, &Event::FactorRemoval { user: user.clone(), factor, by: "replaced" });
        }
        let id = FactorId::fresh(now, &context.random);
        let factor = Factor {
            id: id.clone(),
            user: user.clone(),
            kind,
            name: to,
            created_at: now,
            last_used_at: None,
            closed_at: None,
        };
        tx.factors().add_sent(&factor, vec![]).await?;
        let enrolled = Enrolled { factor: (id, kind), is_first: factors.is_empty(), method: method(kind) };
        let codes = enrolled.count(tx, (&context, sealer), (&session, hash), word).await?;
        Ok(Confirmed::Done { token, codes })
    }
}

/// What a code of this kind proves.
pub(super) const fn method(kind: Kind) -> Method {
    match kind {
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
