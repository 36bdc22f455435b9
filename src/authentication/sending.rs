//! Codes that are sent to a person: sending one, and taking it.
//!
//! A code is good once, for ten minutes and five tries, in the session that asked for it; another is sent after half a minute,
//! and no more than five within an hour, whatever they are for: counted in the unit of work that sends it, while the person
//! is kept still, so that however many ask at once, on whatever node, get no more. Text messages cost money: they are counted
//! by number as well, under a hash whose key is no part of the database in the clear, and altogether, one after the other.

use super::{
    allowed::Allowed,
    factor::{
        Kind,
        sent_code::{self, LIFE, SentCode},
    },
    recovery::mail_until,
    sent_factor::may_set_up,
    store::{Place, Purpose, Waiting},
};
use crate::{
    app::App,
    audit::{Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::SentCodeId,
    jobs::Job,
    keys::{SealedColumn, Sealer},
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    session::Session,
    storage::{self, Tx},
    text::phone::PhoneNumber,
    web::{Language, Letterhead, Site},
};

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
    /// The telephone, where one is set up.
    pub number: Option<PhoneNumber>,
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
    Wait(std::time::Duration),
    /// There is nowhere to send it, or it would prove nothing.
    Nowhere,
    /// No text messages are sent to such numbers.
    Unreachable,
    /// As many text messages were sent as there may be.
    Exhausted,
}

/// Where a code goes.
enum Destination {
    Mailbox(String),
    Telephone(PhoneNumber),
}

impl Destination {
    fn as_str(&self) -> &str {
        match self {
            Self::Mailbox(address) => address,
            Self::Telephone(number) => number.as_str(),
        }
    }

    /// Under which text messages to it are counted.
    fn target(&self, app: &App) -> Option<TokenHash> {
        match self {
            Self::Mailbox(_) => None,
            Self::Telephone(number) => Some(app.keyed_hash(["telephone", number.as_str()])),
        }
    }
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
                let Some(to) = asking.destination(tx, (&app.sealer, &allowed), &person).await? else {
                    return Ok(Sent::Nowhere);
                };
                if let Some(no) = asking.refusal(tx, &app, &to).await? {
                    return Ok(no);
                }
                asking.post(tx, &app, (&person, &to)).await?;
                Ok(Sent::Yes)
            })
        })
        .await
}

impl Asking {
    /// Where a code goes; nowhere where it would prove nothing.
    async fn destination(
        &self,
        tx: &mut Tx,
        (sealer, allowed): (&Sealer, &Allowed),
        person: &User,
    ) -> storage::Result<Option<Destination>> {
        let factors = tx.factors().of_user(&person.id).await?;
        let may = match self.purpose {
            Purpose::SignIn => allowed.proving(&factors).contains(&self.kind),
            Purpose::SetUp => allowed.holds(self.kind) && may_set_up(tx, person, (&self.session, self.kind)).await?,
        };
        if !may {
            return Ok(None);
        }
        if self.kind != Kind::Sms {
            let proved = person.email.as_ref().filter(|_| person.email_verified_at.is_some());
            return Ok(proved.map(|email| Destination::Mailbox(email.to_string())));
        }
        let number = match self.purpose {
            Purpose::SetUp => self.number.clone(),
            Purpose::SignIn => match factors.iter().find(|one| one.kind == Kind::Sms) {
                Some(factor) => number_of(tx, sealer, &factor.id).await?,
                None => None,
            },
        };
        Ok(number.map(Destination::Telephone))
    }

    /// Why no code is sent now.
    async fn refusal(&self, tx: &mut Tx, app: &App, to: &Destination) -> storage::Result<Option<Sent>> {
        let (user, now) = (&self.session.user, self.context.now);
        let within = (sent_code::WITHIN, sent_code::MOST);
        let mut wait = sent_code::wait(&tx.sent_codes().sent(user, within, now).await?, now);
        if let (Destination::Telephone(number), Some(target)) = (to, to.target(app)) {
            let prefixes = &app.config.sms.prefixes;
            if !prefixes.is_empty() && !prefixes.iter().any(|prefix| number.as_str().starts_with(prefix)) {
                return Ok(Some(Sent::Unreachable));
            }
            // One after the other, on whatever node: what was sent is counted.
            tx.throttles().hold(TokenHash::of("text messages")).await?;
            if self.purpose == Purpose::SetUp {
                // Whoever's number it is signs in, however often others name it.
                wait = wait.max(sent_code::wait(&tx.sent_codes().named(target, within, now).await?, now));
            }
        }
        if !wait.is_zero() {
            return Ok(Some(Sent::Wait(wait)));
        }
        if self.kind != Kind::Sms {
            return Ok(None);
        }
        let most = app.config.sms.hourly;
        let since = (now.minus(sent_code::WITHIN), now);
        let is_set_up = self.purpose == Purpose::SetUp;
        // Half of them are kept for signing in.
        let is_room = !is_set_up
            || tx.sent_codes().count((Kind::Sms, Some(Purpose::SetUp)), since, most).await? < most.div_ceil(2);
        if is_room && tx.sent_codes().count((Kind::Sms, None), since, most).await? < most {
            return Ok(None);
        }
        if tx.throttles().is_first(TokenHash::of("text messages told"), sent_code::WITHIN, now).await? {
            tx.record(&self.context, None, &Event::TextMessagesExhaustion { user: user.clone(), most });
        }
        Ok(Some(Sent::Exhausted))
    }

    async fn post(&self, tx: &mut Tx, app: &App, (person, to): (&User, &Destination)) -> storage::Result<()> {
        let Self { context, session, kind, purpose, .. } = self;
        let code = SentCode::fresh(&context.random);
        let id = SentCodeId::fresh(context.now, &context.random);
        let mut kept = code.hash((&person.id, &session.id)).to_vec();
        kept.extend_from_slice(to.as_str().as_bytes());
        let sealed = app.sealer.seal(SealedColumn::SENT_CODE, id.as_str(), &kept);
        let place = Place { user: &person.id, session: &session.id, kind: *kind, purpose: *purpose };
        tx.sent_codes().add((&Waiting { id, sealed }, to.target(app)), place, context.now).await?;
        tx.record(context, None, &Event::CodeSending { user: person.id.clone(), kind: kind.as_str() });
        let job = self.message(app, (person, to), &code);
        tx.jobs().enqueue(context, &app.sealer, &job).await?;
        Ok(())
    }

    fn message(&self, app: &App, (person, to): (&User, &Destination), code: &SentCode) -> Job {
        let until = self.context.now.plus(LIFE);
        match to {
            Destination::Mailbox(address) => {
                let letterhead = Letterhead::new(self.language, &self.site).addressed_to(person.name.as_str());
                let from = (self.session.user_agent.as_str(), whence(app, &self.context), self.context.now);
                let href = self.site.address_of("/account/password");
                let from = (from.0, from.1.as_str(), from.2);
                mail_until(address, letterhead.code(code.shown().expose_secret(), from, &href), until)
            }
            Destination::Telephone(number) => {
                let host = self.site.issuer().host_str().unwrap_or_default();
                let shown = code.shown();
                let words = (self.language.strings().authentication.sent.phone.message)(shown.expose_secret(), host);
                // So a browser on the same telephone fills the code in on this site and on no other.
                let text = format!("{words}\n\n@{host} #{}", code.digits());
                Job::SendTextMessage { to: number.as_str().to_owned(), text, until }
            }
        }
    }
}

/// The number that codes of a factor are sent to, where it can be read.
pub(super) async fn number_of(
    tx: &mut Tx,
    sealer: &Sealer,
    factor: &crate::id::FactorId,
) -> storage::Result<Option<PhoneNumber>> {
    let Some(kept) = tx.factors().sent_to(factor).await? else { return Ok(None) };
    let opened = sealer.open(SealedColumn::FACTOR, factor.as_str(), &kept).ok();
    let number = opened.and_then(|number| std::str::from_utf8(number.expose_secret()).ok()?.parse().ok());
    if number.is_none() {
        tracing::error!(factor.id = %factor, "The number of a telephone cannot be read.");
    }
    Ok(number)
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
    let Some((hash, to)) = opened(sealer, &code) else { return Ok(None) };
    let is_right = hash.matches(sent_code::hash(digits, (place.user, place.session)));
    if !is_right || !tx.sent_codes().take(&code.id, now).await? {
        return Ok(None);
    }
    Ok(Some(to))
}

/// The hash of a code and where it went.
fn opened(sealer: &Sealer, code: &Waiting) -> Option<(TokenHash, String)> {
    let kept = sealer.open(SealedColumn::SENT_CODE, code.id.as_str(), &code.sealed).ok();
    let found = kept.and_then(|kept| {
        let (hash, to) = kept.expose_secret().split_at_checked(32)?;
        Some((TokenHash::from_stored(hash)?, String::from_utf8_lossy(to).into_owned()))
    });
    if found.is_none() {
        tracing::error!(code.id = %code.id, "A code that was sent cannot be read.");
    }
    found
}

/// Where the code went that waits there to be typed.
///
/// # Errors
/// When the database fails.
pub async fn waiting(
    tx: &mut Tx,
    sealer: &Sealer,
    place: Place<'_>,
    now: Timestamp,
) -> storage::Result<Option<String>> {
    let code = tx.sent_codes().waiting(place, (now.minus(LIFE), now)).await?;
    Ok(code.and_then(|code| opened(sealer, &code)).map(|(_, to)| to))
}
