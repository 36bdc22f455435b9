//! Coming in: whoever has proved themselves, or is vouched for, gets a session, or stands at the second factor.

use std::time::Duration;

use super::{
    assurance::{self, Assurance},
    known_device::Known,
    remembered::{self, is_remembered},
    room::Room,
    second_factor::{Completing, complete},
};
use crate::{
    app::App,
    audit::{Actor, Context},
    clock::Timestamp,
    directory::user::User,
    id::{UpstreamId, UserId},
    policy::Policies,
    secret::{SecretString, TokenHash},
    session::{Authenticated, EndReason, Extent, Liveness, Proof, Session, Via},
    storage::{self, Tx},
    web::{Site, device::Device},
};

/// The browser that somebody comes in with.
#[derive(Clone)]
pub struct Arriving {
    /// When, in which request and from which address.
    pub context: Context,
    /// What the browser says it is.
    pub user_agent: String,
    /// The session that it has now.
    pub present: Option<TokenHash>,
    /// The client that sent the person.
    pub client: Option<String>,
    /// The browser's cookie.
    pub browser: Option<TokenHash>,
    /// The site whose letters tell of new devices.
    pub site: Site,
}

/// What was proved of somebody.
pub struct Entrant {
    /// Who it is.
    pub user: User,
    /// Who vouches for them, where it is not they who proved themselves here.
    pub via: Option<Via>,
    /// How sure that is.
    pub said: Assurance,
}

/// What the rules leave of a coming session of somebody, and its secret.
pub(super) struct Place {
    room: Room,
    span: Option<Duration>,
    token: TokenHash,
}

impl Place {
    /// That of `user`, and the token for the cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(policies: &Policies, user: &UserId) -> storage::Result<(Self, SecretString)> {
        let (room, span) = (Room::of(policies, user).await?, remembered::span(policies, user).await?);
        let (secret, token) = policies.app.random.token();
        Ok((Self { room, span, token }, secret))
    }
}

/// What became of somebody whom an upstream vouches for.
pub enum Outcome {
    /// A session began, or the present one was confirmed; the cookie holds the token.
    Begun(SecretString),
    /// The person is signed in as often as they may be.
    Full,
    /// The person may not sign in, or is a member there no more.
    Refused,
}

/// Lets somebody in whom an upstream vouches for, as a member of its organization.
///
/// # Errors
/// When the database fails.
pub async fn vouched(policies: &Policies, arriving: Arriving, entrant: Entrant) -> storage::Result<Outcome> {
    let (place, token) = Place::of(policies, &entrant.user.id).await?;
    let own = policies.app.clone();
    let settled = policies.app.storage.write::<_, storage::Error, _>(move |tx| {
        Box::pin(async move {
            let (user, now) = (&entrant.user.id, arriving.context.now);
            tx.users().keep_still(user).await?;
            let is_active = tx.users().by_id(user).await?.is_some_and(|user| user.is_active(now));
            let is_member = match &entrant.via {
                Some(via) => {
                    let upstream = tx.upstreams().by_id(&via.upstream).await?;
                    upstream.is_some_and(|upstream| upstream.paused_at.is_none())
                        && tx.memberships().active(user, &via.organization, now).await?.is_some()
                }
                None => false,
            };
            if !is_active || !is_member {
                return Ok(Settled::Outdated);
            }
            let context = arriving.context.by(Actor::User(user.clone()));
            enter(tx, &own, (&context, arriving), (entrant, place)).await
        })
    });
    Ok(match settled.await? {
        Settled::Begun => Outcome::Begun(token),
        Settled::Full => Outcome::Full,
        Settled::Outdated | Settled::Wait(_) => Outcome::Refused,
    })
}

/// Lets somebody in, whose account was looked at in the same unit of work; the actor is the person.
///
/// # Errors
/// When the database fails.
pub(super) async fn enter(
    tx: &mut Tx,
    app: &App,
    (context, arriving): (&Context, Arriving),
    (entrant, place): (Entrant, Place),
) -> storage::Result<Settled> {
    let Entrant { user, via, said } = entrant;
    let present = match arriving.present {
        Some(present) => tx.sessions().by_token(present).await?.filter(|session| session.ended_at.is_none()),
        None => None,
    };
    let browser = arriving.browser.filter(|_| present.as_ref().is_none_or(|one| one.user != user.id));
    let proof = proof_of(tx, (&user, said), (browser, place.span), context.now).await?;
    let proof = Proof { client: arriving.client, ..proof };
    // A browser is known for whom somebody proved to be: not for what one organization says of a person of several.
    let is_proved = via.is_none() || is_of_one(tx, &user.id).await?;
    let known = Known::of(app, &arriving.site, &user, arriving.browser).filter(|_| is_proved);
    let who = Authenticated { user: user.id, proof, user_agent: arriving.user_agent, browser: arriving.browser, via };
    settle(tx, context, present, Begin { token: place.token, who, room: place.room, known }).await
}

/// Whether one organization alone knows a person, and ever knew them.
///
/// # Errors
/// When the database fails.
pub(super) async fn is_of_one(tx: &mut Tx, user: &UserId) -> storage::Result<bool> {
    Ok(tx.memberships().organizations_ever(user).await?.len() <= 1)
}

/// Whoever has a second factor is not signed in before that is proved too, but in a browser where it was; and there it is asked
/// for where they prove themselves again.
async fn proof_of(
    tx: &mut Tx,
    (user, said): (&User, Assurance),
    remembered: (Option<TokenHash>, Option<Duration>),
    now: Timestamp,
) -> storage::Result<Proof> {
    let is_enough = assurance::meets(said.acr, assurance::MULTI_FACTOR);
    let proof: Proof = said.into();
    if is_enough || !tx.factors().has_any(&user.id).await? {
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

/// The same person proves themselves once more in the same way, or all that is asked for at last, or somebody else takes the
/// browser over.
pub(super) async fn settle(
    tx: &mut Tx,
    context: &Context,
    present: Option<Session>,
    begin: Begin,
) -> storage::Result<Settled> {
    match present {
        Some(session)
            if session.user == begin.who.user
                && upstream_of(session.via.as_ref()) == upstream_of(begin.who.via.as_ref())
                && Device::of(&session.user_agent) == Device::of(&begin.who.user_agent)
                && session.liveness(context.now, begin.room.lifetime) == Liveness::Live =>
        {
            let Begin { token, who, room, known } = begin;
            if session.via != who.via {
                tx.sessions().rename_upstream(&session.id, who.via.as_ref()).await?;
            }
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

fn upstream_of(via: Option<&Via>) -> Option<&UpstreamId> {
    via.map(|via| &via.upstream)
}
